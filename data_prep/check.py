"""The data check, before anything is trained: photographs, annotations, splits, word lists.

A data set's own files, without writing anything:
  python -m data_prep.check --data_set=flickr8k --source=FOLDER
A prepared data set, and whether a trained run's word list fits it:
  python -m data_prep.check --prepared=data/prepared/flickr8k/1.0.0 --vocabulary=runs/demo

What is wrong is told by file and line with what to do; --listed_in=FILE lists all of it. Exit
status 0: it can be used (perhaps without some records); 1: it cannot, or --on_bad_record=fail met
one.
"""

import pathlib
import sys

from absl import app, flags

from experiments import tensorflow_start  # noqa: F401 # isort: skip (before TensorFlow is imported)

from data_prep import source_flags
from data_prep.checks import check_prepared, check_source
from data_prep.records import BadData
from data_prep.side_files import write_problems
from s_cnn_rnn.progress import ProgressBar

_PREPARED = flags.DEFINE_string("prepared", None, "A prepared data set: DATA_DIR/NAME/VERSION.")
_VOCABULARY = flags.DEFINE_string(
    "vocabulary", None, "With --prepared: a run folder or its vocabulary.json, which must fit."
)
_EVERY_PHOTOGRAPH = flags.DEFINE_bool(
    "every_photograph", False, "With --prepared: decode all photographs, not some of each split."
)
_LISTED_IN = flags.DEFINE_string(
    "listed_in",
    None,
    "File that lists all that was found, as JSON lines. Default: none is written.",
)
flags.adopt_module_key_flags(source_flags)


def main(argv):
    """Checks what the flags name, and tells what it found."""
    if (_PREPARED.value is None) == (source_flags.DATA_SET.value is None):
        sys.exit("check: say either --data_set=... --source=... or --prepared=FOLDER (see --help)")
    try:
        with ProgressBar(" records") as progress:
            report = _check(progress)
    except BadData as error:
        sys.exit(f"check: cannot be used: {error}")
    if _LISTED_IN.value is not None:
        write_problems(pathlib.Path(_LISTED_IN.value), report.problems)
    print("\n".join(report.lines(_LISTED_IN.value)))


def _check(progress):
    if _PREPARED.value is not None:
        run_or_file, every = _VOCABULARY.value, _EVERY_PHOTOGRAPH.value
        return check_prepared(_PREPARED.value, run_or_file, every, progress)
    row, options = source_flags.chosen()
    return check_source(row, row.records(**options), source_flags.ON_BAD_RECORD.value, progress)


def run():
    """The console command."""
    flags.FLAGS.verbosity = -1  # tensorflow-datasets' lines would cut the bars
    app.run(main)


if __name__ == "__main__":
    run()
