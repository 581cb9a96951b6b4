"""Geometry of the picture of labels that stand together; its SVG template draws it.

One square: above the diagonal what is true, below it what was predicted. Were both the same, the
picture would be its own mirror image.
"""

import dataclasses
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from s_cnn_rnn.report.concepts import CoOccurrence

FAINTEST = 0.02  # of the strongest pair: what is fainter cannot be seen and is not drawn
LONGEST_NAME = 18
PAIRS = 8
WIDE = 700  # pixels


class Cell(NamedTuple):
    """A pair of labels: its place in cells, its strength 0 to 1, and what is said of it."""

    column: int
    row: int
    strength: float
    description: str


class Pair(NamedTuple):
    """Two labels, and the photographs that have both: in truth, and as predicted."""

    first: str
    second: str
    true: int
    predicted: int


@dataclasses.dataclass(frozen=True)
class CoOccurrenceChart:
    """The square in SVG units.

    Args:
        names: the labels shown, the most frequent first.
        cells: true pairs above the diagonal, predicted ones below.
        strongest: Jaccard similarity of the strongest pair, 0 to 1.
        description: in words.
        cell: side of a cell.
        margin: room for the names, at the left and above.
    """

    names: Sequence[str]
    cells: Sequence[Cell]
    strongest: float
    description: str
    cell: int
    margin: int = 118

    @property
    def side(self) -> int:
        """Width and height."""
        return self.margin + self.cell * len(self.names) + 2

    @property
    def is_wide(self) -> bool:
        """Whether it leaves no room for anything beside it."""
        return self.side > WIDE


def co_occurrence_chart(counted: CoOccurrence) -> CoOccurrenceChart | None:
    """Draws which labels stand together.

    Returns:
        The picture, or None where fewer than two labels are true of any photograph.
    """
    order, names = _shown(counted)
    if len(order) < 2:
        return None
    true, predicted = (
        _jaccard(counts[np.ix_(order, order)]) for counts in (counted.true, counted.predicted)
    )
    strongest = max(true.max(), predicted.max())
    cells = []
    for row, column in np.argwhere(~np.eye(len(order), dtype=bool)):
        above = column > row
        strength = (true if above else predicted)[row, column]
        if strength > FAINTEST * strongest:
            said = _describe(counted, order[row], order[column])
            share = float(strength / strongest)
            cells.append(Cell(int(column), int(row), share, said))
    return CoOccurrenceChart(
        names=[_short(name) for name in names],
        cells=cells,
        strongest=float(strongest),
        description=_describe_all(counted),
        cell=max(12, min(24, 560 // len(order))),
    )


def surprising_pairs(counted: CoOccurrence, size: int = PAIRS) -> tuple[list[Pair], list[Pair]]:
    """The pairs predicted together too often and too rarely.

    Returns:
        (too often, too rarely), each at most ``size`` long, the widest difference first.
    """
    first, second = np.triu_indices(len(counted.labels), 1)
    difference = counted.predicted[first, second] - counted.true[first, second]
    ranked = np.argsort(-difference, kind="stable")
    often = [n for n in ranked[:size] if difference[n] > 0]
    rarely = [n for n in ranked[::-1][:size] if difference[n] < 0]
    pairs = [[_pair(counted, first[n], second[n]) for n in chosen] for chosen in (often, rarely)]
    return tuple(pairs)


def _shown(counted: CoOccurrence) -> tuple[np.ndarray, list[str]]:
    """Numbers and names of the labels that are true of a photograph, the most frequent first."""
    support = np.diag(counted.true)
    order = np.argsort(-support, kind="stable")
    order = order[support[order] > 0]
    return order, [counted.labels[n] for n in order]


def _jaccard(counts: np.ndarray) -> np.ndarray:
    """Photographs with both labels as a part of those with either, [k, k]; 0 on the diagonal."""
    each = np.diag(counts)
    either = each[:, None] + each[None, :] - counts
    similarity = counts / np.maximum(either, 1)
    np.fill_diagonal(similarity, 0.0)
    return similarity


def _pair(counted: CoOccurrence, first: int, second: int) -> Pair:
    return Pair(
        counted.labels[first],
        counted.labels[second],
        int(counted.true[first, second]),
        int(counted.predicted[first, second]),
    )


def _describe(counted: CoOccurrence, first: int, second: int) -> str:
    pair = _pair(counted, first, second)
    return f"{pair.first} and {pair.second}: true {pair.true}, predicted {pair.predicted}"


def _describe_all(counted: CoOccurrence) -> str:
    first, second = np.triu_indices(len(counted.labels), 1)
    most = np.argsort(-counted.true[first, second], kind="stable")[:3]
    said = "; ".join(_describe(counted, first[n], second[n]) for n in most)
    return f"Labels that stand together in the most photographs. {said}."


def _short(name: str) -> str:
    return name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 1]}…"
