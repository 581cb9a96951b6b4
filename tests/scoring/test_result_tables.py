import dataclasses

import pytest

from s_cnn_rnn.scoring.result_tables import (
    fill_tables,
    format_figure,
    markdown_table,
    select,
    sources,
)
from s_cnn_rnn.scoring.results import Result, append_results


def _row(system: str, metric: str, value: float | None, **others) -> Result:
    return Result(system=system, metric=metric, value=value, **others)


_ROWS = [
    _row("nic-f", "CIDEr", 0.5, low=0.48, high=0.52, command="make nic", commit="c", hardware="h"),
    _row("nic-f", "BLEU-4", 0.2, command="make nic", commit="c", hardware="h"),
    _row("ours", "CIDEr", 0.563, low=0.541, high=0.585, seeds="0 1", command="make", commit="c"),
    _row("ours", "BLEU-4", None),
]

_TABLE = """\
| system | CIDEr | BLEU-4 |
| --- | ---: | ---: |
| nic-f | .500 [.480, .520] | .200 |
| ours | .563 [.541, .585] | – |"""


@pytest.mark.parametrize(
    ("row", "text"),
    [
        (_row("s", "m", 0.5634, low=0.541, high=0.585), ".563 [.541, .585]"),
        (_row("s", "m", 1.0541), "1.054"),
        (_row("s", "m", -0.05, low=-0.1, high=0.02), "-.050 [-.100, .020]"),
        (_row("s", "m", 1575.0), "1575"),
        (_row("s", "m", 11.391), "11.4"),
        (_row("s", "m", 0.0), ".000"),
        (_row("s", "m", None), "–"),
        (_row("s", "m", 0.05, low=-0.1, high=0.2, against="r"), "+.050 [-.100, +.200]"),
    ],
)
def test_figures(row, text):
    assert format_figure(row) == text


def test_a_table():
    assert markdown_table(_ROWS, ["CIDEr", "BLEU-4"]) == _TABLE


def test_table_4_is_the_default():
    rows = [_row("ours", m, 0.5) for m in ("BLEU-1", "BLEU-4", "ROUGE-L", "METEOR", "CIDEr")]
    assert markdown_table(rows).splitlines()[0] == "| system | CIDEr | METEOR | ROUGE-L | BLEU-4 |"


def test_the_best_is_bold_and_decimals_are_a_choice():
    table = markdown_table(_ROWS, ["CIDEr", "BLEU-4"], bold=True, decimals=2)
    assert table.splitlines()[2:] == [
        "| nic-f | .50 [.48, .52] | **.20** |",
        "| ours | **.56 [.54, .58]** | – |",
    ]


def test_ranks_as_in_table_3():
    rows = [
        *(_row(s, "CIDEr", v) for s, v in (("a", 0.5), ("b", 0.6), ("c", 0.5), ("d", None))),
        *(_row(s, "training seconds", v) for s, v in (("a", 20.0), ("b", 30.0))),
    ]
    table = markdown_table(rows, ["CIDEr", "training seconds"], ranks=True, bold=True)
    assert table.splitlines()[2:] == [
        "| a | .500 (2) | 20 |",
        "| b | **.600 (1)** | 30 |",
        "| c | .500 (2) | – |",
        "| d | – | – |",
    ]


def _label_rows(system, protocol, values):
    return [
        _row(system, metric, value, low=value - 0.01, high=value + 0.01, protocol=protocol)
        for metric, value in values.items()
    ]


def test_tables_of_labels_have_a_line_for_each_protocol(tmp_path):
    scores = dict(zip(("C-R", "C-P", "C-F1", "O-R", "O-P", "O-F1"), (0.5,) * 6, strict=True))
    rows = [
        *_label_rows("cnn-logistic", "top 3", scores | {"mAP": 0.6213, "micro-F1": 0.1}),
        *_label_rows("cnn-logistic", "threshold chosen on train", {"O-F1": 0.742}),
        *_label_rows("ria", "own stop", scores),
    ]
    append_results(tmp_path / "t.csv", rows)
    marker = "<!-- table: t.csv columns=table_1 by=system,protocol percent=yes intervals=O-F1 -->"
    table = fill_tables(f"{marker}\n<!-- end of table -->", tmp_path).splitlines()
    assert table[2] == "| system | protocol | C-R | C-P | C-F1 | O-R | O-P | O-F1 | mAP |"
    some = "50.0 | 50.0 | 50.0 | 50.0 | 50.0 | 50.0 [49.0, 51.0]"
    assert table[4:7] == [
        f"| cnn-logistic | top 3 | {some} | 62.1 |",
        "| cnn-logistic | threshold chosen on train | – | – | – | – | – | 74.2 [73.2, 75.2] | – |",
        f"| ria | own stop | {some} | – |",
    ]
    assert format_figure(_row("ria", "threshold", 0.35), percent=True) == ".350"
    assert format_figure(rows[0], 2, percent=True, interval=False) == "50.00"
    no_intervals = markdown_table(rows, ["O-F1"], by=["system", "protocol"], intervals=["none"])
    assert "[" not in no_intervals


