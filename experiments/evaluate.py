r"""Predicts a split with finished runs, scores captions or labels, and writes a report.

  python -m experiments.evaluate --run=runs/ours_0
  python -m experiments.evaluate --run=runs/ours_0 --run=runs/ours_1 --compare=runs/nic-f_0 \
      --results=results/table4_flickr8k.csv

Several --run are seeds of one system: their scores are meaned. Intervals are 95%, by bootstrap
over photographs. Predictions are saved in the run folders (predictions/SPLIT.json, and
SPLIT.coco.json with captions in COCO's results format) before they are scored, and used again next
time. The text-only baseline is the same decoder without a photograph. Flickr8k's validation part
takes about a minute for each run on two cores. The last line says where the report is.

Labels are scored under the protocol that each row of the results names: "own stop" where a decoder
writes them; else "top 3", and above thresholds chosen on the train split (one for all labels, or
one for each), for which that split is predicted as well. --compare adds rows of differences, whose
column "against" names the other system: under the protocols that both have, or, where only one of
them stops by itself, "own stop minus top 3", "own stop minus threshold chosen on train" and so on.
"""

import sys

from absl import app, flags

from experiments import tensorflow_start  # first: before TensorFlow is imported
from experiments.program_ends import END_OTHERS, told
from s_cnn_rnn.runs.run_places import require_run

_RUN = flags.DEFINE_multi_string("run", None, "Run folder; several are seeds of one system.")
_COMPARE = flags.DEFINE_multi_string(
    "compare", [], "Run folder of another system to compare with; may be given several times."
)
_SPLIT = flags.DEFINE_string("split", "validation", "Split to predict and score.")
_RESULTS = flags.DEFINE_string("results", None, "Result file (CSV) to add the scores to.")
_REPORT = flags.DEFINE_bool("report", True, "Write report.html in the (first) run folder.")
_S_HAT_TOO = flags.DEFINE_bool(
    "s_hat_too",
    False,
    "Of systems that write labels, score s_hat as well: at its top 3 and at thresholds. The train "
    "split is predicted for that, as it is for systems without a decoder.",
)


def main(_: list[str]) -> None:
    """Scores and prints."""
    tensorflow_start.only_warnings()
    with told("evaluate", less_memory=END_OTHERS, also=(KeyError,)):
        for run_folder in (*_RUN.value, *_COMPARE.value):
            require_run(run_folder)
        from experiments import evaluation_run  # seconds: TensorFlow

        evaluation_run.evaluate(
            _RUN.value,
            compare=_COMPARE.value,
            split=_SPLIT.value,
            results=_RESULTS.value,
            report=_REPORT.value,
            s_hat_too=_S_HAT_TOO.value,
            command=evaluation_run.command("experiments.evaluate", sys.argv[1:]),
        )


def run() -> None:
    """Entry point of the console command."""
    flags.mark_flag_as_required("run")
    app.run(main)


if __name__ == "__main__":
    run()
