"""Prepares a data set: reads its own files, checks every photograph, writes the prepared format.

Flickr8k, in its own layout:
  python -m data_prep.prepare --data_set=flickr8k --source=FOLDER --output=data/prepared
"""

import sys

from absl import app, flags

from data_prep import data_sets
from data_prep.prepared_format import prepare
from data_prep.progress import ProgressBar
from data_prep.records import BadData
from data_prep.vocabularies import VocabularySettings

_DATA_SET = flags.DEFINE_enum(
    "data_set", None, sorted(data_sets.DATA_SETS), "which data set", required=True
)
_SOURCE = flags.DEFINE_string("source", None, "folder with the data set's own files")
_OUTPUT = flags.DEFINE_string("output", "data/prepared", "folder of prepared data sets")
_ON_BAD_RECORD = flags.DEFINE_enum(
    "on_bad_record", "skip", ["skip", "fail"], "leave a bad record out and list it, or stop"
)
_MINIMUM_COUNT = flags.DEFINE_integer(
    "minimum_count", 4, "words that appear less often become unknown", lower_bound=1
)
_MAXIMUM_OUTPUTS = flags.DEFINE_integer(
    "maximum_outputs", 12_000, "largest number of words the decoder writes", lower_bound=3
)
_CONCEPTS = flags.DEFINE_integer(
    "concepts", 1_000, "how many of the most frequent words are concepts", lower_bound=1
)
_OVERWRITE = flags.DEFINE_bool("overwrite", False, "prepare again where it is prepared already")


def main(argv):
    """Prepares what the flags name, and says where it lies."""
    row = data_sets.DATA_SETS[_DATA_SET.value]
    options = {"source": _SOURCE.value}
    vocabulary = VocabularySettings(_MINIMUM_COUNT.value, _MAXIMUM_OUTPUTS.value, _CONCEPTS.value)
    try:
        with ProgressBar() as progress:
            data = prepare(
                row,
                row.records(**options),
                _OUTPUT.value,
                on_bad_record=_ON_BAD_RECORD.value,
                vocabulary=vocabulary,
                settings=options,
                command=" ".join(["python -m data_prep.prepare", *sys.argv[1:]]),
                overwrite=_OVERWRITE.value,
                progress=progress,
            )
    except (BadData, FileExistsError) as error:
        sys.exit(f"prepare: {error}")
    print(f"{data.folder}: {data.splits}")


def run():
    """The console command."""
    app.run(main)


if __name__ == "__main__":
    run()