def test_differences_are_shown_only_where_they_are_asked_for(tmp_path):
    against = {"low": 0.03, "high": 0.07, "against": "nic-f, seed 0"}
    append_results(tmp_path / "t.csv", [*_ROWS, _row("ours", "CIDEr", 0.063, **against)])
    tables = fill_tables(
        "<!-- table: t.csv columns=CIDEr -->\n<!-- end of table -->\n"
        "<!-- table: t.csv columns=CIDEr by=system,against 'against=nic-f, seed 0' -->\n"
        "<!-- end of table -->",
        tmp_path,
    )
    figures = [line for line in tables.splitlines() if line.startswith("| ours")]
    assert figures == [
        "| ours | .563 [.541, .585] |",
        "| ours | nic-f, seed 0 | +.063 [+.030, +.070] |",
    ]


def test_lines_may_stand_for_more_than_a_system():
    frozen = [dataclasses.replace(row, trained_through="no") for row in _ROWS]
    through = [dataclasses.replace(row, trained_through="yes") for row in _ROWS]
    table = markdown_table([*frozen, *through], ["CIDEr"], by=["system", "trained_through"])
    assert table.splitlines()[0] == "| system | trained through | CIDEr |"
    assert [line.split(" | ")[:2] for line in table.splitlines()[2:]] == [
        ["| nic-f", "no"],
        ["| ours", "no"],
        ["| nic-f", "yes"],
        ["| ours", "yes"],
    ]


def test_competing_figures_are_named():
    other = dataclasses.replace(_ROWS[0], split="train")
    with pytest.raises(ValueError, match="CIDEr of nic-f, which differ in split: '', 'train'"):
        markdown_table([*_ROWS, other], ["CIDEr"])


def test_a_metric_that_is_nowhere_is_named():
    with pytest.raises(ValueError, match=r"no row has the metrics \['SPICE'\]"):
        markdown_table(_ROWS, ["CIDEr", "SPICE"])


def test_selecting():
    assert select(_ROWS, {"system": ["ours"]}) == _ROWS[2:]
    assert select(_ROWS, {"system": ["nic-f"], "metric": ["CIDEr", "BLEU-4"]}) == _ROWS[:2]
    with pytest.raises(ValueError, match=r"no row has system \['our'\]; there are \['nic-f'"):
        select(_ROWS, {"system": ["our"]})


def test_sources_are_named_once_and_folded():
    head, blank, *points, last_blank, end = sources(_ROWS).split("\n")
    assert (head[:8], end) == ("<details", "</details>")
    assert points == ["- `make nic` (commit c; h)", "- `make` (seeds 0 1; commit c; )"]
    assert blank == last_blank == ""  # Markdown inside HTML is read as such between blank lines


@pytest.fixture
def folder(tmp_path):
    """A folder with `results/table.csv`."""
    append_results(tmp_path / "results" / "table.csv", _ROWS)
    return tmp_path


def _text(words: str, inside: str = "") -> str:
    marker = f"<!-- table: results/table.csv {words} -->"
    return f"# Title\n\n{marker}\n{inside}<!-- end of table -->\nAfter.\n"


def test_a_table_is_filled_in_and_the_rest_stays(folder):
    filled = fill_tables(_text("columns=CIDEr,BLEU-4", "| old |\n"), folder)
    assert filled == _text("columns=CIDEr,BLEU-4", f"\n{_TABLE}\n\n")


def test_filling_again_changes_nothing(folder):
    once = fill_tables(_text("columns=CIDEr,BLEU-4 source=yes bold=yes"), folder)
    assert fill_tables(once, folder) == once
    assert "- `make nic` (commit c; h)" in once


def test_columns_select_rows(folder):
    more = dataclasses.replace(_ROWS[0], protocol="beam 3", value=0.51)
    append_results(folder / "results" / "table.csv", [more])
    filled = fill_tables(_text('columns=CIDEr protocol="beam 3"'), folder)
    assert filled.count("\n| ") == 3
    assert "| nic-f | .510" in filled
    filled = fill_tables(_text("columns=CIDEr protocol= system=ours|nic-f"), folder)
    assert filled.count("\n| ") == 4
    assert "| nic-f | .500" in filled


def test_text_without_markers_and_markers_in_code_stay(folder):
    text = f"Text.\n\n```\n{_text('', 'old')}```\n\n    <!-- end of table -->\n"
    assert fill_tables(text, folder) == text


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("<!-- end of table -->", "line 1: an end of a table"),
        ("a\n<!-- table: results/table.csv columns=CIDEr -->\n", "line 2: this table has no"),
        (_text("columns=CIDEr", "<!-- table: results/table.csv -->\n"), "line 4: a table begins"),
        (_text("colums=CIDEr"), r"line 3, table of results/table.csv: unknown words \['colums'\]"),
        (_text("bold"), r"line 3, .*: unknown words \['bold'\]"),
        (_text("bold=1"), "line 3, .*: bold must be yes or no, not '1'"),
        (_text("by=systems"), r"line 3, .*: by: the file has no columns \['systems'\]"),
        (_text("decimals=few"), "line 3, .*: invalid literal for int"),
        (_text("columns=SPICE"), r"line 3, .*: no row has the metrics \['SPICE'\]"),
        (_text("columns=CIDEr system=our"), r"line 3, .*: no row has system \['our'\]"),
    ],
)
def test_wrong_markers_are_named_by_line(folder, text, message):
    with pytest.raises(ValueError, match=message):
        fill_tables(text, folder)


def test_a_missing_file_is_named(folder):
    with pytest.raises(FileNotFoundError, match=r"other\.csv"):
        fill_tables("<!-- table: results/other.csv -->\n<!-- end of table -->", folder)
