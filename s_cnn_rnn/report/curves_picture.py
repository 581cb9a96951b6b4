"""A picture of several systems' learning curves outside the page: for a README or a paper.

It is drawn on white by matplotlib, as PNG, SVG, PDF or JPEG according to the path's ending.
"""

import os
import pathlib
from collections.abc import Mapping, Sequence

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from s_cnn_rnn.report.formatting import tick

STYLES = (
    ("#0f5e73", "-", "o"),
    ("#96640f", "--", "s"),
    ("#7a3d8f", "-.", "^"),
    ("#2b7438", ":", "D"),
    ("#ab3f2a", (0, (6, 2)), "v"),
    ("#4b5563", (0, (1, 1)), "P"),
)
INK = "#1f2429"
MUTED = "#5a6168"
HAIRLINE = "#e1ded6"


def mean_and_range(
    points: Sequence[tuple[float, float]],
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Puts the points of several seeds together.

    Args:
        points: (encoder passes, value), in any order. Points with equal encoder passes are
            repetitions with other seeds; values that are not finite are left out.

    Returns:
        Encoder passes in ascending order, and the mean, lowest and highest value at each: four
        float arrays [N].
    """
    finite = np.array([p for p in points if np.isfinite(p[1])], float).reshape(-1, 2)
    passes = np.unique(finite[:, 0])
    groups = [finite[finite[:, 0] == x, 1] for x in passes]
    mean, low, high = (
        np.array([measure(group) for group in groups]) for measure in (np.mean, np.min, np.max)
    )
    return passes, mean, low, high


def learning_curves_picture(
    path: str | os.PathLike,
    curves: Mapping[str, Sequence[tuple[float, float]]],
    title: str,
    ylabel: str,
) -> pathlib.Path:
    """Draws the learning curves of several systems against encoder passes.

    Args:
        path: the picture to write.
        curves: system -> (encoder passes, value) points. Several seeds are given as one list;
            the line is their mean, the band their range (see `mean_and_range`).
        title: heading of the picture.
        ylabel: what the values are, with the unit.

    Returns:
        The path written.

    Raises:
        ValueError: there is no curve, or one has no finite value, or there are too many.
    """
    if not 1 <= len(curves) <= len(STYLES):
        raise ValueError(f"expected 1 to {len(STYLES)} systems to draw, got {list(curves)}")
    figure = Figure(figsize=(7.6, 4.6), layout="constrained", facecolor="white")
    axes = figure.add_subplot()
    several_seeds = False
    for (name, points), style in zip(curves.items(), STYLES, strict=False):
        several_seeds |= _draw_system(axes, name, points, style)
    _dress(axes, title, ylabel)
    if several_seeds:
        figure.supxlabel("line: mean of the seeds; band: their range", fontsize=8, color=MUTED)
    return _save(figure, path)


def _draw_system(axes: Axes, name: str, points: Sequence[tuple[float, float]], style) -> bool:
    """Draws one system; says whether it has several seeds."""
    passes, mean, low, high = mean_and_range(points)
    if not len(passes):
        raise ValueError(f"{name}: expected at least one finite value, got {list(points)[:5]}")
    colour, dash, marker = style
    axes.plot(
        passes, mean, color=colour, linestyle=dash, marker=marker, markersize=4, linewidth=2,
        label=_plain(name),
    )  # fmt: skip
    has_range = bool((low < high).any())
    if has_range:
        axes.fill_between(passes, low, high, color=colour, alpha=0.15, linewidth=0)
    return has_range


def _dress(axes: Axes, title: str, ylabel: str) -> None:
    """Gives the axes their labels, legend and quiet lines."""
    axes.set_title(_plain(title), loc="left", fontsize=13, color=INK, pad=12)
    axes.set_xlabel("encoder passes (photographs seen)", color=INK)
    axes.set_ylabel(_plain(ylabel), color=INK)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: tick(value)))
    axes.grid(axis="y", color=HAIRLINE)
    axes.set_axisbelow(True)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.tick_params(colors=INK, length=3)
    axes.tick_params(axis="y", length=0)
    axes.legend(frameon=False, handlelength=3.2, loc="best", labelcolor=INK)


def _plain(text: str) -> str:
    """Text whose dollar signs matplotlib does not read as mathematics."""
    return text.replace("$", r"\$")


def _save(figure: Figure, path: str | os.PathLike) -> pathlib.Path:
    """Writes the figure; the same figure gives the same bytes, also as SVG."""
    path = pathlib.Path(path)
    metadata = {"Date": None} if path.suffix == ".svg" else None
    with matplotlib.rc_context({"svg.hashsalt": "s_cnn_rnn"}):
        figure.savefig(path, dpi=160, metadata=metadata)
    return path
