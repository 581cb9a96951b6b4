"""Prepares a data set: reads its own files, checks every photograph, writes the prepared format.

Flickr8k, in the layout in which it is published (data/prepared/flickr8k/1.0.0):
  python -m data_prep.prepare --data_set=flickr8k --source=FOLDER
Your own photographs with a file of captions (columns file_name,caption):
  python -m data_prep.prepare --data_set=own_folder --source=FOLDER
Coloured shapes, drawn here:
  python -m data_prep.prepare --data_set=shapes --count=10000 --seed=0

Records that cannot be used are left out, counted, and listed in skipped.jsonl beside the prepared
set. Flickr8k takes half a minute on two cores; COCO some minutes.
"""

import sys

from absl import app, flags

from data_prep import source_flags
from data_prep.prepared_format import prepare
from data_prep.progress import ProgressBar
from data_prep.records import BadData
from data_prep.report import print_summary
from data_prep.side_files import HowPrepared
from data_prep.vocabularies import VocabularySettings

_OUTPUT = flags.DEFINE_string("output", "data/prepared", "Folder of prepared data sets.")
_NAME = flags.DEFINE_string("name", None, "Name of the prepared set; default: the data set's.")
_OVERWRITE = flags.DEFINE_bool("overwrite", False, "Prepare again what is prepared already.")
_MINIMUM_COUNT = flags.DEFINE_integer(
    "minimum_count", 4, "Words that appear less often become unknown.", lower_bound=1
)
_MAXIMUM_OUTPUTS = flags.DEFINE_integer(
    "maximum_outputs", 12_000, "Most words that the decoder can write.", lower_bound=3
)
_CONCEPTS = flags.DEFINE_integer(
    "concepts", 1_000, "How many of the most frequent words are concepts.", lower_bound=1
)
flags.adopt_module_key_flags(source_flags)
flags.mark_flag_as_required("data_set")


def main(argv):
    """Prepares what the flags name, and says where it lies."""
    try:
        row, options = source_flags.chosen(_NAME.value)
        with ProgressBar() as progress:
            data = prepare(
                row,
                row.records(**options),
                _OUTPUT.value,
                on_bad_record=source_flags.ON_BAD_RECORD.value,
                how=HowPrepared(
                    settings=options,
                    vocabulary=VocabularySettings(
                        _MINIMUM_COUNT.value, _MAXIMUM_OUTPUTS.value, _CONCEPTS.value
                    ),
                    command=" ".join(["python -m data_prep.prepare", *sys.argv[1:]]),
                ),
                overwrite=_OVERWRITE.value,
                progress=progress,
            )
    except (BadData, OSError) as error:
        sys.exit(f"prepare: {error}")
    print_summary(data)


def run():
    """The console command."""
    app.run(main)


if __name__ == "__main__":
    run()
