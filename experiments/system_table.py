"""README's table of systems, made from their rows."""

import re

from s_cnn_rnn.model.systems import PAPER, SYSTEMS

_PLACE = re.compile(r"(<!-- systems -->\n).*?(<!-- end of systems -->)", re.DOTALL)


def with_systems(text: str) -> str:
    """A text with its table of systems, where it has a place for one, made anew.

    Args:
        text: in Markdown; the place is between the lines ``<!-- systems -->`` and
            ``<!-- end of systems -->``.
    """
    lines = ["| name | what it is | writes | where |", "|---|---|---|---|"]
    for row in SYSTEMS.values():
        where = row.reference.replace(f"{PAPER}, ", "")
        lines.append(f"| `{row.name}` | {row.summary} | {' and '.join(row.tasks)} | {where} |")
    table = "\n".join(["", *lines, "", ""])
    return _PLACE.sub(lambda found: found[1] + table + found[2], text)
