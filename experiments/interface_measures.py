"""Measures what switching concepts does, how better concepts help, and how much s_hat leaks.

  python -m experiments.interface_measures --run=runs/ours_0 --photographs=300 \
      --results=results/what_if_flickr8k.csv

On the first photographs of a split (never tune on "test"). Captions are written anew some thirty
times for each; a thousand photographs take about an hour on two cores. docs/what_if_and_why.md
defines every measure. Intervals are 95%, by bootstrap over photographs. CIDEr is that of
`quick_cider`: to be compared within this file alone.
"""

import sys

from absl import app, flags

from experiments import tensorflow_start  # first: before TensorFlow is imported

from experiments import evaluation_run, measures_run  # isort: skip

_RUN = flags.DEFINE_string("run", None, "Folder of a finished run that writes captions.")
_SPLIT = flags.DEFINE_string("split", "validation", "Split to measure on.")
_PHOTOGRAPHS = flags.DEFINE_integer("photographs", 300, "How many, the first ones.", lower_bound=1)
_RESULTS = flags.DEFINE_string("results", None, "Result file (CSV) to add the figures to.")
_MEASURES = flags.DEFINE_multi_enum(
    "measure",
    list(measures_run.INTERFACE),
    list(measures_run.INTERFACE),
    "What is measured; may be given several times.",
)


def main(_: list[str]) -> None:
    """Measures, prints, and adds result rows."""
    tensorflow_start.only_warnings()
    try:
        measures_run.measure(
            _RUN.value,
            {name: measures_run.INTERFACE[name] for name in _MEASURES.value},
            split=_SPLIT.value,
            photographs=_PHOTOGRAPHS.value,
            results=_RESULTS.value,
            command=evaluation_run.command("experiments.interface_measures", sys.argv[1:]),
        )
    except (KeyError, OSError, ValueError) as error:
        sys.exit(f"interface_measures: {error}")


def run() -> None:
    """Entry point of the console command."""
    flags.mark_flag_as_required("run")
    app.run(main)


if __name__ == "__main__":
    run()
