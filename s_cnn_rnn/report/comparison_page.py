"""Several systems beside each other as one self-contained HTML file: scores, differences, texts."""

import dataclasses
import os
import pathlib
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from s_cnn_rnn.report import charts
from s_cnn_rnn.report.contents import LearningCurve, Written
from s_cnn_rnn.report.formatting import marked
from s_cnn_rnn.report.page import SIDE_BY_SIDE_PIXELS
from s_cnn_rnn.report.scores import Score
from s_cnn_rnn.report.templates import render, write_page
from s_cnn_rnn.report.thumbnails import make_thumbnail
from s_cnn_rnn.report.wording import WORDINGS

CHANCE = 0.05  # of a 95% interval to have zero outside where there is no difference


class ScoredSystem(NamedTuple):
    """A line of the table of scores.

    Args:
        system: its name.
        protocol: how annotations were chosen and scored.
        scores: with intervals, where they have some.
    """

    system: str
    protocol: str
    scores: Sequence[Score]


class ShownDifference(NamedTuple):
    """A metric's paired difference; ``differs``: zero is outside its interval."""

    metric: str
    value: float
    low: float
    high: float
    differs: bool


class ComparedPair(NamedTuple):
    """A line of the table of differences: the first system minus the second."""

    first: str
    second: str
    protocol: str
    differences: Sequence[ShownDifference]


class WrittenBy(NamedTuple):
    """What a system wrote for a photograph.

    Args:
        system: its name.
        written: words as written, labels in the order of writing.
        score: the photograph's; nan for none.
        protocol: how it was chosen, such as "top 3"; "" where it is the same for all systems.
    """

    system: str
    written: Written
    score: float
    protocol: str = ""


@dataclasses.dataclass(frozen=True)
class SideBySide:
    """A photograph with what every system wrote.

    Args:
        file_name: shown, and named in errors.
        jpeg: the bytes of the picture file, or a function that reads them.
        references: what people wrote.
        written: by the systems, in their order.
    """

    file_name: str
    jpeg: bytes | Callable[[], bytes]
    references: Sequence[str]
    written: Sequence[WrittenBy]

    @property
    def human(self) -> Written:
        """What people wrote: the first caption, or all labels; "" where there is nothing."""
        if not self.references:
            return ""
        captions = isinstance(self.written[0].written, str)
        return self.references[0] if captions else tuple(self.references)

    @property
    def more_captions(self) -> Sequence[str]:
        """The captions beside the first: what is in none of them all is marked."""
        captions = isinstance(self.written[0].written, str)
        return self.references[1:] if captions else ()


class SideBySideGallery(NamedTuple):
    """Photographs that stand together.

    Args:
        title: heading.
        explanation: which they are.
        photographs: in order.
    """

    title: str
    explanation: str
    photographs: Sequence[SideBySide]


@dataclasses.dataclass(frozen=True)
class SystemsCompared:
    """Several systems, ready to be shown.

    Args:
        title: heading of the page.
        kind: "captions" or "labels" (`wording.WORDINGS`).
        systems: their names, in order; two at least.
        scores: lines of the table of scores.
        pairs: lines of the table of differences.
        curves: one for each measure and system, all of the same "stage"; ``part`` is the system.
        galleries: photographs to show.
        photograph_metric: name of a photograph's score.
        facts: what each training took: (what, one text for each system).
        settings: those that differ, in the same form.
        command: what makes the page again.
        evaluated: on what, such as "1,000 photographs of validation".
    """

    title: str
    kind: str
    systems: Sequence[str]
    scores: Sequence[ScoredSystem]
    pairs: Sequence[ComparedPair]
    curves: Sequence[LearningCurve] = ()
    galleries: Sequence[SideBySideGallery] = ()
    photograph_metric: str = ""
    facts: Sequence[tuple[str, Sequence[str]]] = ()
    settings: Sequence[tuple[str, Sequence[str]]] = ()
    command: str = ""
    evaluated: str = ""

    @property
    def tested(self) -> int:
        """How many differences have an interval."""
        return sum(len(pair.differences) for pair in self.pairs)

    @property
    def marked(self) -> int:
        """How many of them have zero outside."""
        return sum(one.differs for pair in self.pairs for one in pair.differences)

    @property
    def by_chance(self) -> float:
        """How many would be marked on average if no system differed from another."""
        return CHANCE * self.tested


def most_different(scores: Sequence[Sequence[float]], count: int) -> list[int]:
    """The photographs whose scores differ most between systems, most first.

    Args:
        scores: for each system the score of each of N photographs; nan where it has none.
        count: at most so many; photographs on which all agree are left out.

    Returns:
        Their places, 0 to N - 1; of equal differences the first photograph first.
    """
    values = np.asarray(scores, float)
    spread = np.where(np.isfinite(values).all(axis=0), np.ptp(values, axis=0), 0.0)
    order = np.argsort(-spread, kind="stable")[:count]
    return [int(n) for n in order if spread[n] > 0]


def write_comparison(path: str | os.PathLike, compared: SystemsCompared) -> pathlib.Path:
    """Writes the page as one HTML file that needs nothing else and runs no script.

    Args:
        path: the file to write; it is replaced only once the new one is complete.
        compared: what to show.

    Returns:
        The path written.

    Raises:
        ValueError: a photograph's bytes do not decode.
    """
    pathlib.Path(path).parent.mkdir(parents=True, exist_ok=True)
    return write_page(path, render_comparison(compared))


def render_comparison(compared: SystemsCompared) -> str:
    """The page as HTML text."""
    pairs = [(pair, {one.metric: one for one in pair.differences}) for pair in compared.pairs]
    return render(
        "comparison.html.j2",
        compared=compared,
        wording=WORDINGS[compared.kind],
        score_rows=[(row, {s.metric: s for s in row.scores}) for row in compared.scores],
        metrics=list(dict.fromkeys(s.metric for row in compared.scores for s in row.scores)),
        pair_rows=pairs,
        pair_metrics=list(dict.fromkeys(metric for _, found in pairs for metric in found)),
        charts=_charts(compared.curves),
        galleries=[
            (gallery, [_card(photograph) for photograph in gallery.photographs])
            for gallery in compared.galleries
            if gallery.photographs
        ],
    )


def _charts(curves: Sequence[LearningCurve]) -> list[charts.LineChart]:
    measures: dict[str, list[LearningCurve]] = {}
    for curve in curves:
        measures.setdefault(curve.measure, []).append(curve)
    drawn = (
        charts.line_chart(group[: charts.MOST_BARS], tells_photographs=False)
        for group in measures.values()
    )
    return [chart for chart in drawn if chart is not None]


def _card(photograph: SideBySide) -> dict:
    return {
        "photograph": photograph,
        "picture": make_thumbnail(photograph.jpeg, photograph.file_name, SIDE_BY_SIDE_PIXELS),
        "human": marked(photograph.human, photograph.references),
        "written": [(by, marked(by.written, photograph.references)) for by in photograph.written],
    }
