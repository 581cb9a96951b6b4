"""Tables for people, in Markdown, made from result files and kept between markers of a text.

A marker names the result file and what to show of it, up to the marker that ends the table::

    <!-- table: results/table4_flickr8k.csv split=validation columns=CIDEr,BLEU-4 by=system -->
    <!-- end of table -->

Words of a marker, in quotes where they hold blanks: ``columns`` (metrics), ``by`` (what a line of
the table stands for), ``decimals``, ``bold=yes`` (the best of each column), ``source=yes``
(commands and machines below the table), and any column of the file with the values to keep, joined
by "|". Without ``columns`` the metrics are those of the paper's table 4.
"""

import pathlib
import re
import shlex
from collections.abc import Iterable, Mapping, Sequence

from s_cnn_rnn.results import COLUMNS, KEY, Result, read_results

TABLE_4 = ("CIDEr", "METEOR", "ROUGE-L", "BLEU-4")

_BEGIN = re.compile(r"^<!--\s*table:\s*(?P<file>\S+)(?P<words>.*?)-->\s*$")
_END = re.compile(r"^<!--\s*end of table\s*-->\s*$")
_FENCE = re.compile(r"^\s*(```|~~~)")
_OPTIONS = {
    "columns": ",".join(TABLE_4),
    "by": "system",
    "decimals": "3",
    "bold": "no",
    "source": "no",
}
_COUNTS_BEGIN = 10  # greater values are counts and lengths, not fractions


def select(rows: Iterable[Result], conditions: Mapping[str, Sequence[str]]) -> list[Result]:
    """The rows whose columns have one of the wanted values.

    Args:
        rows: the rows to choose from.
        conditions: column -> the values to keep.

    Raises:
        ValueError: no row has one of the wanted values.
    """
    rows = list(rows)
    for column, wanted in conditions.items():
        found = {getattr(row, column) for row in rows}
        absent = [value for value in wanted if value not in found]
        if absent:
            raise ValueError(f"no row has {column} {absent}; there are {sorted(found)}")
        rows = [row for row in rows if getattr(row, column) in wanted]
    return rows


def markdown_table(
    rows: Iterable[Result],
    columns: Sequence[str] = TABLE_4,
    *,
    by: Sequence[str] = ("system",),
    decimals: int = 3,
    bold: bool = False,
) -> str:
    """A Markdown table: a line for each system, a column for each metric.

    Args:
        rows: the figures; metrics that are not in ``columns`` are passed over.
        columns: the metrics, in order; table 4's by default.
        by: the columns of the file that tell the table's lines apart.
        decimals: digits after the point of fractions.
        bold: whether the greatest value of each column is bold.

    Raises:
        ValueError: a metric is nowhere in ``rows``, or two rows compete for one cell.
    """
    rows = [row for row in rows if row.metric in columns]
    absent = [metric for metric in columns if metric not in {row.metric for row in rows}]
    if absent:
        raise ValueError(f"no row has the metrics {absent}")
    cells: dict[tuple[str, ...], dict[str, Result]] = {}
    for row in rows:
        line = cells.setdefault(tuple(getattr(row, name) for name in by), {})
        if row.metric in line:
            raise ValueError(_competition(line[row.metric], row))
        line[row.metric] = row
    head = [*(name.replace("_", " ") for name in by), *columns]
    lines = [_line(head), _line(["---"] * len(by) + ["---:"] * len(columns))]
    best = _best(rows) if bold else {}
    for names, figures in cells.items():
        shown = [_cell(figures.get(metric), decimals, best) for metric in columns]
        lines.append(_line([*names, *shown]))
    return "\n".join(lines)


def format_figure(row: Result, decimals: int = 3) -> str:
    """A figure with its interval, such as ".563 [.541, .585]"; "–" where it is missing."""
    if row.value is None:
        return "–"
    value = _format(row.value, decimals)
    if row.low is None:
        return value
    return f"{value} [{_format(row.low, decimals)}, {_format(row.high, decimals)}]"


def _format(number: float, decimals: int) -> str:
    if abs(number) >= _COUNTS_BEGIN:
        return f"{number:.1f}".removesuffix(".0")
    text = f"{number:.{decimals}f}"
    return re.sub(r"^(-?)0\.", r"\1.", text)


