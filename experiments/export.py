"""Exports a finished run as one artefact: photograph in, text out, without this package.

  python -m experiments.export --run=runs/ours --format=saved_model --output=exported/ours
  python -m experiments.export --run=runs/ours --format=onnx --output=exported/ours.onnx
  python -m experiments.export --run=runs/ours --format=litert --precision=int8 \
      --output=exported/ours.tflite

A SavedModel takes JPEG files; ONNX and LiteRT take the pixels of a picture of any size (their
runtimes decode no JPEG). Resizing, the CNN, concepts, beam search and words are inside.

The artefact is then run on 200 validation photographs. float32 must write what the run writes
(--tolerance: the part of the texts that may differ); CIDEr (labels: O-F1) may fall by --lost, which
alone counts with fewer bits. One that fails is kept as OUTPUT.failed. OUTPUT.report.json has texts
that differ, scores, size and time. More in docs/export.md.

Exit status: 0, exported; 3, exported but different (OUTPUT.failed); 1, nothing was exported.
"""

import sys

from absl import app, flags

from experiments import tensorflow_start  # first: before TensorFlow is imported

from s_cnn_rnn.export import CHOICES, FORMATS, ExportDiffers, Gate, export_run, report_text  # isort: skip
from s_cnn_rnn.progress import ProgressBar  # isort: skip

_RUN = flags.DEFINE_string("run", None, "Folder of a finished run, or of an ensemble.")
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
    "Part of the texts that may differ (float32); default: 0 for saved_model, else .01.",
    lower_bound=0,
    upper_bound=1,
)
_LOST = flags.DEFINE_float("lost", 0.005, "How much CIDEr or O-F1 may fall.", lower_bound=0)
_PHOTOGRAPHS = flags.DEFINE_integer("photographs", 200, "How many are compared.", lower_bound=1)
_SPLIT = flags.DEFINE_string("split", "validation", "Split that they are taken from.")


def main(_: list[str]) -> None:
    """Exports and prints."""
    tensorflow_start.only_warnings()
    gate = Gate(_TOLERANCE.value, _LOST.value, _PHOTOGRAPHS.value, _SPLIT.value)
    try:
        with ProgressBar(" photographs") as progress:
            report = export_run(
                _RUN.value,
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
    except (ImportError, KeyError, OSError, ValueError) as error:
        sys.exit(f"export: {error.args[0] if isinstance(error, KeyError) else error}")
    print(report_text(_OUTPUT.value, report))


def run() -> None:
    """Entry point of the console command."""
    flags.mark_flags_as_required(["run", "format", "output"])
    app.run(main)


if __name__ == "__main__":
    run()
