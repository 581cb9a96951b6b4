"""Writes README's tables anew, from the result files that its markers name, and that of systems.

    python -m experiments.readme_tables            write them
    python -m experiments.readme_tables --check    only tell whether they are as the files say

Takes some seconds. How markers are written is told in s_cnn_rnn/scoring/result_tables.py; the rows
of s_cnn_rnn/model/systems.py stand between ``<!-- systems -->`` and ``<!-- end of systems -->``.
"""

import pathlib
import sys

from absl import app, flags

from experiments import tensorflow_start  # first: before TensorFlow is imported

from experiments.system_table import with_systems  # isort: skip
from s_cnn_rnn.scoring.result_tables import fill_tables  # isort: skip

_README = flags.DEFINE_string(
    "readme", "README.md", "Text with table markers; file names in them are relative to its folder."
)
_CHECK = flags.DEFINE_bool("check", False, "Change nothing; fail if a table is not as its file.")


def main(_: list[str]) -> None:
    """Writes or checks the tables."""
    tensorflow_start.only_warnings()
    path = pathlib.Path(_README.value)
    text = path.read_text("utf-8")
    try:
        filled = with_systems(fill_tables(text, path.parent))
    except (FileNotFoundError, ValueError) as error:
        sys.exit(f"{path}: {error}")
    if filled == text:
        print(f"{path}: all tables are as they should be")
    elif _CHECK.value:
        sys.exit(f"{path}: tables differ from what they are made from; run this without --check")
    else:
        path.write_text(filled, "utf-8")
        print(f"{path}: tables written")


def run() -> None:
    """Entry point."""
    app.run(main)


if __name__ == "__main__":
    run()
