r"""Draws the learning curves of several runs against encoder passes, in one picture.

  python -m experiments.curves --run=runs/ours_0 --run=runs/ours_1 --run=runs/nic-f_0 \
      --metric=CIDEr --picture=docs/images/curves.png

Runs that differ in nothing but their seed are one system: their mean is drawn, and their range.
The values are those that training logged on the validation part (`evaluate_every` in a stage's
settings). Seconds.
"""

import pathlib

from absl import app, flags

from experiments.program_ends import END_OTHERS, told
from s_cnn_rnn.report.curves_picture import learning_curves_picture
from s_cnn_rnn.runs.learning_curves import curves_of_systems
from s_cnn_rnn.runs.run_folder import RunFolder

_RUN = flags.DEFINE_multi_string("run", None, "Run folder; may be given several times.")
_METRIC = flags.DEFINE_string("metric", "CIDEr", "What to draw, as the training logs call it.")
_PICTURE = flags.DEFINE_string("picture", "curves.png", "Picture to write (PNG, SVG, PDF).")
_TITLE = flags.DEFINE_string("title", "", "Heading of the picture.")


def main(_: list[str]) -> None:
    """Draws."""
    with told("curves", less_memory=END_OTHERS):
        folders = [RunFolder(pathlib.Path(path)) for path in _RUN.value]
        curves = curves_of_systems(folders, _METRIC.value)
        label = f"{_METRIC.value}, validation part"
        print(learning_curves_picture(_PICTURE.value, curves, _TITLE.value, label))


def run() -> None:
    """Entry point of the console command."""
    flags.mark_flag_as_required("run")
    app.run(main)


if __name__ == "__main__":
    run()
