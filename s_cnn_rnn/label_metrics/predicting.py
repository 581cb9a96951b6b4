"""Scores or written lists -> label sets."""

from collections.abc import Sequence

import numpy as np

from s_cnn_rnn.label_metrics.arrays import as_scores


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
    scores = as_scores(scores)
    predicted = np.zeros(scores.shape, bool)
    np.put_along_axis(predicted, ranked_top(scores, count), True, axis=1)
    return predicted


def ranked_top(scores: np.ndarray, count: int = 3) -> np.ndarray:
    """The numbers of the classes that `predicted_top` takes, best first: int [N, count]."""
    scores = as_scores(scores)
    if not 1 <= count <= scores.shape[1]:
        raise ValueError(f"top {count} of {scores.shape[1]} classes; expected 1 to all of them")
    return np.argsort(-scores, axis=1, kind="stable")[:, :count]


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
    # float64 on both sides: a threshold between two neighbouring float32 scores must stay between.
    return as_scores(scores) >= np.asarray(threshold, np.float64)


def written_sets(lists: Sequence[Sequence[str]], labels: Sequence[str]) -> np.ndarray:
    """The label sets that a decoder wrote; order and repetition do not matter.

    Args:
        lists: the labels written for each of N photographs.
        labels: the k labels.

    Returns:
        bool [N, k].

    Raises:
        ValueError: a written label that is none of the k.
    """
    number = {label: n for n, label in enumerate(labels)}
    predicted = np.zeros((len(lists), len(labels)), bool)
    for row, written in enumerate(lists):
        strange = [label for label in written if label not in number]
        if strange:
            raise ValueError(
                f"photograph {row}: {strange} are none of the {len(labels)} labels: the lists are "
                "of another vocabulary"
            )
        predicted[row, [number[label] for label in written]] = True
    return predicted