def _best(rows: Iterable[Result]) -> dict[str, float]:
    best: dict[str, float] = {}
    for row in rows:
        if row.value is not None:
            best[row.metric] = max(row.value, best.get(row.metric, row.value))
    return best


def _cell(row: Result | None, decimals: int, best: Mapping[str, float]) -> str:
    if row is None:
        return "–"
    text = format_figure(row, decimals)
    return f"**{text}**" if row.value is not None and row.value == best.get(row.metric) else text


def _line(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _competition(first: Result, second: Result) -> str:
    apart = [name for name in KEY if getattr(first, name) != getattr(second, name)]
    differences = "; ".join(f"{n}: {getattr(first, n)!r}, {getattr(second, n)!r}" for n in apart)
    return (
        f"two figures compete for {first.metric} of {first.system}, which differ in {differences}; "
        "select one by such a column, or add the column to `by`"
    )


def sources(rows: Iterable[Result]) -> str:
    """What made the figures: a Markdown list, one point for each command, seeds and machine."""
    points = []
    for row in (row for row in rows if row.command):
        seeds = f"seeds {row.seeds}; " if row.seeds else ""
        points.append(f"- `{row.command}` ({seeds}commit {row.commit}; {row.hardware})")
    return "\n".join(dict.fromkeys(points))


def fill_tables(text: str, folder: str | pathlib.Path) -> str:
    """Makes the tables between a text's markers anew; everything else stays as it is.

    Args:
        text: Markdown with markers; those inside fenced code are left alone.
        folder: what the files that markers name are relative to.

    Returns:
        The text with its tables.

    Raises:
        FileNotFoundError: a marker names a file that is not there.
        ValueError: a marker or its table is wrong; the message names the text's line.
    """
    filled: list[str] = []
    begun: int | None = None  # the line of the marker whose table is being passed over
    fenced = False
    for number, line in enumerate(text.split("\n"), start=1):
        fenced ^= begun is None and bool(_FENCE.match(line))
        begin, end = _BEGIN.match(line), _END.match(line)
        if fenced or not (begin or end):
            filled += [line] if begun is None else []
        elif bool(begin) == (begun is not None):
            raise ValueError(_unpaired(number, begun))
        else:
            filled += [line, "", _table(begin, number, folder), ""] if begin else [line]
            begun = number if begin else None
    if begun is not None:
        raise ValueError(f"line {begun}: this table has no `<!-- end of table -->` after it")
    return "\n".join(filled)


def _unpaired(number: int, begun: int | None) -> str:
    if begun is None:
        return f"line {number}: an end of a table, but no table was begun"
    return f"line {number}: a table begins before the one of line {begun} has ended"


def _table(marker: re.Match, number: int, folder: str | pathlib.Path) -> str:
    try:
        options, conditions = _read_words(marker["words"])
        rows = select(read_results(pathlib.Path(folder) / marker["file"]), conditions)
        columns = options["columns"].split(",")
        table = markdown_table(
            rows,
            columns,
            by=options["by"].split(","),
            decimals=int(options["decimals"]),
            bold=options["bold"] == "yes",
        )
    except ValueError as error:
        raise ValueError(f"line {number}, table of {marker['file']}: {error}") from error
    if options["source"] == "yes":
        table += "\n\n" + sources(row for row in rows if row.metric in columns)
    return table


def _read_words(text: str) -> tuple[dict[str, str], dict[str, list[str]]]:
    """A marker's options, with defaults, and its conditions on the file's columns."""
    words = [word.partition("=") for word in shlex.split(text)]
    known = {*_OPTIONS, *COLUMNS}
    strange = [name for name, sign, _ in words if not sign or name not in known]
    if strange:
        raise ValueError(f"unknown words {strange}; known are {sorted(known)}, each with =VALUE")
    options = _OPTIONS | {name: value for name, _, value in words if name in _OPTIONS}
    for name in ("bold", "source"):
        if options[name] not in ("yes", "no"):
            raise ValueError(f"{name} must be yes or no, not {options[name]!r}")
    absent = [name for name in options["by"].split(",") if name not in COLUMNS]
    if absent:
        raise ValueError(f"by: the file has no columns {absent}; it has {list(COLUMNS)}")
    return options, {name: value.split("|") for name, _, value in words if name in COLUMNS}
