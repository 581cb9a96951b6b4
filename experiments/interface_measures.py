"""Measures what switching concepts does, how better concepts help, and how much s_hat leaks.

  python -m experiments.interface_measures --run=runs/ours_0 --photographs=300 \
      --results=results/what_if_flickr8k.csv

On the first photographs of a split (never tune on "test"). Captions are written anew some thirty
times for each; a thousand photographs take about an hour on two cores. docs/what_if_and_why.md
defines every measure. Intervals are 95%, by bootstrap over photographs. CIDEr is that of
`quick_cider`: to be compared within this file alone.
"""

from absl import flags

from experiments import measure_program, measures_run

flags.adopt_module_key_flags(measure_program)
_PHOTOGRAPHS = flags.DEFINE_integer("photographs", 300, "How many, the first ones.", lower_bound=1)
_MEASURES = flags.DEFINE_multi_enum(
    "measure",
    list(measures_run.INTERFACE),
    list(measures_run.INTERFACE),
    "What is measured; may be given several times.",
)


def run() -> None:
    """Entry point of the console command."""
    measure_program.run_measures(
        "interface_measures", measures_run.INTERFACE, asked=_MEASURES, photographs=_PHOTOGRAPHS
    )


if __name__ == "__main__":
    run()
