"""Plays the pointing game: do words' maps point at what the words name?

  python -m experiments.pointing_game --run=runs/ours_0 --instances=instances_val2014.json \
      --source=COCO/val2014 --photographs=500 --results=results/pointing.csv

Photographs and boxes are the user's: any file in COCO's instances format whose boxes were drawn
around things. They need not be of the data set that the run was trained on. Two cores explain some
photographs a second. docs/what_if_and_why.md defines the game.
"""

import itertools
import pathlib
import sys

from absl import app, flags

from experiments import tensorflow_start  # first: before TensorFlow is imported
from experiments.program_ends import told

_RUN = flags.DEFINE_string("run", None, "Folder of a finished run, no ensemble.")
_INSTANCES = flags.DEFINE_string("instances", None, "Boxes: a JSON file in COCO's format.")
_SOURCE = flags.DEFINE_string("source", None, "Folder of the photographs that it names.")
_PHOTOGRAPHS = flags.DEFINE_integer("photographs", 500, "How many, the first ones.", lower_bound=1)
_RESULTS = flags.DEFINE_string("results", None, "Result file (CSV) to add the figures to.")
_LESS_MEMORY = "give fewer --photographs, or end other programs"


def main(_: list[str]) -> None:
    """Measures and prints."""
    tensorflow_start.only_warnings()
    from experiments import evaluation_run, pointing_run
    from experiments.box_annotations import boxed_photographs

    with told("pointing_game", less_memory=_LESS_MEMORY):
        found = boxed_photographs(pathlib.Path(_INSTANCES.value), pathlib.Path(_SOURCE.value))
        pointing_run.play(
            _RUN.value,
            list(itertools.islice(found, _PHOTOGRAPHS.value)),
            name=pathlib.Path(_INSTANCES.value).stem,
            results=_RESULTS.value,
            command=evaluation_run.command("experiments.pointing_game", sys.argv[1:]),
        )


def run() -> None:
    """Entry point of the console command."""
    flags.mark_flags_as_required(["run", "instances", "source"])
    app.run(main)


if __name__ == "__main__":
    run()
