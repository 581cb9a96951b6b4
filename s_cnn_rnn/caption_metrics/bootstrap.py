"""Bootstrap intervals of caption scores: photographs are drawn again, with replacement."""

import functools
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from s_cnn_rnn.caption_metrics.corpus_figures import METRICS, figures_from_sums
from s_cnn_rnn.caption_metrics.scoring import CaptionScores

_RESAMPLES_AT_ONCE = 100


class Interval(NamedTuple):
    """A percentile interval, in the metric's own fractions."""

    low: float
    high: float


def mean_values(scores: CaptionScores | Sequence[CaptionScores]) -> dict[str, float | None]:
    """Metric -> its official value, meaned over training seeds; None where one seed lacks it."""
    several = _as_list(scores)
    values = {metric: [one.values.get(metric) for one in several] for metric in METRICS}
    return {m: None if None in v else float(np.mean(v)) for m, v in values.items()}


def bootstrap(
    scores: CaptionScores | Sequence[CaptionScores],
    resamples: int = 1000,
    seed: int = 0,
    confidence: float = 0.95,
) -> dict[str, Interval]:
    """Percentile intervals over photographs (Efron & Tibshirani 1993, chapter 13).

    Each resample draws N of the N photographs with replacement and computes the corpus figure from
    them: BLEU and METEOR from summed counts, ROUGE-L and CIDEr as means.

    Args:
        scores: one training's scores, or one of each training seed, all of the same photographs:
            then the figure is the mean over seeds, each resample the same photographs for all.
            The interval tells what other photographs could give, not what other seeds could.
        resamples: how often to draw.
        seed: decides what is drawn; the same seed draws the same photographs for every system.
        confidence: share of the resamples inside the interval, between 0 and 1.

    Returns:
        Metric -> interval; metrics that are missing from any of the scores are left out.

    Raises:
        ValueError: the scores are not of the same photographs.
    """
    figures = _mean_over_seeds(_resampled_figures(_as_list(scores), resamples, seed))
    return {metric: interval(drawn, confidence) for metric, drawn in figures.items()}


def bootstrap_difference(
    first: CaptionScores | Sequence[CaptionScores],
    second: CaptionScores | Sequence[CaptionScores],
    resamples: int = 1000,
    seed: int = 0,
    confidence: float = 0.95,
) -> dict[str, Interval]:
    """Intervals of `first` minus `second`, paired: both on the same photographs in each resample.

    Args:
        first: scores of a system, as in `bootstrap`.
        second: scores of the other; it may have another number of training seeds.
        resamples: as in `bootstrap`.
        seed: as in `bootstrap`.
        confidence: as in `bootstrap`.

    Returns:
        Metric -> interval of the difference; an interval without 0 in it is a difference.

    Raises:
        ValueError: the scores are not of the same photographs.
    """
    first, second = _as_list(first), _as_list(second)
    figures = _resampled_figures([*first, *second], resamples, seed)
    left = _mean_over_seeds(figures[: len(first)])
    right = _mean_over_seeds(figures[len(first) :])
    return {m: interval(left[m] - right[m], confidence) for m in left}


def _as_list(scores: CaptionScores | Sequence[CaptionScores]) -> list[CaptionScores]:
    several = [scores] if isinstance(scores, CaptionScores) else list(scores)
    if not several:
        raise ValueError("no scores given; expected those of at least one training")
    return several


def _check_same_photographs(scores: Sequence[CaptionScores]) -> None:
    for number, one in enumerate(scores):
        if one.image_ids != scores[0].image_ids:
            other = set(one.image_ids) ^ set(scores[0].image_ids)
            raise ValueError(
                f"scores 0 and {number} are not of the same photographs: {len(other)} are in one "
                f"alone (first: {sorted(other)[:5]}); score all systems on the same split"
            )
        if one.tokeniser != scores[0].tokeniser:
            raise ValueError(
                f"scores 0 and {number} come from different tokenisers ({scores[0].tokeniser}; "
                f"{one.tokeniser}); score all systems on one machine"
            )


def _resampled_figures(
    scores: Sequence[CaptionScores], resamples: int, seed: int
) -> list[dict[str, np.ndarray]]:
    """For each of the scores, all on the same draws: metric -> float64 [resamples]."""
    _check_same_photographs(scores)
    kinds = [k for k in scores[0].statistics if all(k in one.statistics for one in scores)]
    # One matrix product for all scores and metrics: [R, N] @ [N, columns of all].
    blocks = [one.statistics[kind] for one in scores for kind in kinds]
    stacked = np.concatenate(blocks, axis=1)
    photographs = len(stacked)
    sums = np.concatenate([c @ stacked for c in draw_counts(photographs, resamples, seed)])
    edges = np.cumsum([block.shape[1] for block in blocks])[:-1]
    pieces = iter(np.split(sums, edges, axis=1))
    figures: list[dict[str, np.ndarray]] = [{} for _ in scores]
    for of_one in figures:
        for kind in kinds:
            of_one |= figures_from_sums(kind, next(pieces), photographs)
    return figures


def _mean_over_seeds(figures: Sequence[dict[str, np.ndarray]]) -> dict[str, np.ndarray]:
    return {m: np.mean([f[m] for f in figures], axis=0) for m in METRICS if m in figures[0]}


def draw_counts(photographs: int, resamples: int, seed: int) -> Iterator[np.ndarray]:
    """Yields how often each photograph is drawn, float64 [up to 100, N], rows of sum N."""
    random = np.random.default_rng(seed)
    count = functools.partial(np.bincount, minlength=photographs)
    for start in range(0, resamples, _RESAMPLES_AT_ONCE):
        rows = min(_RESAMPLES_AT_ONCE, resamples - start)
        drawn = random.integers(0, photographs, (rows, photographs))
        yield np.stack([count(row) for row in drawn]).astype(np.float64)


def interval(drawn: np.ndarray, confidence: float = 0.95) -> Interval:
    """The percentile interval of a figure that was computed from each resample, float [R]."""
    outside = (1 - confidence) / 2
    low, high = np.quantile(drawn, [outside, 1 - outside])
    return Interval(float(low), float(high))
