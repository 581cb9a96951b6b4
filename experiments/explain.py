"""Explains captions or labels: which concepts carried each word, and where in the photograph.

  python -m experiments.explain photo.jpg --output=why.html
  python -m experiments.explain --run=runs/ours_0 photo.jpg --output=why.html

Without --run it is the captioner that comes with the package. Several photographs may be named, and
folders or patterns, as for annotate. The page is one HTML file that needs nothing else; it holds
the photographs in small. As with all pages, one of that name that is there is replaced. Two cores
need some seconds for each photograph. docs/what_if_and_why.md says what the numbers and maps mean.

Exit status: 0, all photographs are explained; 2, some were skipped, because they cannot be read;
1, no page was written.
"""

import sys

from absl import app, flags

from experiments import tensorflow_start  # first: before TensorFlow is imported
from experiments.photograph_places import require_places
from experiments.program_ends import told
from s_cnn_rnn.runs.run_places import require_run

_RUN = flags.DEFINE_string(
    "run", None, "Folder of a finished run; left out: the captioner that comes with the package."
)
_OUTPUT = flags.DEFINE_string("output", "why.html", "The HTML file to write, or to replace.")
_LESS_MEMORY = (
    "name fewer photographs in one command (8 are in memory at once), or end other programs"
)


def main(arguments: list[str]) -> None:
    """Explains, and says where the page is."""
    tensorflow_start.only_warnings()
    with told("explain", less_memory=_LESS_MEMORY):
        require_places(arguments[1:])
        if _RUN.value:
            require_run(_RUN.value)
        from experiments import explaining_run  # seconds: TensorFlow

        page, skipped = explaining_run.explain(_RUN.value, arguments[1:], _OUTPUT.value)
    print(f"page: {page}")
    if skipped:
        sys.exit(2)


def run() -> None:
    """Entry point of the console command."""
    app.run(main)


if __name__ == "__main__":
    run()
