"""Pictures that compare several systems outside the page: for a README or a paper.

Both are drawn on white by matplotlib, as PNG, SVG, PDF or JPEG according to the path's ending.
"""

import os
import pathlib
import textwrap
from collections.abc import Mapping, Sequence

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from s_cnn_rnn.report.contents import ReportPhotograph, Written
from s_cnn_rnn.report.formatting import tick
from s_cnn_rnn.report.thumbnails import open_upright

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
PIXELS = 480


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


def side_by_side(
    path: str | os.PathLike,
    photographs: Sequence[ReportPhotograph],
    written: Mapping[str, Mapping[str, Written]],
    *,
    title: str = "",
    columns: int = 3,
) -> pathlib.Path:
    """Draws photographs with what each system wrote below, as in the paper's supplement.

    Args:
        path: the picture to write.
        photographs: what to show; the first caption, or all true labels, are shown as "human".
        written: system -> (file name -> caption or labels in order).
        title: heading of the picture.
        columns: photographs in a row.

    Returns:
        The path written.

    Raises:
        ValueError: there is no photograph, or a photograph's bytes do not decode.
        KeyError: a system wrote nothing for a photograph; the message names both.
    """
    if not photographs:
        raise ValueError("side by side: expected at least one photograph, got none")
    texts = [_lines_below(photograph, written) for photograph in photographs]
    rows = -(-len(photographs) // columns)
    lines = max(len(text) for text in texts)
    figure = Figure(
        figsize=(3.5 * columns, rows * (2.6 + 0.19 * lines) + 0.5 * bool(title)),
        layout="constrained",
        facecolor="white",
    )
    if title:
        figure.suptitle(_plain(title), x=0.01, ha="left", fontsize=13, color=INK)
    ratios = [2.4, 0.19 * lines] * rows
    grid = figure.subplots(2 * rows, columns, squeeze=False, height_ratios=ratios)
    for axes in grid.flat:
        axes.axis("off")
    for index, (photograph, text) in enumerate(zip(photographs, texts, strict=True)):
        row, column = divmod(index, columns)
        _show(grid[2 * row, column], grid[2 * row + 1, column], photograph, text)
    return _save(figure, path)


def _lines_below(
    photograph: ReportPhotograph, written: Mapping[str, Mapping[str, Written]]
) -> list[str]:
    by_whom = {"human": photograph.human} if photograph.human else {}
    for system, by_file in written.items():
        if photograph.file_name not in by_file:
            raise KeyError(f"{system} wrote nothing for {photograph.file_name!r}")
        by_whom[system] = by_file[photograph.file_name]
    return [
        line
        for who, each in by_whom.items()
        for line in textwrap.wrap(f"{who}: {_one_line(each)}", 46, subsequent_indent="    ")
    ]


def _one_line(written: Written) -> str:
    """A caption as it is; labels with arrows, which tell their order."""
    return written if isinstance(written, str) else " → ".join(written)


def _show(above: Axes, below: Axes, photograph: ReportPhotograph, lines: Sequence[str]) -> None:
    picture = np.asarray(open_upright(photograph.jpeg, photograph.file_name, PIXELS))
    tiny = max(picture.shape[:2]) < PIXELS // 3
    above.imshow(picture, interpolation="nearest" if tiny else "antialiased")
    above.set_anchor("SW")
    below.text(
        0, 1, "\n".join(lines), va="top", ha="left", fontsize=9, color=INK, linespacing=1.35,
        transform=below.transAxes, parse_math=False,
    )  # fmt: skip


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
