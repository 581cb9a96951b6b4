r"""Packs finished runs into the box that comes with the package: small, and ready to annotate.

  python -m experiments.pack --run=runs/flickr8k/ours_0 --run=runs/mirflickr/ours_0

Weights are stored in half precision (the encoder's not at all where its pip package has the very
same), and nothing that only training needs goes along; which concepts go together
(concept_statistics.npz, made in the run folder where it is not there yet) does, for what-if. Each
run is scored on its validation part, and the packed one must write the same on --check photographs
of it; scores, recipe, commit and digests stand in packed.json of each folder, and in the model
card. The data sets of the runs must be where their settings say. Two runs take some minutes on two
cores.
"""

import pathlib

from absl import app, flags

from experiments import tensorflow_start  # first: before TensorFlow is imported
from experiments.program_ends import END_OTHERS, told

_RUN = flags.DEFINE_multi_string(
    "run", None, "Folder of a finished run: one that writes captions, one that writes labels."
)
_OUTPUT = flags.DEFINE_string("output", "s_cnn_rnn/box", "Folder of the box.")
_CHECK = flags.DEFINE_integer(
    "check", 200, "On how many validation photographs both are compared.", lower_bound=1
)
_LEAST = flags.DEFINE_float(
    "least_agreement", 0.95, "On which part of them they must agree.", lower_bound=0, upper_bound=1
)
_SCORE = flags.DEFINE_bool("score", True, "Score the runs on their validation parts, and record.")
_LARGEST = flags.DEFINE_float("largest", 25.0, "Most megabytes (10^6 bytes) of the box in all.")
_CARD = flags.DEFINE_string(
    "card", "docs/model_card.md", "Model card whose figures are brought up to date; empty for none."
)


def main(_: list[str]) -> None:
    """Packs, checks, tells."""
    tensorflow_start.only_warnings()
    from experiments import packing_run

    with told("pack", less_memory=END_OTHERS, also=(KeyError,)):
        packing_run.pack_runs(
            _RUN.value,
            pathlib.Path(_OUTPUT.value),
            photographs=_CHECK.value,
            least=_LEAST.value,
            score=_SCORE.value,
            largest=_LARGEST.value,
            card=_CARD.value,
        )


def run() -> None:
    """Entry point of the console command."""
    flags.mark_flag_as_required("run")
    app.run(main)


if __name__ == "__main__":
    run()
