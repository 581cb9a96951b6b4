"""Candidates of the beam put in another order once they are written (Fang et al. 2015, section 5).

The original re-ranks 500 candidates by a linear mixture of many features, with weights chosen by
minimum error rate training. Here there are fewer candidates and three features: log probability,
length, and how well the detected words are covered; the weights are those of a grid with the best
CIDEr on `PHOTOGRAPHS` of the train split. Its deep similarity of caption and photograph (DMSM), a
network trained for re-ranking alone, is left out.
"""

import dataclasses
import itertools
import json
import pathlib
from collections.abc import Sequence

import numpy as np

from s_cnn_rnn.caption_metrics import quick_cider
from s_cnn_rnn.data.encoded_split import encode_split
from s_cnn_rnn.data.prepared import PreparedData
from s_cnn_rnn.decoding.hypotheses import Hypothesis, hypotheses
from s_cnn_rnn.decoding.writing import Writer, look, predict_concepts, write
from s_cnn_rnn.model.annotation_model import AnnotationModel
from s_cnn_rnn.model.ensemble import Ensemble
from s_cnn_rnn.progress import Progress
from s_cnn_rnn.runs.run_folder import RunFolder
from s_cnn_rnn.runs.run_inputs import frozen_inputs
from s_cnn_rnn.settings import DecodingSettings
from s_cnn_rnn.vocabulary import Vocabulary

PHOTOGRAPHS = 500  # of the train split, from which weights are chosen
LENGTHS = tuple(np.linspace(-1, 3, 17))
COVERAGES = (0.0, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0)


@dataclasses.dataclass(frozen=True)
class Reranker:
    """A candidate's score: log p + length * words + coverage * part of the concepts covered.

    Args:
        length: weight of a word, in nats.
        coverage: weight of `coverage`, in nats.
        as_found: the beam's own order, whatever the weights.
    """

    length: float = 0.0
    coverage: float = 0.0
    as_found: bool = False

    def ranked(
        self, candidates: Sequence[Hypothesis], s_hat: np.ndarray, concepts: dict[str, int]
    ) -> tuple[Hypothesis, ...]:
        """The candidates of one photograph, best first; those of one score as they were.

        Args:
            candidates: from the beam.
            s_hat: of the photograph, float [k].
            concepts: number of each concept.
        """
        if self.as_found:
            return tuple(candidates)
        scores = features(candidates, s_hat, concepts) @ self.weights
        return tuple(candidates[n] for n in np.argsort(-scores, kind="stable"))

    @property
    def weights(self) -> np.ndarray:
        """Of the `features`, float [3]."""
        return np.array([1.0, self.length, self.coverage])


def features(
    candidates: Sequence[Hypothesis], s_hat: np.ndarray, concepts: dict[str, int]
) -> np.ndarray:
    """Log probability, length and coverage of each candidate, float [R, 3].

    Coverage is the part, 0 to 1, of all that s_hat expects (its sum) that the caption names.
    """
    rows = []
    for candidate in candidates:
        named = sorted({concepts[word] for word in candidate.words if word in concepts})
        covered = s_hat[named].sum() / max(s_hat.sum(), 1e-12)
        rows.append([candidate.log_probability, len(candidate.words), covered])
    return np.array(rows, np.float64)


def reranked(
    reranker: Reranker,
    candidates: Sequence[Sequence[Hypothesis]],
    s_hat: np.ndarray,
    vocabulary: Vocabulary,
) -> list[tuple[Hypothesis, ...]]:
    """The candidates of N photographs, best first; s_hat is float [N, k]."""
    numbers = _concept_numbers(vocabulary)
    pairs = zip(candidates, s_hat, strict=True)
    return [reranker.ranked(each, row, numbers) for each, row in pairs]


def _concept_numbers(vocabulary: Vocabulary) -> dict[str, int]:
    return {word: number for number, word in enumerate(vocabulary.concepts)}


