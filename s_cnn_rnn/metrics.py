"""Scores of concepts and labels: average precision, and the paper's C- and O- scores (section 4.2).

N photographs, k classes. What a photograph is predicted to show is a row of a bool [N, k] array,
whether a decoder wrote it (`predicted_words`), or it is the top 3 (`predicted_top`) or what lies
above a threshold (`predicted_above`).
"""

import dataclasses
from collections.abc import Sequence

import numpy as np


@dataclasses.dataclass(frozen=True)
class LabelScores:
    """Recall, precision and F1 of predicted labels, 0 to 1, averaged in three ways.

    F1 is the harmonic mean of the two means beside it, as in the paper, not a mean of F1s.

    Attributes:
        c_recall: mean over the classes that occur.
        c_precision: the same; 0 for a class that is never predicted.
        c_f1: of the two.
        o_recall: mean over the photographs that have a label (the paper's "overall").
        o_precision: the same; 0 for a photograph with an empty prediction.
        o_f1: of the two.
        micro_recall: of all pairs of photograph and label taken together (the "overall" of other
            papers); every photograph and every class counts.
        micro_precision: the same; 0 where nothing at all is predicted.
        micro_f1: of the two.
        absent_classes: classes without a true photograph, left out of the C- means.
        unlabelled_photographs: photographs without a true label, left out of the O- means.
        never_predicted: classes that occur and are never predicted: their precision counts as 0.
        empty_predictions: labelled photographs without a prediction: their precision counts as 0.
    """

    c_recall: float
    c_precision: float
    c_f1: float
    o_recall: float
    o_precision: float
    o_f1: float
    micro_recall: float
    micro_precision: float
    micro_f1: float
    absent_classes: int
    unlabelled_photographs: int
    never_predicted: int
    empty_predictions: int

    def as_printed(self) -> dict[str, float]:
        """The scores by the names of the paper's tables: C-R, C-P, C-F1, O-R, ... micro-F1."""
        return {
            f"{name}-{score}": getattr(self, f"{average}_{kind}")
            for name, average in (("C", "c"), ("O", "o"), ("micro", "micro"))
            for score, kind in (("R", "recall"), ("P", "precision"), ("F1", "f1"))
        }


def label_scores(predicted: np.ndarray, truth: np.ndarray) -> LabelScores:
    """Scores predicted label sets.

    Args:
        predicted: bool (or 0/1) [N, k].
        truth: bool (or 0/1) [N, k].

    Raises:
        ValueError: shapes differ, values other than 0 and 1, or no photograph has a true label.
    """
    predicted, truth = _as_bool(predicted, "predicted"), _as_bool(truth, "truth")
    _check_shapes(predicted, truth)
    if not truth.any():
        raise ValueError(f"none of the {len(truth)} photographs has a true label: nothing to score")
    right = predicted & truth
    occurs, labelled = truth.any(axis=0), truth.any(axis=1)
    by_class = _recall_precision_f1(right[:, occurs], predicted[:, occurs], truth[:, occurs], 0)
    by_photograph = _recall_precision_f1(right[labelled], predicted[labelled], truth[labelled], 1)
    micro = _recall_precision_f1(right, predicted, truth, None)
    return LabelScores(
        *by_class,
        *by_photograph,
        *micro,
        absent_classes=int((~occurs).sum()),
        unlabelled_photographs=int((~labelled).sum()),
        never_predicted=int((occurs & ~predicted.any(axis=0)).sum()),
        empty_predictions=int((labelled & ~predicted.any(axis=1)).sum()),
    )


def _recall_precision_f1(right, predicted, truth, axis: int | None) -> tuple[float, float, float]:
    """Counts along ``axis`` (all together: None), then means; 0 where nothing is predicted."""
    right, predicted, truth = (counted.sum(axis=axis) for counted in (right, predicted, truth))
    recall = float(np.mean(right / truth))
    precision = float(np.mean(right / np.maximum(predicted, 1)))
    total = recall + precision
    return recall, precision, 2 * recall * precision / total if total else 0.0


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
    scores, truth = _as_scores(scores), _as_bool(truth, "truth")
    _check_shapes(scores, truth)
    return np.array([_ranked_precision(*pair) for pair in zip(scores.T, truth.T, strict=True)])


