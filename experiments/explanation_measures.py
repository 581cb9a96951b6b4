"""Measures whether contributions and word maps say what really moves a run's words.

  python -m experiments.explanation_measures --run=runs/ours_0 --photographs=50 \
      --results=results/why_flickr8k.csv

Contributions against switching concepts one by one; maps by deletion and insertion of places, and
with shuffled weights. Two words of each photograph have maps measured: those of the caption that
its concepts make most likelier. Two cores need some ten seconds for each photograph. docs/
what_if_and_why.md defines every measure. Intervals are 95%, by bootstrap over photographs.
"""

from absl import flags

from experiments import measure_program, measures_run

flags.adopt_module_key_flags(measure_program)
_PHOTOGRAPHS = flags.DEFINE_integer("photographs", 50, "How many, the first ones.", lower_bound=1)
_MEASURES = flags.DEFINE_multi_enum(
    "measure",
    list(measures_run.EXPLANATIONS),
    list(measures_run.EXPLANATIONS),
    "What is measured; may be given several times.",
)


def run() -> None:
    """Entry point of the console command."""
    measure_program.run_measures(
        "explanation_measures", measures_run.EXPLANATIONS, asked=_MEASURES, photographs=_PHOTOGRAPHS
    )


if __name__ == "__main__":
    run()
