"""Tables for people, in Markdown, made from result files and kept between markers of a text.

A marker names the result file and what to show of it, up to the marker that ends the table::

    <!-- table: results/table4_flickr8k.csv split=validation columns=CIDEr,BLEU-4 by=system -->
    <!-- end of table -->

Words of a marker, in quotes where they hold blanks: ``columns`` (metrics, or "table_1", "table_2",
"table_4" for those of the paper's tables; table 4's where it is left out), ``by`` (what a line of
the table stands for), ``decimals``, ``percent=yes`` (label scores times 100, as in tables 1 and 2),
``intervals`` (metrics whose intervals are shown; all by default, or "none"), ``bold=yes`` (the best
of each column), ``ranks=yes`` (each score's place in its column, as in table 3), ``source=yes``
(commands and machines below the table), and any column of the file with the values to keep, joined
by "|". Rows that are differences to another system are there only where the marker says
``against=``. Labels::

    <!-- table: results/table1_mirflickr.csv columns=table_1 by=system,protocol percent=yes -->
"""

import pathlib
import re
import shlex
from collections.abc import Iterable, Mapping, Sequence

from s_cnn_rnn.label_metrics import SCORES
from s_cnn_rnn.scoring.results import COLUMNS, KEY, Result, read_results

TABLE_4 = ("CIDEr", "METEOR", "ROUGE-L", "BLEU-4")
LABEL_TABLE = ("C-R", "C-P", "C-F1", "O-R", "O-P", "O-F1", "mAP")
COLUMN_SETS = {"table_1": LABEL_TABLE, "table_2": LABEL_TABLE, "table_4": TABLE_4}
PERCENTAGES = frozenset({*SCORES, "mAP", "rare-first pairs", "rare-first lists"})
"""Metrics that ``percent=yes`` multiplies by 100."""
COSTS = frozenset({"training seconds", "encoder passes"})
"""Metrics that have no best and no rank."""

_BEGIN = re.compile(r"^<!--\s*table:\s*(?P<file>\S+)(?P<words>.*?)-->\s*$")
_END = re.compile(r"^<!--\s*end of table\s*-->\s*$")
_FENCE = re.compile(r"^\s*(```|~~~)")
_OPTIONS = {
    "columns": "table_4",
    "by": "system",
    "decimals": "",
    "percent": "no",
    "intervals": "all",
    "bold": "no",
    "ranks": "no",
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
    decimals: int | None = None,
    percent: bool = False,
    intervals: Sequence[str] | None = None,
    bold: bool = False,
    ranks: bool = False,
) -> str:
    """A Markdown table: a line for each system, a column for each metric.

    Args:
        rows: the figures; metrics that are not in ``columns`` are passed over.
        columns: the metrics, in order; table 4's by default.
        by: the columns of the file that tell the table's lines apart.
        decimals: digits after the point: of fractions 3 by default, of percentages 1.
        percent: whether label scores are multiplied by 100 (`PERCENTAGES`).
        intervals: the metrics whose intervals are shown; all by default.
        bold: whether the greatest value of each column is bold; costs have none.
        ranks: whether a value's place in its column stands behind it, such as ".563 (2)".

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
    places = _places(rows)
    for names, figures in cells.items():
        shown = []
        for metric in columns:
            interval = intervals is None or metric in intervals
            how = {"decimals": decimals, "percent": percent, "interval": interval}
            place = places.get(id(figures.get(metric)))
            shown.append(_cell(figures.get(metric), place, how, bold=bold, ranks=ranks))
        lines.append(_line([*names, *shown]))
    return "\n".join(lines)


def format_figure(
    row: Result, decimals: int | None = None, *, percent: bool = False, interval: bool = True
) -> str:
    """A figure with its interval, such as ".563 [.541, .585]"; "–" where it is missing.

    A difference to another system has its sign, such as "+.052 [+.031, +.074]".

    Args:
        row: the figure.
        decimals: as in `markdown_table`.
        percent: whether a label score is multiplied by 100, such as "56.3 [54.1, 58.5]".
        interval: whether the interval is shown.
    """
    if row.value is None:
        return "–"
    form = _percentage if percent and row.metric in PERCENTAGES else _format
    numbers = [row.value] if row.low is None or not interval else [row.value, row.low, row.high]
    signs = ["+" if row.against and number > 0 else "" for number in numbers]
    value, *span = [s + form(number, decimals) for s, number in zip(signs, numbers, strict=True)]
    return f"{value} [{', '.join(span)}]" if span else value


def _percentage(number: float, decimals: int | None) -> str:
    return f"{100 * number:.{1 if decimals is None else decimals}f}"


def _format(number: float, decimals: int | None) -> str:
    if abs(number) >= _COUNTS_BEGIN:
        return f"{number:.1f}".removesuffix(".0")
    text = f"{number:.{3 if decimals is None else decimals}f}"
    return re.sub(r"^(-?)0\.", r"\1.", text)


def _places(rows: Sequence[Result]) -> dict[int, int]:
    """The place of each score in its column, from 1, by the id of its row; equals share one."""
    scores = [row for row in rows if row.value is not None and row.metric not in COSTS]
    return {
        id(row): 1 + sum(o.metric == row.metric and o.value > row.value for o in scores)
        for row in scores
    }


def _cell(row: Result | None, place: int | None, how: Mapping, *, bold: bool, ranks: bool) -> str:
    if row is None:
        return "–"
    text = format_figure(row, **how)
    if ranks and place is not None:
        text += f" ({place})"
    return f"**{text}**" if bold and place == 1 else text


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
    """What made the figures: a Markdown list, one point for each command, seeds and machine.

    It is folded, since a table of many rows has many commands; pages that show Markdown unfold it.
    """
    points = []
    for row in (row for row in rows if row.command):
        seeds = f"seeds {row.seeds}; " if row.seeds else ""
        points.append(f"- `{row.command}` ({seeds}commit {row.commit}; {row.hardware})")
    head = '<details markdown="1"><summary>Commands that made these figures</summary>'
    return "\n".join([head, "", *dict.fromkeys(points), "", "</details>"])


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
        rows = read_results(pathlib.Path(folder) / marker["file"])
        if "against" not in conditions:
            rows = [row for row in rows if not row.against]
        rows = select(rows, conditions)
        named = options["columns"]
        columns = COLUMN_SETS[named] if named in COLUMN_SETS else named.split(",")
        table = markdown_table(
            rows,
            columns,
            by=options["by"].split(","),
            decimals=int(options["decimals"]) if options["decimals"] else None,
            percent=options["percent"] == "yes",
            intervals=None if options["intervals"] == "all" else options["intervals"].split(","),
            bold=options["bold"] == "yes",
            ranks=options["ranks"] == "yes",
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
    for name in ("bold", "percent", "ranks", "source"):
        if options[name] not in ("yes", "no"):
            raise ValueError(f"{name} must be yes or no, not {options[name]!r}")
    absent = [name for name in options["by"].split(",") if name not in COLUMNS]
    if absent:
        raise ValueError(f"by: the file has no columns {absent}; it has {list(COLUMNS)}")
    return options, {name: value.split("|") for name, _, value in words if name in COLUMNS}
