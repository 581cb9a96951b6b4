"""Maps made ready to be looked at: as numbers from 0 to 1, and the strongest place in words."""

from collections.abc import Iterable

import numpy as np

SHOWN_SHARES = 6
"""Concepts that are shown with a word."""

PALEST = 0.4
"""Of the text's strongest place: weaker words are not shown as strong ones."""


def above_average(values: np.ndarray) -> np.ndarray:
    """How much more each place says than the average place does; 0 where it says less."""
    return np.maximum(values - values.mean(), 0)


def strongest_of(maps: Iterable[np.ndarray]) -> float:
    """The most that any place of several maps says; 0 without maps."""
    return max((float(above_average(values).max()) for values in maps), default=0.0)


def shown_map(values: np.ndarray, strongest: float) -> np.ndarray:
    """A map as it is shown, 0 to 1 (at its strongest place 1, unless that is pale).

    Args:
        values: how much each place adds, float [places_y, places_x].
        strongest: the most that any place of the text says; a map that reaches less than
            `PALEST` of it stays pale.

    Returns:
        float [places_y, places_x].
    """
    says = above_average(values)
    return says / max(says.max(), PALEST * strongest, 1e-12)


def region(values: np.ndarray) -> str:
    """The strongest place in words, for those who do not see it.

    >>> region(np.array([[0.0, 0.0, 0.0], [0.0, 0.0, 0.0], [0.0, 0.0, 9.0]]))
    'at the bottom, on the right'
    """
    y, x = np.unravel_index(np.argmax(values), values.shape)
    down = ("at the top", "half way down", "at the bottom")[int(3 * y // values.shape[0])]
    across = ("on the left", "in the middle", "on the right")[int(3 * x // values.shape[1])]
    return f"{down}, {across}"
