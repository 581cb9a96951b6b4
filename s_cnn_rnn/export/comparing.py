"""An artefact against the run that it was made from: same texts, score, time, size."""

import dataclasses
import pathlib
import time
from collections.abc import Callable, Sequence

import numpy as np

from s_cnn_rnn.annotator import Annotation, Annotator
from s_cnn_rnn.caption_metrics import quick_cider
from s_cnn_rnn.data.prepared import Annotation as Truth
from s_cnn_rnn.decoding.hypotheses import SEPARATORS
from s_cnn_rnn.export.label_choice import LabelChoice
from s_cnn_rnn.export.runtime import Annotated
from s_cnn_rnn.label_metrics import label_scores, written_sets
from s_cnn_rnn.progress import Progress
from s_cnn_rnn.vocabulary import Vocabulary

SHOWN = 5  # differing texts that a report shows


@dataclasses.dataclass(frozen=True)
class Comparison:
    """What an artefact and its original wrote for the same N photographs.

    Args:
        kind: "captions" or "labels".
        original: texts.
        exported: texts.
        metric: "CIDEr" or "O-F1"; "" where nobody annotated the photographs.
        original_score: of the original's texts, against people's.
        exported_score: of the artefact's.
        original_milliseconds: a photograph, in batches of 32.
        milliseconds: a photograph, one at a time, JPEG decoding included; the median.
    """

    kind: str
    original: tuple[str, ...]
    exported: tuple[str, ...]
    metric: str
    original_score: float | None
    exported_score: float | None
    original_milliseconds: float
    milliseconds: float

    @property
    def same(self) -> int:
        """How many texts are the same: to the letter, but for the order of labels."""
        return len(self.original) - len(self._differing)

    @property
    def _differing(self) -> list[tuple[str, str]]:
        pairs = zip(self.original, self.exported, strict=True)
        return [pair for pair in pairs if self._content(pair[0]) != self._content(pair[1])]

    def _content(self, text: str) -> str | list[str]:
        return text if self.kind == "captions" else sorted(text.split(SEPARATORS[self.kind]))

    @property
    def lost(self) -> float:
        """By how much the artefact's score is lower; 0 where nothing could be scored."""
        return self.original_score - self.exported_score if self.metric else 0.0

    def as_json(self) -> dict:
        """For a report; of texts that differ the first few."""
        shown = self._differing[:SHOWN]
        return {
            "photographs": len(self.original),
            "same": self.same,
            "different": [{"original": one, "exported": other} for one, other in shown],
            "score": {
                "metric": self.metric,
                "original": self.original_score,
                "exported": self.exported_score,
            },
            "milliseconds_a_photograph": {
                "exported, one at a time": self.milliseconds,
                "original, in batches of 32": self.original_milliseconds,
            },
        }


def compare(
    annotator: Annotator,
    choice: LabelChoice | None,
    exported: Callable[[bytes], Annotated],
    jpegs: Sequence[bytes],
    truth: Sequence[Truth],
    *,
    progress: Progress,
) -> Comparison:
    """Annotates photographs with a run and with what was exported from it.

    Args:
        annotator: of the run.
        choice: which labels are taken, where no decoder writes.
        exported: annotates one JPEG file.
        jpegs: as a prepared data set keeps them.
        truth: what people wrote about them; none where nobody did.
        progress: told of photographs annotated.

    Raises:
        ValueError: there is no photograph.
    """
    if not jpegs:
        raise ValueError("no photograph to compare an export on")
    started = time.perf_counter()
    original = _originals(annotator, choice, jpegs, progress)
    seconds = time.perf_counter() - started
    found, times = _timed(exported, jpegs, progress)
    vocabulary = annotator.model.vocabulary
    separator = SEPARATORS[vocabulary.kind]
    words = [tuple(vocabulary.decode(each.word_ids)) for each in found]
    metric, scores = _scores(vocabulary, truth, (original, words))
    return Comparison(
        vocabulary.kind,
        tuple(map(separator.join, original)),
        tuple(each.text for each in found),
        metric,
        *scores,
        original_milliseconds=1000 * seconds / len(jpegs),
        milliseconds=1000 * float(np.median(times)),
    )


def _originals(annotator, choice, jpegs, progress) -> list[tuple[str, ...]]:
    """The words that the run itself writes."""
    words = []
    for annotation in annotator.annotate(jpegs):
        words.append(_words(annotation, choice, annotator.model.vocabulary))
        progress("original", len(words), len(jpegs), {})
    return words


def _words(annotation: Annotation, choice, vocabulary: Vocabulary) -> tuple[str, ...]:
    if choice is None:
        return annotation.words
    scores = {concept.word: concept.probability for concept in annotation.concepts}
    return choice.words(np.array([scores[word] for word in vocabulary.concepts]), vocabulary)


def _timed(exported, jpegs, progress) -> tuple[list[Annotated], list[float]]:
    """What the artefact writes, and the seconds of each photograph."""
    exported(jpegs[0])  # the first call prepares more than the others do
    found, times = [], []
    for jpeg in jpegs:
        started = time.perf_counter()
        found.append(exported(jpeg))
        times.append(time.perf_counter() - started)
        progress("exported", len(found), len(jpegs), {})
    return found, times


def _scores(vocabulary: Vocabulary, truth: Sequence[Truth], written) -> tuple[str, list]:
    """The metric, and the mean score of each of several writers' words."""
    human = [one.captions if vocabulary.kind == "captions" else one.labels for one in truth]
    rows = [row for row, texts in enumerate(human) if texts]
    if not rows:
        return "", [None, None]
    human = [human[row] for row in rows]
    kept = [[words[row] for row in rows] for words in written]
    if vocabulary.kind == "captions":
        captions = ([(" ".join(words),) for words in each] for each in kept)
        return "CIDEr", [float(np.mean(quick_cider(each, human))) for each in captions]
    labels = vocabulary.concepts
    known = written_sets([[w for w in texts if w in labels] for texts in human], labels)
    sets = (written_sets(each, labels) for each in kept)
    return "O-F1", [label_scores(each, known).values["O-F1"] for each in sets]


def megabytes(path: pathlib.Path) -> float:
    """Size of a file, or of all files of a folder, in millions of bytes."""
    files = [path] if path.is_file() else [each for each in path.rglob("*") if each.is_file()]
    return sum(file.stat().st_size for file in files) / 1e6
