r"""Makes an ensemble of finished runs: before every word their word probabilities are averaged.

  python -m experiments.ensemble --ensemble=runs/nic-v2_of_3 \
      --run=runs/nic-v2_0 --run=runs/nic-v2_1 --run=runs/nic-v2_2
  python -m experiments.evaluate --run=runs/nic-v2_of_3 --compare=runs/nic-v2_0
  python -m experiments.annotate --run=runs/nic-v2_of_3 photo.jpg
  python -m experiments.ensemble --ensemble=runs/ours_consensus_0 --run=runs/ours_0 --consensus=20
  python -m experiments.ensemble --ensemble=runs/ours_voted_0 --run=runs/ours_0 \
      --consensus=50 --concepts_vote --photographs_vote
  python -m experiments.ensemble --ensemble=runs/labels_more_0 --run=runs/labels_0 --stop_bias=-0.5

The folder names its members and is used like a run's. They may be of different systems and CNNs,
but must have learnt from the same data with the same words. The ensemble decodes as the first
member does (beam width, longest caption), but for what is asked for here: so the last three
commands make folders of one run that is decoded otherwise. What an ensemble cost is the sum of its
members. A second.
"""

import pathlib

from absl import app, flags

from experiments import tensorflow_start  # first: before TensorFlow is imported
from experiments.program_ends import END_OTHERS, told

from s_cnn_rnn.runs.ensemble_folder import make_ensemble  # isort: skip
from s_cnn_rnn.runs.run_folder import RunFolder  # isort: skip
from s_cnn_rnn.runs.run_names import system_of_run  # isort: skip

_RUN = flags.DEFINE_multi_string("run", None, "Folder of a finished run; give several.")
_ENSEMBLE = flags.DEFINE_string("ensemble", None, "Folder to make.")
_WIDTH = flags.DEFINE_integer("width", None, "Of the beam.", lower_bound=1)
_LENGTH_NORMALISATION = flags.DEFINE_float(
    "length_normalisation", None, "Exponent on the length by which a beam's score is divided."
)
_CONSENSUS = flags.DEFINE_integer(
    "consensus",
    None,
    "Captions that are sought and vote on each other: that most like the others is taken. 0: that "
    "with the best score.",
    lower_bound=0,
)
_CONCEPTS_VOTE = flags.DEFINE_boolean(
    "concepts_vote",
    None,
    "Whether s_hat votes as well: for captions that name what it is sure of. Needs --consensus.",
)
_PHOTOGRAPHS_VOTE = flags.DEFINE_boolean(
    "photographs_vote",
    None,
    "Whether the train split's photographs vote as well, by what people wrote of them. Needs "
    "--consensus.",
)
_STOP_BIAS = flags.DEFINE_float(
    "stop_bias",
    None,
    "Added to the log probability of the end where greedy search decides whether to stop: below 0 "
    "for longer lists of labels, above 0 for shorter ones.",
)


def main(_: list[str]) -> None:
    """Makes it."""
    tensorflow_start.only_warnings()
    with told("ensemble", less_memory=END_OTHERS):
        members = [RunFolder(pathlib.Path(run)) for run in _RUN.value]
        folder = make_ensemble(_ENSEMBLE.value, members, _decoding())
    print(f"{folder.path}: {system_of_run(folder)}")
    print(f"score it with: python -m experiments.evaluate --run={folder.path}")


def _decoding() -> dict[str, float | bool]:
    """What is asked for otherwise than the first member decodes."""
    asked = {
        "width": _WIDTH.value,
        "length_normalisation": _LENGTH_NORMALISATION.value,
        "consensus": _CONSENSUS.value,
        "concepts_vote": _CONCEPTS_VOTE.value,
        "photographs_vote": _PHOTOGRAPHS_VOTE.value,
        "stop_bias": _STOP_BIAS.value,
    }
    return {name: value for name, value in asked.items() if value is not None}


def run() -> None:
    """Entry point of the console command."""
    flags.mark_flags_as_required(["run", "ensemble"])
    app.run(main)


if __name__ == "__main__":
    run()
