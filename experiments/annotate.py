r"""Writes captions and labels for photographs of one's own.

  s-cnn-rnn annotate photo.jpg holiday/ 'trips/**/*.jpg'
  s-cnn-rnn annotate --run=runs/mine --output=annotations.csv holiday/
  s-cnn-rnn annotate --write=sidecar holiday/
  find . -name '*.jpg' | s-cnn-rnn annotate --files_from=- --output=annotations.jsonl

Without --run the models in the box write a caption and labels. Of a folder all picture files are
taken, those in folders inside it too; - is a photograph on standard input. --format=text prints
the caption below the file's name, and below it the most telling concepts with their probabilities;
labels with theirs, and the surest of those not written. --format=json prints one JSON object a
line. --output adds to a file that is there: what it has is not done again.

--write=sidecar writes keywords and caption where photo managers read them, into PHOTO.jpg.xmp;
--write=embedded into the photographs themselves, whose pixels stay as they are. Keywords and
captions that are there stay; --dry_run shows what would be added, each keyword with its
probability, and --min_probability=0.5 leaves unsure ones out. docs/annotate.md says more.

Photographs that cannot be read are skipped, told on standard error and listed in --skipped. Two
cores need about ten seconds to start, then they write for some ten photographs a second.

Exit status: 0, all photographs are annotated; 2, some were skipped, perhaps all; 1, it could not
begin, or not go on, and says why; 130, stopped with Ctrl-C.
"""

import os
import sys

from absl import app, flags

from experiments import tensorflow_start  # first: before TensorFlow is imported
from experiments.photograph_places import require_places
from experiments.program_ends import STOPPED, told
from s_cnn_rnn.runs.run_places import require_run

_RUN = flags.DEFINE_multi_string(
    "run", [], "Folder of a finished run; one for captions and one for labels. Default: the box."
)
_FORMAT = flags.DEFINE_enum(
    "format", None, ["text", "json", "csv"], "What is printed. Default: as --output ends, or text."
)
_CONCEPTS = flags.DEFINE_integer(
    "concepts", 8, "How many concepts (or labels not written) to print.", lower_bound=0
)
_BEAMS = flags.DEFINE_integer(
    "beams", 1, "How many captions of each photograph, at most the beam width.", lower_bound=1
)
_BATCH = flags.DEFINE_integer("batch", 32, "Photographs at once; fewer need less memory.", 1)
_LABELS_FROM = flags.DEFINE_enum(
    "labels_from",
    "system",
    ["system", "threshold"],
    "Labels as the run's system chooses them, or all whose probability reaches --min_probability "
    "(0.5 if that is not given).",
)
_MINIMUM = flags.DEFINE_float(
    "min_probability",
    None,
    "Labels that are less sure are left out, and are no keywords of --write. Default: none are.",
    0.0,
    1.0,
)
_FILES_FROM = flags.DEFINE_string(
    "files_from", None, "File that names photographs or folders, one a line; - is standard input."
)
_WEBCAM = flags.DEFINE_integer("webcam", None, "Number of a camera (0 is the first).", 0)
_OUTPUT = flags.DEFINE_string("output", None, "File to write, or to go on with.")
_SKIPPED = flags.DEFINE_string(
    "skipped", None, "File that lists the photographs that were skipped, as JSON lines."
)
_WRITE = flags.DEFINE_enum(
    "write", None, ["sidecar", "embedded"], "Write into XMP sidecars, or into the photographs."
)
_DRY_RUN = flags.DEFINE_bool(
    "dry_run", False, "With --write: only show what would be added, with probabilities."
)
_AGAIN = flags.DEFINE_bool(
    "again", False, "With --write: also photographs that were annotated before."
)
_BEAM = flags.DEFINE_list(
    "beam",
    [],
    "Annotate on Apache Beam, for sets beyond one machine: the pipeline's options as NAME=VALUE,"
    "NAME=VALUE (runner=DirectRunner). All workers must see photographs, runs and --output.",
)


def main(arguments: list[str]) -> None:
    """Annotates and prints."""
    tensorflow_start.only_warnings()
    with told("annotate", less_memory="--batch=4 needs less than the usual 32"):
        try:
            skipped = _annotate(tuple(arguments[1:]))
        except BrokenPipeError:  # such as by `| head`
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            sys.exit(1)
        except KeyboardInterrupt:
            goes_on = "annotate: stopped; with --output or --write the same command goes on"
            print(goes_on, file=sys.stderr)
            sys.exit(STOPPED)
    if skipped:
        sys.exit(2)


def _annotate(places: tuple[str, ...]) -> int:
    if _FILES_FROM.value is None and _WEBCAM.value is None:
        require_places(places)
    for run_folder in _RUN.value:
        require_run(run_folder)
    from experiments import annotation_beam, annotation_run  # seconds: TensorFlow
    from experiments.photograph_sources import Places

    minimum = _MINIMUM.value
    if minimum is None:
        minimum = 0.5 if _LABELS_FROM.value == "threshold" else 0.0
    how = annotation_run.How(
        tuple(_RUN.value), _LABELS_FROM.value, minimum, _BEAMS.value, _BATCH.value
    )
    asked = Places(places, _FILES_FROM.value, _WEBCAM.value)
    common = {"form": _FORMAT.value, "concepts": _CONCEPTS.value, "skipped": _SKIPPED.value}
    if _BEAM.value:
        if _DRY_RUN.value:
            raise ValueError("--dry_run looks at nothing on --beam; leave one of them out")
        options = {"output": _OUTPUT.value, "write": _WRITE.value, "options": _BEAM.value}
        return annotation_beam.annotate(how, asked, again=_AGAIN.value, **common, **options)
    return annotation_run.annotate(
        how,
        asked,
        output=_OUTPUT.value,
        write=_WRITE.value,
        dry_run=_DRY_RUN.value,
        again=_AGAIN.value,
        **common,
    )


def run() -> None:
    """Entry point of the console command."""
    app.run(main)


if __name__ == "__main__":
    run()
