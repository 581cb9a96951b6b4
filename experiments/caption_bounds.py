r"""How good the best caption that a beam finds would be, and a person's, beside the one written.

  python -m experiments.ensemble --ensemble=runs/ours_wide_0 --run=runs/ours_0 --width=50
  python -m experiments.caption_bounds --run=runs/ours_wide_0

A run keeps as many captions of each photograph as its beam is wide (decoding.width), so the first
command makes a folder that keeps 50. CIDEr is as training logs it, without Java. A person is
scored by one reference fewer than the run, which costs the person a little.
"""

import pathlib

from absl import app, flags

from experiments import tensorflow_start  # first: before TensorFlow is imported
from experiments.program_ends import END_OTHERS, told

from s_cnn_rnn.progress import ProgressBar  # isort: skip
from s_cnn_rnn.runs.run_folder import RunFolder  # isort: skip
from s_cnn_rnn.scoring.caption_bounds import bounds_of_run  # isort: skip

_RUN = flags.DEFINE_string("run", None, "Folder of a finished run, or of an ensemble.")
_SPLIT = flags.DEFINE_string("split", "validation", "Split of its data set.")


def lines(path: str, split: str) -> list[str]:
    """What the screen shows.

    Args:
        path: of the run's folder.
        split: of its data set.

    Raises:
        OSError, KeyError, ValueError: as `bounds_of_run`.
    """
    with ProgressBar(" photographs") as progress:
        found = bounds_of_run(RunFolder(pathlib.Path(path)), split, progress=progress)
    return [
        f"{path}: CIDEr of {found.photographs} photographs of {split}",
        f"  written (the first of {found.hypotheses:.0f})   {found.written:.3f}",
        f"  the best of {found.hypotheses:.0f}              {found.best:.3f}",
        f"  a person against the others  {found.person:.3f}",
    ]


def main(_: list[str]) -> None:
    """Scores and prints."""
    tensorflow_start.only_warnings()
    with told("caption_bounds", less_memory=END_OTHERS, also=(KeyError,)):
        print("\n".join(lines(_RUN.value, _SPLIT.value)))


def run() -> None:
    """Entry point of the console command."""
    flags.mark_flags_as_required(["run"])
    app.run(main)


if __name__ == "__main__":
    run()
