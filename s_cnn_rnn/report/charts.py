"""Geometry of the page's charts; the SVG templates draw it.

Widths are those of a phone's column, so that text in a chart stays as large as text around it.
"""

import dataclasses
import math
from collections.abc import Sequence

import numpy as np

from s_cnn_rnn.report.contents import CurvePoint, LearningCurve
from s_cnn_rnn.report.formatting import is_measured, number, tick, ticks
from s_cnn_rnn.report.scores import Score
from s_cnn_rnn.report.ticks import logarithmic_ticks, nice_ticks

MOST_BARS = 6  # systems that can be told from each other by colour and pattern
MOST_POINTS = 120
DOTTED_UP_TO = 30


@dataclasses.dataclass(frozen=True)
class Tick:
    """A tick: where (in SVG units), and its labels."""

    position: float
    label: str
    second_label: str = ""


@dataclasses.dataclass(frozen=True)
class DrawnCurve:
    """A curve as SVG paths; ``band`` spans the values that a long curve's mean line hides."""

    name: str
    path: str
    band: str
    dots: Sequence[tuple[float, float]]
    last: CurvePoint
    rows: Sequence[CurvePoint]


@dataclasses.dataclass(frozen=True)
class LineChart:
    """A learning curve chart in SVG units."""

    measure: str
    unit: str
    description: str
    logarithmic: bool
    x_ticks: Sequence[Tick]
    y_ticks: Sequence[Tick]
    curves: Sequence[DrawnCurve]
    notes: Sequence[str]
    x_title: str = "training step"
    second_x_title: str = "and photographs seen"
    width: int = 360
    height: int = 250
    left: int = 46
    right: int = 342
    top: int = 12
    bottom: int = 188


@dataclasses.dataclass(frozen=True)
class Bar:
    """A score's bar; ``low`` and ``high`` are the whisker's ends or None; all in SVG units."""

    name: str
    text: str
    length: float
    low: float | None
    high: float | None

    @property
    def end(self) -> float:
        """Where the bar and its whisker end."""
        return max(self.length, self.high or 0.0)


@dataclasses.dataclass(frozen=True)
class BarChart:
    """The bars of one metric, one for each system; None where a system has no such score."""

    metric: str
    description: str
    bars: Sequence[Bar | None]
    width: int = 260
    row: int = 24


def falls_steeply(values: np.ndarray) -> bool:
    """Whether a linear axis would squash a curve against its floor."""
    return bool(values.min() > 0 and values.max() > 6 * np.median(values))


def thin(points: np.ndarray, most: int = MOST_POINTS) -> tuple[np.ndarray, np.ndarray]:
    """Means and ranges of neighbouring points, where there are too many to see.

    Args:
        points: float [N, 2], (step, value) in the order of steps.
        most: points kept.

    Returns:
        The line, float [M, 2] (its ends are the true first and last points' steps), and the band,
        float [M, 3] of (step, lowest, highest), empty where nothing was hidden.
    """
    if len(points) <= most:
        return points, np.zeros((0, 3))
    groups = np.array_split(points, most)
    steps = np.array([group[:, 0].mean() for group in groups])
    steps[0], steps[-1] = points[0, 0], points[-1, 0]
    values = [group[:, 1] for group in groups]
    line = np.stack([steps, [v.mean() for v in values]], 1)
    band = np.stack([steps, [v.min() for v in values], [v.max() for v in values]], 1)
    return line, band


def line_chart(
    curves: Sequence[LearningCurve], *, tells_photographs: bool = True
) -> LineChart | None:
    """Draws the curves of one stage and one measure.

    Values that are not finite are left out and told in a note.

    Args:
        curves: drawn into one chart.
        tells_photographs: whether the axis tells photographs seen beside the steps; not for
            curves of runs whose steps see different numbers of them.

    Returns:
        The chart, or None where no curve has a finite value.
    """
    finite = {
        id(curve): [p for p in map(CurvePoint._make, curve.points) if is_measured(p.value)]
        for curve in curves
    }
    kept = [curve for curve in curves if finite[id(curve)]]
    if not kept:
        return None
    every = [point for curve in kept for point in finite[id(curve)]]
    values = np.array([point.value for point in every], float)
    logarithmic = falls_steeply(values)
    x_values, seen = _x_values(every)
    y_values = _y_values(values, logarithmic)
    y_labels = [tick(y) for y in y_values] if logarithmic else ticks(y_values)
    steps = [point.step for point in every]
    x_low = min(x_values[0], *steps)  # the first tick may stand behind the first point
    place = _Axes(x_low, max(steps), y_values[0], y_values[-1], logarithmic)
    drawn = [_draw(curve.part, finite[id(curve)], place) for curve in kept]
    return LineChart(
        measure=curves[0].measure,
        unit=curves[0].unit,
        description=_describe_curves(curves[0], drawn),
        logarithmic=logarithmic,
        x_ticks=[
            Tick(place.x(x), tick(x), tick(s) if tells_photographs else "")
            for x, s in zip(x_values, seen, strict=True)
        ],
        y_ticks=[Tick(place.y(y), label) for y, label in zip(y_values, y_labels, strict=True)],
        curves=drawn,
        notes=[note for curve in curves if (note := _note(curve, finite[id(curve)]))],
        second_x_title=LineChart.second_x_title if tells_photographs else "",
    )


