"""Scores of the order in which photographs are ranked for each class: average precision."""

import dataclasses
import functools
from collections.abc import Iterator

import numpy as np

from s_cnn_rnn.bootstrap import ImageId, PhotographScores
from s_cnn_rnn.label_metrics.arrays import as_bool, as_scores, check_shapes


@dataclasses.dataclass(frozen=True, eq=False)
class RankingScores(PhotographScores):
    """Mean average precision (mAP) of scores.

    Args:
        image_ids: the N photographs.
        scores: [N, k], any range; larger means more likely.
        truth: bool [N, k].
    """

    image_ids: tuple[ImageId, ...]
    scores: np.ndarray
    truth: np.ndarray

    @functools.cached_property
    def values(self) -> dict[str, float]:
        """The mAP."""
        return {"mAP": mean_average_precision(self.scores, self.truth)}

    def figures(self, counts: np.ndarray) -> dict[str, np.ndarray]:
        """See `PhotographScores.figures`; classes that a draw lacks are left out of its mean."""
        # [N, R], each photograph's row in one piece; float32 halves what is copied.
        drawn = np.ascontiguousarray(counts.T, np.float32)
        total = np.zeros(drawn.shape[1])
        classes = np.zeros(drawn.shape[1])
        for ranking in self._rankings:
            precision = ranking.precision_of_draws(drawn)
            total += np.nan_to_num(precision, nan=0.0)
            classes += ~np.isnan(precision)
        with np.errstate(invalid="ignore"):
            return {"mAP": total / classes}

    @functools.cached_property
    def _rankings(self) -> list["_Ranking"]:
        return list(_rankings(self.scores, self.truth))


def average_precision(scores: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Average precision of each class: the mean, over its photographs, of the precision down to it.

    Photographs of equal score stand at one place of the ranking, so their order does not matter.

    Args:
        scores: [N, k], any range; larger means more likely.
        truth: bool (or 0/1) [N, k].

    Returns:
        float64 [k], 0 to 1; nan for a class without a true photograph.

    Raises:
        ValueError: shapes differ, scores that are not a number, or truth other than 0 and 1.
    """
    once = np.ones((len(scores), 1))
    rankings = _rankings(scores, truth)
    return np.array([float(ranking.precision_of_draws(once)[0]) for ranking in rankings])


def mean_average_precision(scores: np.ndarray, truth: np.ndarray) -> float:
    """Mean of `average_precision` over the classes that have a true photograph (mAP).

    Raises:
        ValueError: as `average_precision`; or no class has a true photograph.
    """
    precisions = average_precision(scores, truth)
    if np.isnan(precisions).all():
        raise ValueError(f"none of the {len(precisions)} classes has a true photograph")
    return float(np.nanmean(precisions))


def _rankings(scores: np.ndarray, truth: np.ndarray) -> Iterator["_Ranking"]:
    """The ranking of each class."""
    scores, truth = as_scores(scores), as_bool(truth, "truth")
    check_shapes(scores, truth)
    for of_class, true in zip(scores.T, truth.T, strict=True):
        yield _ranking(of_class, true)


@dataclasses.dataclass(frozen=True, eq=False)
class _Ranking:
    """The photographs of one class, best first, cut into pieces.

    A piece ends with photographs of equal score of which at least one is true: only there does
    precision count. What stands below the last true photograph never counts and is left out.

    Args:
        order: int [M], the photographs, best first.
        starts: int [P], where each piece begins.
        true: int [Q], the true photographs, best first.
        true_starts: int [P], where each piece's true photographs begin.
    """

    order: np.ndarray
    starts: np.ndarray
    true: np.ndarray
    true_starts: np.ndarray

    def precision_of_draws(self, drawn: np.ndarray) -> np.ndarray:
        """Average precision of each draw; nan where it has no true photograph.

        Args:
            drawn: how often each photograph was drawn, float [N, R].

        Returns:
            float64 [R].
        """
        if not len(self.true):
            return np.full(drawn.shape[1], np.nan)
        # [P, R]: photographs in each piece, then down to its end.
        seen, gained = (
            np.add.reduceat(drawn.take(photographs, axis=0), starts, axis=0).astype(np.float64)
            for photographs, starts in (
                (self.order, self.starts),
                (self.true, self.true_starts),
            )
        )
        seen, right = seen.cumsum(axis=0), gained.cumsum(axis=0)
        precision = np.ascontiguousarray((gained * right / np.maximum(seen, 1)).T)  # [R, P]
        with np.errstate(invalid="ignore"):
            return precision.sum(axis=1) / right[-1]


def _ranking(scores: np.ndarray, truth: np.ndarray) -> _Ranking:
    """The ranking of one class: scores [N], truth bool [N]."""
    order = np.argsort(-scores, kind="stable")
    ranked, true = scores[order], truth[order]
    if not true.any():
        nothing = np.zeros(0, np.int64)
        return _Ranking(nothing, nothing, nothing, nothing)
    ends = np.flatnonzero(np.append(ranked[1:] != ranked[:-1], True))  # last of equal scores
    right = np.cumsum(true)[ends]
    telling = np.diff(right, prepend=0) > 0
    ends, right = ends[telling], right[telling]
    return _Ranking(
        order=order[: ends[-1] + 1],
        starts=np.concatenate([[0], ends[:-1] + 1]),
        true=order[true],
        true_starts=np.concatenate([[0], right[:-1]]),
    )
