"""The Markdown tables of what the benchmarks measured, and their places in a text."""

import json
import pathlib
import re
from collections.abc import Iterable, Mapping

BENCHMARKS = (
    "decoder_step",
    "joint_step",
    "beam_search",
    "photographs",
    "cider",
    "start",
    "many_photographs",
)
WITH_PARTS = ("limits", "start", "joint_step")
"""Those whose parts stand in tables of their own."""

_PLACE = re.compile(r"(<!-- benchmarks -->\n).*?(<!-- end of benchmarks -->)", re.DOTALL)
_PLACE_OF_PARTS = re.compile(
    r"(<!-- benchmark parts: (.+?) -->\n).*?(<!-- end of benchmark parts -->)", re.DOTALL
)
_HEAD = (
    "| question | ours | best peer | times as quick | aim |",
    "| --- | ---: | ---: | ---: | ---: |",
)


def table(results: pathlib.Path) -> str:
    """The Markdown table of what was measured so far, and where."""
    found = {}
    for name in BENCHMARKS:
        path = results / f"{name}.json"
        if path.exists():
            found[name] = json.loads(path.read_text("utf-8"))
    if not found:
        return "\nNothing has been measured yet: `make benchmark`.\n\n"
    rows = [row for content in found.values() for row in map(_row, lines_of(content))]
    sources = [
        f"- `{content['command']}` ({content['hardware']}; commit {content['commit']})"
        for content in found.values()
    ]
    absent = {content["absent"] for content in found.values() if content.get("absent")}
    return "\n".join(["", *_HEAD, *rows, "", *sources, *sorted(absent), "", ""])


def lines_of(content: dict) -> Iterable[dict]:
    """The lines that a benchmark adds to the table."""
    if "usual batch" not in content:
        return content["lines"]
    seconds = content["usual batch"]["seconds"]  # benchmarks.cider
    own = seconds["fast"]["median"]
    return [
        {
            "question": "CIDEr-D and BLEU of 160 samples",
            "ours": "fast_cider",
            "seconds": own,
            "peer": name,
            "peer seconds": seconds[name]["median"],
            "times as quick": seconds[name]["median"] / own,
            "aim": 20,
        }
        for name in ("pycocoevalcap cached",)
    ]


def _row(line: dict) -> str:
    if "value" in line:
        bound = ""
        if line["at most"] is not None:
            bound = f"at most {line['at most']:g} {line['unit']}"
        if line["at least"] is not None:
            bound = f"at least {line['at least']:g} {line['unit']}"
        value = f"{line['value']:.3g} {line['unit']}".strip()
        return f"| {line['question']} | {value} | – | – | {bound.strip() or '–'} |"
    own = f"{_time(line['seconds'])} ({line['ours']})"
    peer = f"{_time(line['peer seconds'])} ({line['peer']})"
    return (
        f"| {line['question']} | {own} | {peer} | {line['times as quick']:.2f} | {line['aim']:g} |"
    )


def _time(seconds: float) -> str:
    return f"{seconds:.2f} s" if seconds >= 1 else f"{1e3 * seconds:.3g} ms"


def filled(text: str, results: pathlib.Path) -> str:
    """The text with the tables in their places, those that it has."""
    text = _PLACE.sub(lambda place: place[1] + table(results) + place[2], text)
    measured = {
        path.stem: json.loads(path.read_text("utf-8"))
        for path in (results / f"{name}.json" for name in WITH_PARTS)
        if path.exists()
    }
    return _PLACE_OF_PARTS.sub(lambda place: place[1] + parts(measured, place[2]) + place[3], text)


def parts(measured: Mapping[str, dict], group: str) -> str:
    """The Markdown table of some groups of parts, a column each.

    Args:
        measured: the contents of result files by their names. "groups" are groups of parts; where
            there are none, "seconds" are the parts of one group, named as the file.
        group: how the groups' names begin.
    """
    for file, content in measured.items():
        groups = content.get("groups") or {file: content["seconds"]}
        chosen = {name: each for name, each in groups.items() if name.startswith(group)}
        if chosen:
            return _table_of_parts(content, chosen)
    return f"\n{group}: not measured yet, `make benchmark`.\n\n"


def _table_of_parts(content: dict, groups: dict[str, dict]) -> str:
    names = list(dict.fromkeys(name for each in groups.values() for name in each))
    rows = []
    for name in names:
        cells = [_milliseconds(each[name]) if name in each else "–" for each in groups.values()]
        rows.append(f"| {name} | {' | '.join(cells)} |")
    head = f"| milliseconds, median (quartiles) | {' | '.join(groups)} |"
    source = f"- `{content['command']}` ({content['hardware']}; commit {content['commit']})"
    return "\n".join(["", head, f"| --- |{' ---: |' * len(groups)}", *rows, "", source, "", ""])


def _three_digits(value: float) -> str:
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


def _milliseconds(timing: dict) -> str:
    median, low, high = (_three_digits(1e3 * timing[name]) for name in ("median", "low", "high"))
    return f"{median} ({low}, {high})"
