r"""Several finished runs beside each other in one HTML file, with what differs for certain.

  python -m experiments.compare --run=runs/ours_0 --run=runs/ours_1 --run=runs/nic-f_0 \
      --output=compare.html

Runs that differ in nothing but their seed are one system. The page has each system's scores with
95% intervals (bootstrap over photographs), paired differences of each pair of systems with a mark
where zero is outside, all learning curves in one picture, what each system wrote beside what
people wrote (for the photographs where they differ most and for some drawn at random, or for those
that --show names), and the settings in which they differ. It needs nothing else and runs no
script; it holds photographs in small. Runs are predicted where their folders have no predictions
of the split yet.
"""

import sys

from absl import app, flags

from experiments import tensorflow_start  # first: before TensorFlow is imported
from experiments.program_ends import END_OTHERS, told
from s_cnn_rnn.runs.run_places import require_run

_RUN = flags.DEFINE_multi_string("run", None, "Run folder; given twice or more.")
_OUTPUT = flags.DEFINE_string("output", "compare.html", "The HTML file to write.")
_SPLIT = flags.DEFINE_string("split", "validation", "Split to predict and score.")
_DIFFERING = flags.DEFINE_integer(
    "differing",
    12,
    "How many photographs are shown side by side of those whose scores differ most.",
    lower_bound=0,
)
_DRAWN = flags.DEFINE_integer(
    "drawn", 12, "How many are shown that are drawn at random.", lower_bound=0
)
_SHOW = flags.DEFINE_multi_string(
    "show",
    [],
    "File name of a photograph to show instead of those; may be given several times.",
)
_RESULTS = flags.DEFINE_string("results", None, "Result file (CSV) to add all figures to.")


def main(_: list[str]) -> None:
    """Compares and prints where the page is."""
    tensorflow_start.only_warnings()
    with told("compare", less_memory=END_OTHERS, also=(KeyError,)):
        for run_folder in _RUN.value:
            require_run(run_folder)
        from experiments import comparison_run, evaluation_run  # seconds: TensorFlow

        comparison_run.compare(
            _RUN.value,
            _OUTPUT.value,
            split=_SPLIT.value,
            differing=_DIFFERING.value,
            drawn=_DRAWN.value,
            named=_SHOW.value,
            results=_RESULTS.value,
            command=evaluation_run.command("experiments.compare", sys.argv[1:]),
        )


def run() -> None:
    """Entry point of the console command."""
    flags.mark_flag_as_required("run")
    app.run(main)


if __name__ == "__main__":
    run()
