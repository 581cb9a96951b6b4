"""Thresholds on scores, chosen where a score is best; to be chosen on the training part alone.

All thresholds that make a difference are tried, whatever the range of the scores, by going down the
sorted scores once.
"""

import numpy as np

from s_cnn_rnn.label_metrics.arrays import as_bool, as_scores, check_shapes


def best_threshold(scores: np.ndarray, truth: np.ndarray) -> float:
    """The one threshold for all classes with the best O-F1.

    Args:
        scores: [N, k], any range.
        truth: bool (or 0/1) [N, k]; photographs without a true label do not count.

    Returns:
        The threshold, halfway between the lowest score that is predicted and the next one below; of
        equally good ones the highest.

    Raises:
        ValueError: shapes differ, scores that are not a number, truth other than 0 and 1, or no
            photograph has a true label.
    """
    scores, truth = _checked(scores, truth)
    labelled = truth.any(axis=1)
    if not labelled.any():
        raise ValueError("no photograph has a true label; a threshold cannot be chosen")
    scores, truth = scores[labelled], truth[labelled]
    order = np.argsort(-scores, axis=1, kind="stable")
    ranked = np.take_along_axis(scores, order, axis=1)
    right = np.take_along_axis(truth, order, axis=1)
    # What each photograph gains when its label of the next rank is predicted too: [N, k].
    recall = right / truth.sum(axis=1, keepdims=True)
    precision = right.cumsum(axis=1) / np.arange(1, right.shape[1] + 1)
    gain = np.diff(precision, axis=1, prepend=0)
    down = np.argsort(-ranked, axis=None, kind="stable")
    found_recall = recall.ravel()[down].cumsum()
    found_precision = gain.ravel()[down].cumsum()
    # Both sums are N times a mean; their harmonic mean has its greatest value where O-F1 has.
    f1 = found_recall * found_precision / (found_recall + found_precision + 1e-12)
    return _best(ranked.ravel()[down][:, np.newaxis], f1[:, np.newaxis])[0]


def best_label_thresholds(scores: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """For each class the threshold with that class's best F1.

    Args:
        scores: [N, k], any range.
        truth: bool (or 0/1) [N, k].

    Returns:
        float64 [k], each as in `best_threshold`; infinity (never predicted) for a class without a
        true photograph.

    Raises:
        ValueError: shapes differ, scores that are not a number, or truth other than 0 and 1.
    """
    scores, truth = _checked(scores, truth)
    order = np.argsort(-scores, axis=0, kind="stable")
    ranked = np.take_along_axis(scores, order, axis=0)
    right = np.take_along_axis(truth, order, axis=0).cumsum(axis=0)
    predicted = np.arange(1, len(scores) + 1)[:, np.newaxis]
    f1 = 2 * right / (predicted + truth.sum(axis=0))
    return np.where(truth.any(axis=0), _best(ranked, f1), np.inf)


def _checked(scores: np.ndarray, truth: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    scores, truth = as_scores(scores).astype(np.float64), as_bool(truth, "truth")
    check_shapes(scores, truth)
    return scores, truth


def _best(ranked: np.ndarray, figure: np.ndarray) -> np.ndarray:
    """Thresholds at the greatest figure of each column.

    Args:
        ranked: scores, descending, [M, c].
        figure: what is reached when all scores down to this one are predicted, [M, c].

    Returns:
        float64 [c].
    """
    below = np.vstack([ranked[1:], np.full((1, ranked.shape[1]), -np.inf)])
    reached = np.where(ranked > below, figure, -np.inf)  # equal scores are predicted together
    columns = np.arange(ranked.shape[1])
    row = reached.argmax(axis=0)
    lowest, next_one = ranked[row, columns], below[row, columns]
    return np.where(np.isfinite(next_one), (lowest + next_one) / 2, lowest)
