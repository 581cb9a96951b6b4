r"""Learns the keywords of a photo library, or its captions, from the photographs' own metadata.

  s-cnn-rnn learn-keywords FOLDER --run=runs/mine
  s-cnn-rnn annotate --run=runs/mine --write=sidecar OTHER_FOLDER

Keywords are read from XMP, IPTC and .xmp sidecars of all photographs in FOLDER; a tenth of them is
held back to measure. Nothing is written into FOLDER. A keyword needs --minimum_photographs to be
learnt. --writes=captions learns captions instead, of which some hundreds are needed.

Some minutes on two cores for some hundreds of photographs (docs/own_keywords.md says how many).
Ctrl-C stops; the same command goes on. When the library has changed, say --overwrite and name a
new --run.
"""

import shlex
import sys

from absl import app, flags

from data_prep.folders import require_folder
from experiments import tensorflow_start  # first: before TensorFlow is imported
from experiments.program_ends import told

_RUN = flags.DEFINE_string("run", None, "Run folder to make, or to go on with.")
_WRITES = flags.DEFINE_enum("writes", "labels", ["labels", "captions"], "What is learnt.")
_SYSTEM = flags.DEFINE_string("system", "ours", "Row of s_cnn_rnn/model/systems.py.")
_THOROUGH = flags.DEFINE_bool(
    "thorough", False, "Train the CNN too: better from some thousand photographs on, much slower."
)
_MINIMUM = flags.DEFINE_integer(
    "minimum_photographs", 5, "Keywords of fewer photographs are left out.", lower_bound=1
)
_VALIDATION = flags.DEFINE_float(
    "validation_part", 0.1, "Part of the photographs that is held back.", 0.0, 0.9
)
_OUTPUT = flags.DEFINE_string("output", "data/prepared", "Folder of prepared data sets.")
_OVERWRITE = flags.DEFINE_bool("overwrite", False, "Read the library anew.")


def main(arguments: list[str]) -> None:
    """Prepares, checks, trains, tells."""
    tensorflow_start.only_warnings()
    if len(arguments) != 2:
        found = ", ".join(arguments[1:]) or "none"
        sys.exit(f"learn-keywords: expected one folder of photographs, got {found}")
    with told("learn-keywords", less_memory="end other programs, the same command goes on"):
        require_folder(arguments[1])
        from experiments import learning_run  # seconds: TensorFlow

        try:
            learning_run.learn(
                arguments[1],
                _RUN.value,
                writes=_WRITES.value,
                system=_SYSTEM.value,
                thorough=_THOROUGH.value,
                minimum_photographs=_MINIMUM.value,
                validation_part=_VALIDATION.value,
                output=_OUTPUT.value,
                overwrite=_OVERWRITE.value,
                command=shlex.join(["s-cnn-rnn", "learn-keywords", *sys.argv[1:]]),
            )
        except KeyboardInterrupt:
            sys.exit("learn-keywords: stopped; the same command begins anew")


def run() -> None:
    """Entry point of the console command."""
    flags.mark_flag_as_required("run")
    app.run(main)


if __name__ == "__main__":
    run()
