"""Writes captions or labels for photographs of one's own with a finished run.

  python -m experiments.annotate --run=runs/ours photo.jpg folder/
  python -m experiments.annotate --run=runs/ours --format=json --beams=3 folder/ > captions.jsonl

Of a folder all picture files are taken, those in folders inside it too. --format=text prints the
caption below the file's name, and below it the most telling concepts with their probabilities
("dog" before "the"); of a run that writes labels the labels, each with its probability where the
system has one, and the surest of those not written. --format=json prints one JSON object a line.
Photographs that cannot be read are skipped and told on standard error. Two cores need about ten
seconds to start, then they write for some ten photographs a second.

Exit status: 0, all photographs are annotated; 2, some were skipped; 1, nothing was done.
"""

import sys

from absl import app, flags

from experiments import tensorflow_start  # first: before TensorFlow is imported

from experiments import annotation_run  # isort: skip

_RUN = flags.DEFINE_string("run", None, "Folder of a finished run.")
_FORMAT = flags.DEFINE_enum("format", "text", ["text", "json"], "What is printed; see above.")
_CONCEPTS = flags.DEFINE_integer(
    "concepts", 8, "How many concepts (or labels not written) to print.", lower_bound=0
)
_BEAMS = flags.DEFINE_integer(
    "beams", 1, "How many annotations of each photograph, at most the beam width.", lower_bound=1
)


def main(arguments: list[str]) -> None:
    """Annotates and prints."""
    tensorflow_start.only_warnings()
    try:
        skipped = annotation_run.annotate(
            _RUN.value,
            arguments[1:],
            form=_FORMAT.value,
            concepts=_CONCEPTS.value,
            beams=_BEAMS.value,
        )
    except (OSError, ValueError) as error:
        sys.exit(f"annotate: {error}")
    if skipped:
        sys.exit(2)


def run() -> None:
    """Entry point of the console command."""
    flags.mark_flag_as_required("run")
    app.run(main)


if __name__ == "__main__":
    run()
