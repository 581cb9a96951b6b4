"""Explains captions or labels: which concepts carried each word, and where in the photograph.

  python -m experiments.explain photo.jpg --output=why.html
  python -m experiments.explain --run=runs/ours_0 photo.jpg --output=why.html

Without --run it is the model that comes with the package. Several photographs may be named. The
page is one HTML file that needs nothing else; it holds the photographs in small. Two cores need
some seconds for each. docs/what_if_and_why.md says what the numbers and maps mean.
"""

import sys

from absl import app, flags

from experiments import tensorflow_start  # first: before TensorFlow is imported

from experiments import explaining_run  # isort: skip

_RUN = flags.DEFINE_string(
    "run", None, "Folder of a finished run; left out: the model that comes with the package."
)
_OUTPUT = flags.DEFINE_string("output", "why.html", "The HTML file to write.")


def main(arguments: list[str]) -> None:
    """Explains, and says where the page is."""
    tensorflow_start.only_warnings()
    try:
        print(f"page: {explaining_run.explain(_RUN.value, arguments[1:], _OUTPUT.value)}")
    except (OSError, ValueError) as error:
        sys.exit(f"explain: {error}")


def run() -> None:
    """Entry point of the console command."""
    app.run(main)


if __name__ == "__main__":
    run()
