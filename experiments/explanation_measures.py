"""Measures whether contributions and word maps say what really moves a run's words.

  python -m experiments.explanation_measures --run=runs/ours_0 --photographs=50 \
      --results=results/why_flickr8k.csv

Contributions against switching concepts one by one; maps by deletion and insertion of places, and
with shuffled weights. Two words of each photograph have maps measured: those of the caption that
its concepts make most likelier. Two cores need some ten seconds for each photograph. docs/
what_if_and_why.md defines every measure. Intervals are 95%, by bootstrap over photographs.
"""

import sys

from absl import app, flags

from experiments import tensorflow_start  # first: before TensorFlow is imported

from experiments import evaluation_run, measures_run  # isort: skip

_RUN = flags.DEFINE_string("run", None, "Folder of a finished run that writes captions.")
_SPLIT = flags.DEFINE_string("split", "validation", "Split to measure on.")
_PHOTOGRAPHS = flags.DEFINE_integer("photographs", 50, "How many, the first ones.", lower_bound=1)
_RESULTS = flags.DEFINE_string("results", None, "Result file (CSV) to add the figures to.")
_MEASURES = flags.DEFINE_multi_enum(
    "measure",
    list(measures_run.EXPLANATIONS),
    list(measures_run.EXPLANATIONS),
    "What is measured; may be given several times.",
)


def main(_: list[str]) -> None:
    """Measures, prints, and adds result rows."""
    tensorflow_start.only_warnings()
    try:
        measures_run.measure(
            _RUN.value,
            {name: measures_run.EXPLANATIONS[name] for name in _MEASURES.value},
            split=_SPLIT.value,
            photographs=_PHOTOGRAPHS.value,
            results=_RESULTS.value,
            command=evaluation_run.command("experiments.explanation_measures", sys.argv[1:]),
        )
    except (KeyError, OSError, ValueError) as error:
        sys.exit(f"explanation_measures: {error}")


def run() -> None:
    """Entry point of the console command."""
    flags.mark_flag_as_required("run")
    app.run(main)


if __name__ == "__main__":
    run()
