"""What the measuring programs share: flags, messages, and how they run."""

import sys
from collections.abc import Mapping

from absl import app, flags

from experiments import tensorflow_start  # first: before TensorFlow is imported
from experiments.program_ends import told

from experiments import evaluation_run, measures_run  # isort: skip

_RUN = flags.DEFINE_string("run", None, "Folder of a finished run that writes captions.")
_SPLIT = flags.DEFINE_string("split", "validation", "Split to measure on.")
_RESULTS = flags.DEFINE_string("results", None, "Result file (CSV) to add the figures to.")


def run_measures(
    name: str,
    table: Mapping[str, measures_run.Measure],
    *,
    asked: flags.FlagHolder,
    photographs: flags.FlagHolder,
) -> None:
    """Measures what the flags ask for, prints, and adds result rows.

    Args:
        name: of the program.
        table: the measures that it knows, by name.
        asked: the flag of names in the table.
        photographs: the flag of how many are measured.
    """
    flags.mark_flag_as_required("run")

    def main(_: list[str]) -> None:
        tensorflow_start.only_warnings()
        fewer = "give fewer --photographs, or end other programs"
        with told(name, less_memory=fewer, also=(KeyError,)):
            measures_run.measure(
                _RUN.value,
                {measure: table[measure] for measure in asked.value},
                split=_SPLIT.value,
                photographs=photographs.value,
                results=_RESULTS.value,
                command=evaluation_run.command(f"experiments.{name}", sys.argv[1:]),
            )

    app.run(main)
