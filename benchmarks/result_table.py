"""The Markdown table of what the benchmarks measured, and its place in a text."""

import json
import pathlib
import re
from collections.abc import Iterable

BENCHMARKS = (
    "decoder_step",
    "joint_step",
    "beam_search",
    "photographs",
    "cider",
    "start",
    "many_photographs",
)
_PLACE = re.compile(r"(<!-- benchmarks -->\n).*?(<!-- end of benchmarks -->)", re.DOTALL)
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
    """The text with the table in its place, if it has one."""
    return _PLACE.sub(lambda place: place[1] + table(results) + place[2], text)
