"""Writes photographs' captions again with concepts switched on or off; saves nothing.

  python -m experiments.what_if photo.jpg --with=dog --without=person
  python -m experiments.what_if --run=runs/ours_0 photo.jpg --set=snow:0.8

Without --run it is the captioner that comes with the package. --with, --without and --set may be
given several times, and name several concepts with commas between them. Concepts that go together
in the photographs the run was trained on move along (--nocorrelated keeps them). The first time
that takes minutes: the training photographs are looked at, and concept_statistics.npz is kept in
the run folder. docs/what_if_and_why.md says what it means and how often it works.

Exit status: 0, all photographs are written of; 2, some were skipped, perhaps all, because
they cannot be read; 1, it could not begin, or not go on, and says why.
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
_WITH = flags.DEFINE_multi_string("with", [], "A concept to switch on, or several: dog,man.")
_WITHOUT = flags.DEFINE_multi_string("without", [], "A concept to switch off, or several.")
_SET = flags.DEFINE_multi_string(
    "set", [], "A concept and its probability, or several: snow:0.8,dog:0.2."
)
_CORRELATED = flags.DEFINE_bool("correlated", True, "Whether correlated concepts move along.")
_BEAMS = flags.DEFINE_integer("beams", 1, "How many captions before and after.", lower_bound=1)
_LESS_MEMORY = (
    "name fewer photographs in one command (32 are in memory at once), or end other programs"
)


def main(arguments: list[str]) -> None:
    """Writes and prints."""
    tensorflow_start.only_warnings()
    with told("what-if", less_memory=_LESS_MEMORY):
        require_places(arguments[1:])
        if _RUN.value:
            require_run(_RUN.value)
        from experiments import explaining_run  # seconds: TensorFlow

        skipped = explaining_run.what_if(
            _RUN.value,
            arguments[1:],
            with_concepts=_WITH.value,
            without_concepts=_WITHOUT.value,
            settings=_SET.value,
            correlated=_CORRELATED.value,
            beams=_BEAMS.value,
        )
    if skipped:
        sys.exit(2)


def run() -> None:
    """Entry point of the console command."""
    app.run(main)


if __name__ == "__main__":
    run()
