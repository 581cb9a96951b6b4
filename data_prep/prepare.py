"""Prepares a data set: reads its own files, checks every photograph, writes the prepared format.

Flickr8k, in the layout in which it is published (data/prepared/flickr8k/1.0.0):
  python -m data_prep.prepare --data_set=flickr8k --source=FOLDER
COCO's labels, with the captions of the same photographs; NUS-WIDE, split as in the paper:
  python -m data_prep.prepare --data_set=coco --source=FOLDER --captions=annotations/FILE.json
  python -m data_prep.prepare --data_set=nus_wide_paper --source=FOLDER
Your own photographs with a file of captions (columns file_name,caption):
  python -m data_prep.prepare --data_set=own_folder --source=FOLDER
Coloured shapes, drawn here:
  python -m data_prep.prepare --data_set=shapes --count=10000 --seed=0

Records that cannot be used are left out, counted, and listed in skipped.jsonl beside the prepared
set. Flickr8k takes half a minute on two cores; COCO some minutes.
"""

import shlex
import sys

from absl import app, flags

from experiments import tensorflow_start  # noqa: F401 # isort: skip (before TensorFlow is imported)

from data_prep import source_flags, vocabulary_flags
from data_prep.prepared_format import prepare
from data_prep.records import BadData
from data_prep.report import print_summary
from data_prep.side_files import HowPrepared
from s_cnn_rnn.progress import ProgressBar

_OUTPUT = flags.DEFINE_string("output", "data/prepared", "Folder of prepared data sets.")
_NAME = flags.DEFINE_string("name", None, "Name of the prepared set; default: the data set's.")
_OVERWRITE = flags.DEFINE_bool("overwrite", False, "Prepare again what is prepared already.")
_BEAM = flags.DEFINE_list(
    "beam",
    [],
    "Make the shards on Apache Beam, for sets that outgrow the machine: the pipeline's options as "
    "NAME=VALUE,NAME=VALUE (runner=DirectRunner,direct_num_workers=4,"
    "direct_running_mode=multi_processing). All workers must see source and output.",
)
flags.adopt_module_key_flags(source_flags)
flags.adopt_module_key_flags(vocabulary_flags)


def main(argv):
    """Prepares what the flags name, and says where it lies."""
    command = shlex.join(["python", "-m", "data_prep.prepare", *sys.argv[1:]])
    try:
        row, options = source_flags.chosen(_NAME.value)
        with ProgressBar(" records") as progress:
            data = prepare(
                row,
                row.records(**options),
                _OUTPUT.value,
                on_bad_record=source_flags.ON_BAD_RECORD.value,
                how=HowPrepared(
                    options,
                    vocabulary_flags.chosen(),
                    command,
                    photographs=not source_flags.WITHOUT_PHOTOGRAPHS.value,
                ),
                overwrite=_OVERWRITE.value,
                progress=progress,
                beam=_BEAM.value,
            )
    except (BadData, OSError) as error:
        sys.exit(f"prepare: {error}")
    except KeyboardInterrupt:
        sys.exit("prepare: stopped; nothing is left behind, the same command begins anew")
    print_summary(data)


def run():
    """The console command."""
    flags.mark_flag_as_required("data_set")
    flags.FLAGS.verbosity = -1  # tensorflow-datasets' lines would cut the bars
    app.run(main)


if __name__ == "__main__":
    run()
