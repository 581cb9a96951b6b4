"""Recall, precision and F1 of predicted label sets, averaged in three ways."""

import dataclasses
import functools
from collections.abc import Sequence

import numpy as np

from s_cnn_rnn.bootstrap import ImageId, PhotographScores
from s_cnn_rnn.label_metrics.arrays import as_bool, check_shapes

SCORES = ("C-R", "C-P", "C-F1", "O-R", "O-P", "O-F1", "micro-R", "micro-P", "micro-F1")


@dataclasses.dataclass(frozen=True, eq=False)
class LabelScores(PhotographScores):
    """The scores of predicted label sets, 0 to 1, by the names of the paper's tables.

    C-R, C-P: means over the classes that occur; a class that is never predicted has precision 0.
    O-R, O-P: means over the photographs that have a label (the paper's "overall"); an empty
    prediction has precision 0. micro-R, micro-P: of all pairs of photograph and label taken
    together (the "overall" of other papers); every photograph and every class counts. F1 is the
    harmonic mean of the two means, as in the paper, not a mean of F1s.

    Args:
        image_ids: the N photographs.
        predicted: bool [N, k].
        truth: bool [N, k].
    """

    image_ids: tuple[ImageId, ...]
    predicted: np.ndarray
    truth: np.ndarray

    @functools.cached_property
    def values(self) -> dict[str, float]:
        """Score (of `SCORES`) -> its value."""
        once = np.ones((1, len(self.truth)))
        return {name: float(value[0]) for name, value in self.figures(once).items()}

    def figures(self, counts: np.ndarray) -> dict[str, np.ndarray]:
        """See `PhotographScores.figures`; C- means leave out the classes that a draw lacks."""
        # [R, N] @ [N, k]; float32 holds sums of up to 16 million photographs exactly.
        narrow = counts.astype(np.float32)
        right, predicted, truth = (
            (narrow @ sets.astype(np.float32)).astype(np.float64)
            for sets in (self.predicted & self.truth, self.predicted, self.truth)
        )
        occurs = truth > 0
        by_class = (
            _mean(_share(right, truth), occurs),
            _mean(_share(right, predicted), occurs),
        )
        by_photograph = self._means_over_photographs(counts)
        micro = (
            _share(right.sum(axis=1), truth.sum(axis=1)),
            _share(right.sum(axis=1), predicted.sum(axis=1)),
        )
        found = [
            figure
            for recall, precision in (by_class, by_photograph, micro)
            for figure in (recall, precision, _harmonic_mean(recall, precision))
        ]
        return dict(zip(SCORES, found, strict=True))

    def _means_over_photographs(self, counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """O-R and O-P of each draw, float64 [R]."""
        right, predicted, truth = self._sizes
        labelled = truth > 0
        # The two figures stand side by side, then one matrix product sums them up: [R, N] @ [N, 3].
        rows = np.stack([_share(right, truth), _share(right, predicted), np.ones(len(truth))])
        recall, precision, count = (counts @ (rows * labelled).T).T
        with np.errstate(invalid="ignore"):  # a draw without a labelled photograph says nothing
            return recall / count, precision / count

    @functools.cached_property
    def _sizes(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Labels of each photograph that are right, predicted and true, float64 [N]."""
        sets = (self.predicted & self.truth, self.predicted, self.truth)
        return tuple(each.sum(axis=1).astype(np.float64) for each in sets)

    @functools.cached_property
    def photograph_f1(self) -> np.ndarray:
        """F1 of each photograph, float64 [N]; nan where it has no true label."""
        right, predicted, truth = self._sizes
        return np.where(truth > 0, _share(2 * right, predicted + truth), np.nan)

    @functools.cached_property
    def special_cases(self) -> dict[str, int]:
        """How often the rules for empty and absent cases were used.

        Returns:
            "absent labels": classes without a true photograph, left out of the C- means.
            "photographs without labels": left out of the O- means.
            "labels never predicted": classes that occur; their precision counts as 0.
            "empty predictions": of labelled photographs; their precision counts as 0.
        """
        occurs, labelled = self.truth.any(axis=0), self.truth.any(axis=1)
        return {
            "absent labels": int((~occurs).sum()),
            "photographs without labels": int((~labelled).sum()),
            "labels never predicted": int((occurs & ~self.predicted.any(axis=0)).sum()),
            "empty predictions": int((labelled & ~self.predicted.any(axis=1)).sum()),
        }


def label_scores(
    predicted: np.ndarray, truth: np.ndarray, image_ids: Sequence[ImageId] | None = None
) -> LabelScores:
    """Scores predicted label sets.

    Args:
        predicted: bool (or 0/1) [N, k].
        truth: bool (or 0/1) [N, k].
        image_ids: the photographs; 0 to N - 1 by default.

    Raises:
        ValueError: shapes differ, values other than 0 and 1, or no photograph has a true label.
    """
    predicted, truth = as_bool(predicted, "predicted"), as_bool(truth, "truth")
    check_shapes(predicted, truth)
    if not truth.any():
        raise ValueError(f"none of the {len(truth)} photographs has a true label: nothing to score")
    image_ids = range(len(truth)) if image_ids is None else image_ids
    return LabelScores(tuple(image_ids), predicted, truth)


def _share(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """Quotients of counts; 0 where there is nothing to count."""
    return part / np.maximum(whole, 1)


def _mean(values: np.ndarray, counted: np.ndarray) -> np.ndarray:
    """Means of each row's counted values; nan for a row without any."""
    with np.errstate(invalid="ignore"):
        return (values * counted).sum(axis=1) / counted.sum(axis=1)


def _harmonic_mean(recall: np.ndarray, precision: np.ndarray) -> np.ndarray:
    total = recall + precision
    return 2 * recall * precision / np.where(total == 0, 1, total)
