"""Bootstrap intervals of scores: photographs are drawn again, with replacement.

What can be scored so is a `PhotographScores`: it computes its figures from how often each
photograph was drawn. Captions' and labels' scores, and simple ratios (`Ratios`), are such.
"""

import abc
import dataclasses
import functools
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np

_RESAMPLES_AT_ONCE = 100

ImageId = int | str


class Interval(NamedTuple):
    """A bootstrap interval, in the metric's own fractions."""

    low: float
    high: float


class PhotographScores(abc.ABC):
    """Scores on N photographs that can be computed again from any draw of them.

    Attributes:
        image_ids: the photographs, in the order of the counts that `figures` is given.
        values: metric -> its value on all photographs; None where it has none.
    """

    image_ids: tuple[ImageId, ...]
    values: Mapping[str, float | None]

    @property
    def conditions(self) -> str:
        """What scores must share to be compared, such as the tokeniser; "" for nothing."""
        return ""

    @abc.abstractmethod
    def figures(self, counts: np.ndarray) -> dict[str, np.ndarray]:
        """Metric -> its figure for each draw; nan for a draw that says nothing about it.

        Args:
            counts: how often each photograph was drawn, float64 [R, N].

        Returns:
            float64 [R] for each metric that has a value.
        """

    def drawn(self, resamples: int, seed: int) -> dict[str, np.ndarray]:
        """Metric -> its figure for each resample, float64 [resamples]; computed once, then kept."""
        if (resamples, seed) not in self._drawn:
            draws = draw_counts(len(self.image_ids), resamples, seed)
            parts = [self.figures(counts) for counts in draws]
            whole = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
            self._drawn[resamples, seed] = whole
        return self._drawn[resamples, seed]

    @functools.cached_property
    def _drawn(self) -> dict[tuple[int, int], dict[str, np.ndarray]]:
        return {}


@dataclasses.dataclass(frozen=True, eq=False)
class Ratios(PhotographScores):
    """Figures that are a sum over photographs divided by another: means, shares.

    Args:
        image_ids: the N photographs.
        parts: figure -> numerators and denominators, two float64 [N] each. A photograph that does
            not count for a figure has 0 in both.
    """

    image_ids: tuple[ImageId, ...]
    parts: Mapping[str, tuple[np.ndarray, np.ndarray]]

    @classmethod
    def of_means(cls, image_ids: tuple[ImageId, ...], rows: Mapping[str, np.ndarray]) -> "Ratios":
        """Means of each photograph's figures, float64 [N]; nan where it does not count."""
        parts = {n: (np.nan_to_num(row, nan=0.0), np.isfinite(row)) for n, row in rows.items()}
        return cls(image_ids, parts)

    @functools.cached_property
    def values(self) -> dict[str, float | None]:
        """Figure -> its value; None where no photograph counts."""
        return {
            name: float(above.sum() / below.sum()) if below.any() else None
            for name, (above, below) in self.parts.items()
        }

    def figures(self, counts: np.ndarray) -> dict[str, np.ndarray]:
        """See `PhotographScores.figures`."""
        drawn = {}
        for name, (above, below) in self.parts.items():
            if self.values[name] is not None:
                total = counts @ below
                drawn[name] = np.divide(
                    counts @ above, total, out=np.full(len(counts), np.nan), where=total > 0
                )
        return drawn


def mean_values(
    scores: PhotographScores | Sequence[PhotographScores],
) -> dict[str, float | None]:
    """Metric -> its value, meaned over training seeds; None where one seed lacks it."""
    several = _as_list(scores)
    values = {metric: [one.values.get(metric) for one in several] for metric in several[0].values}
    return {m: None if None in v else float(np.mean(v)) for m, v in values.items()}


def bootstrap(
    scores: PhotographScores | Sequence[PhotographScores],
    resamples: int = 1000,
    seed: int = 0,
    confidence: float = 0.95,
) -> dict[str, Interval]:
    """Intervals over photographs (Efron & Tibshirani 1993, chapters 10 and 13).

    Each resample draws N of the N photographs with replacement and computes every figure from
    them, as it is computed from all. The interval is the percentile interval, moved by the
    bootstrap's own estimate of bias: figures of rare classes come out higher where photographs are
    drawn twice, so that the plain interval may not even contain the value.

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
        ValueError: the scores are not of the same photographs, or not to be compared.
    """
    scores = _as_list(scores)
    values, figures = mean_values(scores), _mean_figures(scores, resamples, seed)
    return {
        metric: interval(values[metric], drawn, confidence) for metric, drawn in figures.items()
    }


def bootstrap_difference(
    first: PhotographScores | Sequence[PhotographScores],
    second: PhotographScores | Sequence[PhotographScores],
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
        ValueError: the scores are not of the same photographs, or not to be compared.
    """
    first, second = _as_list(first), _as_list(second)
    _check_comparable([*first, *second])
    left, left_values = _mean_figures(first, resamples, seed), mean_values(first)
    right, right_values = _mean_figures(second, resamples, seed), mean_values(second)
    return {
        m: interval(left_values[m] - right_values[m], left[m] - right[m], confidence)
        for m in left
        if m in right
    }


def _as_list(scores: PhotographScores | Sequence[PhotographScores]) -> list[PhotographScores]:
    several = [scores] if isinstance(scores, PhotographScores) else list(scores)
    if not several:
        raise ValueError("no scores given; expected those of at least one training")
    return several


def _check_comparable(scores: Sequence[PhotographScores]) -> None:
    for number, one in enumerate(scores):
        if one.image_ids != scores[0].image_ids:
            other = set(one.image_ids) ^ set(scores[0].image_ids)
            raise ValueError(
                f"scores 0 and {number} are not of the same photographs: {len(other)} are in one "
                f"alone (first: {sorted(other)[:5]}); score all systems on the same split"
            )
        if one.conditions != scores[0].conditions:
            raise ValueError(
                f"scores 0 and {number} were made in different ways ({scores[0].conditions}; "
                f"{one.conditions}); score all systems on one machine"
            )


def _mean_figures(
    scores: Sequence[PhotographScores], resamples: int, seed: int
) -> dict[str, np.ndarray]:
    """Metric -> the mean over the scores for each resample, float64 [resamples]."""
    _check_comparable(scores)
    drawn = [one.drawn(resamples, seed) for one in scores]
    shared = [metric for metric in drawn[0] if all(metric in figures for figures in drawn)]
    return {m: np.mean([figures[m] for figures in drawn], axis=0) for m in shared}


def draw_counts(photographs: int, resamples: int, seed: int) -> Iterator[np.ndarray]:
    """Yields how often each photograph is drawn, float64 [up to 100, N], rows of sum N."""
    random = np.random.default_rng(seed)
    count = functools.partial(np.bincount, minlength=photographs)
    for start in range(0, resamples, _RESAMPLES_AT_ONCE):
        rows = min(_RESAMPLES_AT_ONCE, resamples - start)
        drawn = random.integers(0, photographs, (rows, photographs))
        yield np.stack([count(row) for row in drawn]).astype(np.float64)


def interval(value: float, drawn: np.ndarray, confidence: float = 0.95) -> Interval:
    """The interval of a figure from the figures of its resamples, moved by their bias.

    Args:
        value: the figure on all photographs.
        drawn: on each resample, float [R]; those that say nothing about it (nan) are passed over.
        confidence: share of the resamples inside the interval.
    """
    drawn = drawn[~np.isnan(drawn)]
    bias = drawn.mean() - value
    outside = (1 - confidence) / 2
    low, high = np.quantile(drawn, [outside, 1 - outside]) - bias
    return Interval(float(low), float(high))
