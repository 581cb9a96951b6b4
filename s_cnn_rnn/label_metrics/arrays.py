"""Checks that every label metric makes of its arrays."""

import numpy as np


def as_bool(values: np.ndarray, name: str) -> np.ndarray:
    """Label sets as bool.

    Raises:
        ValueError: values other than 0 and 1.
    """
    values = np.asarray(values)
    if values.dtype != bool and not np.isin(values, (0, 1)).all():
        raise ValueError(f"{name}: expected only 0 and 1; turn scores into label sets first")
    return values.astype(bool)


def as_scores(scores: np.ndarray) -> np.ndarray:
    """Scores as floats.

    Raises:
        ValueError: some are not a number.
    """
    scores = np.asarray(scores)
    if not np.issubdtype(scores.dtype, np.floating):
        scores = scores.astype(np.float64)  # whole numbers without a sign cannot be negated
    if np.isnan(scores).any():
        rows = np.flatnonzero(np.isnan(scores).any(axis=1))
        raise ValueError(
            f"scores of {len(rows)} photographs are not a number; the first is row {rows[0]}"
        )
    return scores


def check_shapes(first: np.ndarray, truth: np.ndarray) -> None:
    """Refuses arrays that are not both [N, k].

    Raises:
        ValueError: they are not.
    """
    if first.ndim != 2 or first.shape != truth.shape:
        raise ValueError(f"expected two arrays [N, k] of one shape: {first.shape}, {truth.shape}")