def _ranked_precision(scores: np.ndarray, truth: np.ndarray) -> float:
    """Average precision of one class: scores [N], truth bool [N]."""
    if not truth.any():
        return float("nan")
    order = np.argsort(-scores, kind="stable")
    ranked = scores[order]
    ends = np.flatnonzero(np.append(ranked[1:] != ranked[:-1], True))  # last of equal scores
    right = np.cumsum(truth[order])[ends]
    gained = np.diff(right, prepend=0)
    return float(np.sum(gained * right / (ends + 1)) / right[-1])


def mean_average_precision(scores: np.ndarray, truth: np.ndarray) -> float:
    """Mean of `average_precision` over the classes that have a true photograph (mAP).

    Raises:
        ValueError: as `average_precision`; or no class has a true photograph.
    """
    precisions = average_precision(scores, truth)
    if np.isnan(precisions).all():
        raise ValueError(f"none of the {len(precisions)} classes has a true photograph")
    return float(np.nanmean(precisions))


def predicted_top(scores: np.ndarray, count: int = 3) -> np.ndarray:
    """The ``count`` classes of the largest scores (fixed-length systems: top 3).

    Args:
        scores: [N, k]; of equal scores the first class is taken.
        count: 1 to k.

    Returns:
        bool [N, k], ``count`` true values a row.

    Raises:
        ValueError: scores that are not a number, or a count out of its range.
    """
    scores = _as_scores(scores)
    if not 1 <= count <= scores.shape[1]:
        raise ValueError(f"top {count} of {scores.shape[1]} classes; expected 1 to all of them")
    order = np.argsort(-scores, axis=1, kind="stable")[:, :count]
    predicted = np.zeros(scores.shape, bool)
    np.put_along_axis(predicted, order, True, axis=1)
    return predicted


def predicted_above(scores: np.ndarray, threshold: float | np.ndarray) -> np.ndarray:
    """The classes that score at least a threshold.

    Args:
        scores: [N, k].
        threshold: one number, or one for each class [k].

    Returns:
        bool [N, k].

    Raises:
        ValueError: scores that are not a number.
    """
    return _as_scores(scores) >= threshold


def predicted_words(words: np.ndarray, *, first_word: int, classes: int) -> np.ndarray:
    """The label set that a decoder wrote; order and repetition do not matter.

    Args:
        words: int [N, T], word ids; those below ``first_word`` (START, END, padding) are no labels.
        first_word: id of the first label (`Vocabulary.first_word`).
        classes: k.

    Returns:
        bool [N, k].

    Raises:
        ValueError: an id beyond the last label.
    """
    words = np.asarray(words)
    if words.size and words.max() >= first_word + classes:
        raise ValueError(
            f"word id {words.max()} with {classes} labels from id {first_word} on: the words are "
            "of another vocabulary"
        )
    photograph, place = np.nonzero(words >= first_word)
    predicted = np.zeros((len(words), classes), bool)
    predicted[photograph, words[photograph, place] - first_word] = True
    return predicted


THRESHOLDS = tuple(np.arange(5, 100, 5) / 100)


def choose_threshold(
    scores: np.ndarray,
    truth: np.ndarray,
    *,
    score: str = "o_f1",
    thresholds: Sequence[float] = THRESHOLDS,
) -> float:
    """The threshold with the best score; to be chosen on the training part alone.

    Args:
        scores: [N, k], probabilities where the default thresholds are used.
        truth: bool (or 0/1) [N, k].
        score: a score of `LabelScores`; of equally good thresholds the lowest is chosen.
        thresholds: what is tried.
    """
    found = [
        getattr(label_scores(predicted_above(scores, threshold), truth), score)
        for threshold in thresholds
    ]
    return float(thresholds[int(np.argmax(found))])


def _as_bool(values: np.ndarray, name: str) -> np.ndarray:
    values = np.asarray(values)
    if values.dtype != bool and not np.isin(values, (0, 1)).all():
        raise ValueError(f"{name}: expected only 0 and 1; turn scores into label sets first")
    return values.astype(bool)


def _check_shapes(first: np.ndarray, truth: np.ndarray) -> None:
    if first.ndim != 2 or first.shape != truth.shape:
        raise ValueError(f"expected two arrays [N, k] of one shape: {first.shape}, {truth.shape}")


def _as_scores(scores: np.ndarray) -> np.ndarray:
    scores = np.asarray(scores)
    if not np.issubdtype(scores.dtype, np.floating):
        scores = scores.astype(np.float64)  # whole numbers without a sign cannot be negated
    if np.isnan(scores).any():
        rows = np.flatnonzero(np.isnan(scores).any(axis=1))
        raise ValueError(
            f"scores of {len(rows)} photographs are not a number; the first is row {rows[0]}"
        )
    return scores
