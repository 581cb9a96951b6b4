"""Writes the table of all benchmarks into the texts that have a place for it.

  python -m benchmarks.table            write README.md and docs/benchmarks.md
  python -m benchmarks.table --check    only tell whether they are as the result files say

The place is between two lines, ``<!-- benchmarks -->`` and ``<!-- end of benchmarks -->``; a text
without them is left alone. Takes a second.
"""

import sys
from collections.abc import Sequence

from absl import app, flags

from benchmarks.measuring import RESULTS
from benchmarks.result_table import filled
from benchmarks.worker import ROOT

_CHECK = flags.DEFINE_bool("check", False, "Change nothing; fail if a table is not as the files.")

TEXTS = ("README.md", "docs/benchmarks.md")


def main(_: Sequence[str]) -> None:
    """Writes or checks the tables."""
    for name in TEXTS:
        path = ROOT / name
        text = path.read_text("utf-8")
        new = filled(text, RESULTS)
        if new == text:
            print(f"{name}: as the result files say")
        elif _CHECK.value:
            sys.exit(f"{name}: differs from the result files; run this without --check")
        else:
            path.write_text(new, "utf-8")
            print(f"{name}: table written")


if __name__ == "__main__":
    app.run(main)
