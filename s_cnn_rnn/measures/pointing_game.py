"""The pointing game: is the strongest place of a word's map on the thing that the word names?

(Zhang et al. 2016, section 4.) Asked of every written word that names a thing of which people drew
boxes in the photograph. Beside it two answers that need no model: the photograph's centre, where
photographers put things, and the share of the photograph that the boxes cover, which is what a
random place would score.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from s_cnn_rnn.bootstrap import Ratios
from s_cnn_rnn.explaining.explanation import Explanation

GRID = 64
"""Places by which the share that boxes cover is counted, along each side."""


class Box(NamedTuple):
    """Where a thing is; parts of the photograph's width and height, 0 to 1.

    Args:
        left: its left side.
        top: its upper side.
        right: its right side.
        bottom: its lower side.
    """

    left: float
    top: float
    right: float
    bottom: float

    def holds(self, across: float, down: float) -> bool:
        """Whether a place is in it."""
        return self.left <= across <= self.right and self.top <= down <= self.bottom


def strongest_place(values: np.ndarray) -> tuple[float, float]:
    """The middle of a map's largest value: how far across and down, 0 to 1.

    Args:
        values: float [places_y, places_x].
    """
    row, column = np.unravel_index(np.argmax(values), values.shape)
    return (column + 0.5) / values.shape[1], (row + 0.5) / values.shape[0]


def covered(boxes: Collection[Box]) -> float:
    """The share of the photograph that lies in some box, 0 to 1, by a grid of `GRID` places."""
    places = (np.arange(GRID) + 0.5) / GRID
    inside = [box.holds(across, down) for down in places for across in places for box in boxes]
    return float(np.reshape(inside, (GRID * GRID, len(boxes))).any(axis=1).mean())


def pointing_scores(
    explanations: Iterable[Explanation],
    boxes: Sequence[Mapping[str, Collection[Box]]],
    image_ids: Sequence[int],
) -> Ratios:
    """Plays the game on photographs.

    Args:
        explanations: of each photograph, in order.
        boxes: of each photograph, word -> where such things are.
        image_ids: of each.

    Returns:
        The shares of words whose box is hit by the map, by the centre, by a random place.

    Raises:
        ValueError: no word that was written has a box.
    """
    figures = ("pointing, map", "pointing, centre", "pointing, random")
    hits = {name: np.zeros(len(image_ids)) for name in figures}
    asked = np.zeros(len(image_ids))
    for row, (explanation, known) in enumerate(zip(explanations, boxes, strict=True)):
        for reasons in explanation.words:
            there = known.get(reasons.word)
            if not there:
                continue
            asked[row] += 1
            place = strongest_place(reasons.map)
            hits[figures[0]][row] += any(box.holds(*place) for box in there)
            hits[figures[1]][row] += any(box.holds(0.5, 0.5) for box in there)
            hits[figures[2]][row] += covered(there)
    if not asked.any():
        raise ValueError(
            "no word that was written names a thing with a box; take more photographs, or a run "
            "that writes about these things"
        )
    return Ratios(tuple(image_ids), {name: (hits[name], asked) for name in figures})