def choose(
    candidates: Sequence[np.ndarray], scores: Sequence[np.ndarray]
) -> tuple[Reranker, float, float]:
    """The weights with the highest mean score; of equals the smallest, and first the beam's order.

    CIDEr of a set of captions is the mean over photographs, each caption's by itself, so the score
    of every candidate is known before any is chosen.

    Args:
        candidates: `features` of each photograph's candidates, [R, 3], in the beam's order.
        scores: of each candidate, [R].

    Returns:
        The weights, the mean score in the beam's order, and the mean score in theirs.
    """
    tried = sorted(itertools.product(LENGTHS, COVERAGES), key=lambda w: (w[1], abs(w[0])))
    before = float(np.mean([each[0] for each in scores]))
    best, highest = Reranker(as_found=True), before
    for length, coverage in tried:
        weights = Reranker(float(length), float(coverage)).weights
        chosen = [np.argmax(rows @ weights) for rows in candidates]
        mean = float(np.mean([each[n] for each, n in zip(scores, chosen, strict=True)]))
        if mean > highest:
            best, highest = Reranker(float(length), float(coverage)), mean
    return best, before, highest


def with_candidates(decoding: DecodingSettings, candidates: int) -> DecodingSettings:
    """How so many candidates are sought: with a wider beam, where the system re-ranks."""
    return dataclasses.replace(decoding, width=max(decoding.width, candidates))


def searched(model: AnnotationModel | Ensemble, decoding: DecodingSettings) -> DecodingSettings:
    """How a model's candidates are sought."""
    return with_candidates(decoding, model.candidates)


def reranker_of(
    folder: RunFolder, model: AnnotationModel | Ensemble, *, progress: Progress
) -> Reranker | None:
    """The re-ranking of a finished run, kept in its folder; chosen first where it is missing.

    Args:
        folder: of the run.
        model: of the run, trained.
        progress: told of photographs encoded and annotated.

    Returns:
        None where the system does not re-rank, and for ensembles.

    Raises:
        FileNotFoundError: the weights are missing, and so is the data set to choose them from.
    """
    if not model.candidates:
        return None
    decoding = searched(model, folder.settings().decoding)
    made_from = {
        "weights": folder.weights_digest(),
        "decoding": dataclasses.asdict(decoding),
        "photographs": PHOTOGRAPHS,
    }
    saved = _saved(folder.reranking)
    if saved and saved["made_from"] == made_from:
        return Reranker(**saved["weights"])
    chosen, before, after = _choose_for(folder, model, decoding, progress)
    content = {
        "made_from": made_from,
        "weights": dataclasses.asdict(chosen),
        "CIDEr": {"as the beam has them": before, "re-ranked": after},
    }
    folder.reranking.write_text(json.dumps(content, indent=2) + "\n", "utf-8")
    return chosen


def _saved(path: pathlib.Path) -> dict | None:
    return json.loads(path.read_text("utf-8")) if path.exists() else None


def _choose_for(folder, model, decoding, progress) -> tuple[Reranker, float, float]:
    """Writes captions of photographs of the train split and chooses by their CIDEr."""
    settings, vocabulary = folder.settings(), model.vocabulary
    prepared = PreparedData(settings.data)
    train = encode_split(prepared, "train", vocabulary, longest=settings.model.longest)
    # Of the whole split: its features are in the cache from training.
    inputs = frozen_inputs(folder, model.encoder, train, train, progress=progress)
    inputs = inputs.first(PHOTOGRAPHS)
    s_hat = predict_concepts(model, inputs)
    writer = Writer(model, decoding, settings.model.longest, returned=decoding.width, settled=True)
    written = write(
        writer,
        look(model, inputs, s_hat),
        progress=lambda done, total: progress("candidates of train", done, total, {}),
    )
    found = hypotheses(written, vocabulary)
    numbers = _concept_numbers(vocabulary)
    candidates = [features(each, row, numbers) for each, row in zip(found, s_hat, strict=True)]
    captions = [[candidate.annotation for candidate in each] for each in found]
    return choose(candidates, quick_cider(captions, train.references[: len(found)]))