@dataclasses.dataclass(frozen=True)
class _Axes:
    """Where a (step, value) lies in the chart."""

    x_low: float
    x_high: float
    y_low: float
    y_high: float
    logarithmic: bool

    def x(self, step: float) -> float:
        part = (step - self.x_low) / ((self.x_high - self.x_low) or 1)
        return round(LineChart.left + part * (LineChart.right - LineChart.left), 1)

    def y(self, value: float) -> float:
        scale = math.log if self.logarithmic else float
        low, high = scale(self.y_low), scale(self.y_high)
        part = (scale(value) - low) / (high - low)
        return round(LineChart.bottom - part * (LineChart.bottom - LineChart.top), 1)


def _x_values(points: Sequence[CurvePoint]) -> tuple[list[float], list[float]]:
    """Steps with a tick, and the photographs seen by then."""
    ordered = sorted({point.step: point.photographs_seen for point in points}.items())
    steps, seen = zip(*ordered, strict=True)
    low = 0 if steps[0] < steps[-1] / 3 or len(steps) == 1 else steps[0]
    if low < steps[0]:
        steps, seen = (0, *steps), (0, *seen)
    ticks = [x for x in nice_ticks(low, max(steps[-1], low + 1), 5) if low <= x <= steps[-1]]
    ticks = [x for x in ticks if float(x).is_integer()] or [float(low), float(steps[-1])]
    return ticks, [_three_digits(np.interp(x, steps, seen)) for x in ticks]


def _three_digits(value: float) -> float:
    return float(f"{value:.3g}")


def _y_values(values: np.ndarray, logarithmic: bool) -> list[float]:
    low, high = float(values.min()), float(values.max())
    if logarithmic:
        return logarithmic_ticks(low, high)
    return nice_ticks(0.0 if 0 < low < 0.25 * high else low, high, 5)


def _draw(part: str, points: Sequence[CurvePoint], place: _Axes) -> DrawnCurve:
    line, band = thin(np.array([(point.step, point.value) for point in points], float))
    dots = [(place.x(x), place.y(y)) for x, y in line]
    upper = [(place.x(x), place.y(high)) for x, _, high in band]
    lower = [(place.x(x), place.y(low)) for x, low, _ in band]
    kept = np.unique(np.linspace(0, len(points) - 1, 10).round().astype(int))
    return DrawnCurve(
        name=part,
        path=_path(dots),
        band=_path(upper + lower[::-1]) + "Z" if upper else "",
        dots=dots if len(dots) <= DOTTED_UP_TO else (),
        last=points[-1],
        rows=[points[index] for index in kept],
    )


def _path(points: Sequence[tuple[float, float]]) -> str:
    return "M" + "L".join(f"{x:g} {y:g}" for x, y in points)


def _describe_curves(first: LearningCurve, drawn: Sequence[DrawnCurve]) -> str:
    ends = [
        f"{curve.name} from {number(curve.rows[0].value)} at step {curve.rows[0].step:,} to "
        f"{number(curve.last.value)} at step {curve.last.step:,}"
        for curve in drawn
    ]
    return f"{first.measure}, stage {first.stage}: {'; '.join(ends)}."


def _note(curve: LearningCurve, finite: Sequence[CurvePoint]) -> str:
    missing = len(curve.points) - len(finite)
    if not missing:
        return ""
    return f"{curve.part}: {missing} of {len(curve.points)} values are not finite and not drawn."


def bar_chart(metric: str, scores: Sequence[tuple[str, Score | None]]) -> BarChart | None:
    """Draws one metric's scores, each metric on its own scale from zero.

    Args:
        metric: its name.
        scores: (system, its score or None) in the order of the legend.

    Returns:
        The chart, or None where nothing was measured.
    """
    measured = [score for _, score in scores if score and is_measured(score.value)]
    if not measured:
        return None
    reach = max(max(abs(s.value), s.high if is_measured(s.high) else 0) for s in measured)
    scale = (BarChart.width - 52) / (reach or 1)
    return BarChart(
        metric=metric,
        description=f"{metric}: " + "; ".join(f"{n} {_spoken(s)}" for n, s in scores) + ".",
        bars=[_bar(name, score, scale) for name, score in scores],
    )


def _bar(name: str, score: Score | None, scale: float) -> Bar | None:
    if score is None or not is_measured(score.value):
        return None
    whisker = [
        round(max(end, 0) * scale, 1) if is_measured(end) else None
        for end in (score.low, score.high)
    ]
    length = round(max(score.value, 0) * scale, 1)
    low, high = whisker if None not in whisker else (None, None)
    return Bar(name, number(score.value), length, low, high)


def _spoken(score: Score | None) -> str:
    if score is None or not is_measured(score.value):
        return "not measured"
    if is_measured(score.low) and is_measured(score.high):
        return f"{number(score.value)} (from {number(score.low)} to {number(score.high)})"
    return number(score.value)
