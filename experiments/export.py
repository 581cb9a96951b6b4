"""Exports a finished run as one artefact: photograph in, text out, without this package.

  python -m experiments.export --run=runs/ours --format=saved_model --output=exported/ours
  python -m experiments.export --run=runs/ours --format=onnx --output=exported/ours.onnx
  python -m experiments.export --run=runs/ours --format=litert --precision=int8 \
      --output=exported/ours.tflite

A SavedModel takes JPEG files; ONNX and LiteRT take the pixels of a picture of any size (their
runtimes decode no JPEG). Resizing, the CNN, concepts, beam search and words are inside.

The artefact is then run on 200 validation photographs and must write what the run writes
(--tolerance: the part of the texts that may differ; more with fewer bits); CIDEr (labels: O-F1) may
fall by --lost. Where the run's data set is not at hand, --compare_on names photographs of one's own
(texts alone are compared then); on none nothing is exported. One that fails is kept as
OUTPUT.failed. OUTPUT.report.json has texts that differ, scores, size and time. More in
docs/export.md. Without --run it is the captioner that comes with the package.

Exit status: 0, exported; 3, exported but different (OUTPUT.failed); 1, nothing was exported.
"""

import pathlib
import sys

from absl import app, flags

from experiments import tensorflow_start  # first: before TensorFlow is imported
from experiments.photograph_places import STANDARD_INPUT, require_places
from experiments.program_ends import END_OTHERS, told

from experiments.photograph_sources import found_photographs  # isort: skip
from s_cnn_rnn.box import box_runs  # isort: skip
from s_cnn_rnn.export import CHOICES, FORMATS, ExportDiffers, Gate, export_run, report_text  # isort: skip
from s_cnn_rnn.progress import ProgressBar  # isort: skip

_RUN = flags.DEFINE_string(
    "run",
    None,
    "Folder of a finished run, or of an ensemble; left out: the captioner that comes with the "
    "package.",
)
_FORMAT = flags.DEFINE_enum("format", None, list(FORMATS), "What is written.")
_OUTPUT = flags.DEFINE_string("output", None, "The artefact: a folder for saved_model, or a file.")
_PRECISION = flags.DEFINE_enum(
    "precision", "float32", ["float32", "float16", "int8"], "Of the stored weights."
)
_LABELS = flags.DEFINE_enum(
    "labels", "top", list(CHOICES), "Where no decoder writes: the top 3, or all above thresholds."
)
_TOLERANCE = flags.DEFINE_float(
    "tolerance",
    None,
    "Part of the texts that may differ. Default: 0 for saved_model; else .01 with float32, "
    ".05 for onnx with float16, for litert .2 with float16 and .3 with int8.",
    lower_bound=0,
    upper_bound=1,
)
_LOST = flags.DEFINE_float("lost", 0.005, "How much CIDEr or O-F1 may fall.", lower_bound=0)
_PHOTOGRAPHS = flags.DEFINE_integer("photographs", 200, "How many are compared.", lower_bound=1)
_SPLIT = flags.DEFINE_string("split", "validation", "Split that they are taken from.")

_COMPARE_ON = flags.DEFINE_multi_string(
    "compare_on", [], "Folder of photographs of one's own, or files, in the place of the split."
)


def main(_: list[str]) -> None:
    """Exports and prints."""
    tensorflow_start.only_warnings()
    with told("export", less_memory=END_OTHERS, also=(KeyError,)):
        gate = Gate(
            _TOLERANCE.value, _LOST.value, _PHOTOGRAPHS.value, _SPLIT.value, _own_photographs()
        )
        try:
            with ProgressBar(" photographs") as progress:
                report = export_run(
                    _RUN.value or box_runs()[0],
                    _FORMAT.value,
                    _OUTPUT.value,
                    precision=_PRECISION.value,
                    labels=_LABELS.value,
                    gate=gate,
                    progress=progress,
                )
        except ExportDiffers as error:
            print(f"export: {error}", file=sys.stderr)
            sys.exit(3)
    print(report_text(_OUTPUT.value, report))


def _own_photographs() -> tuple[pathlib.Path, ...]:
    """Those that are named; none for the split.

    Raises:
        FileNotFoundError: named, and not there.
    """
    if not _COMPARE_ON.value:
        return ()
    require_places(_COMPARE_ON.value)
    files = [place for place in _COMPARE_ON.value if place != STANDARD_INPUT]
    found = tuple(found_photographs(files))
    if not found:
        raise FileNotFoundError(f"no photograph in {', '.join(_COMPARE_ON.value)}")
    return found


def run() -> None:
    """Entry point of the console command."""
    flags.mark_flags_as_required(["format", "output"])
    app.run(main)


if __name__ == "__main__":
    run()
