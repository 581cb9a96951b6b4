"""Writes, or checks, the file of captions that the COCO evaluation server takes.

  python -m experiments.coco_results --run=runs/ours_0 --split=test \
      --file=captions_test2014_ours_results.json
  python -m experiments.coco_results --run=runs/ours_0 --split=test --check \
      --file=captions_test2014_ours_results.json

The split is captioned first, where the run (or ensemble) has not done so yet; nobody needs to have
annotated it: data_prep.prepare --unannotated_splits=test=annotations/image_info_test2014.json makes
test2014 such a split, under COCO's own ids. Checked is that each photograph of the split has one
caption, that there are no others, and that none is empty. The server wants both
`captions_val2014_NAME_results.json` and `captions_test2014_NAME_results.json` in one zip file.
"""

import pathlib

from absl import app, flags

from experiments import tensorflow_start  # first: before TensorFlow is imported
from experiments.program_ends import END_OTHERS, told

from s_cnn_rnn.caption_metrics import check_coco_results, write_coco_results  # isort: skip
from s_cnn_rnn.scoring.predictions import predict  # isort: skip
from s_cnn_rnn.data.prepared import PreparedData  # isort: skip
from s_cnn_rnn.progress import ProgressBar  # isort: skip
from s_cnn_rnn.runs.run_folder import RunFolder  # isort: skip

_RUN = flags.DEFINE_string("run", None, "Folder of a finished run that writes captions.")
_SPLIT = flags.DEFINE_string("split", "test", "Split to caption.")
_FILE = flags.DEFINE_string("file", None, "Results file.")
_CHECK = flags.DEFINE_bool("check", False, "Only check the file that is there.")


def coco_results(run: str, split: str, file: str, *, check: bool = False) -> int:
    """Writes (unless ``check``) and checks a results file.

    Args:
        run: run folder.
        split: of its data set.
        file: the results file.
        check: whether the file that is there is checked.

    Returns:
        How many captions it holds.

    Raises:
        FileNotFoundError, KeyError, ValueError: as `predict` and `check_coco_results`.
    """
    folder = RunFolder(pathlib.Path(run))
    settings = folder.settings()
    if settings.task != "captions":
        raise ValueError(f"{run}: writes {settings.task}, not captions")
    if not check:
        with ProgressBar(" photographs") as progress:
            predictions = predict(folder, split, progress=progress)
        write_coco_results(file, {p.image_id: p.annotation for p in predictions.photographs})
    annotations = PreparedData(settings.data).annotations(split)
    return check_coco_results(file, [annotation.image_id for annotation in annotations])


def main(_: list[str]) -> None:
    """Writes or checks."""
    tensorflow_start.only_warnings()
    with told("coco_results", less_memory=END_OTHERS, also=(KeyError,)):
        count = coco_results(_RUN.value, _SPLIT.value, _FILE.value, check=_CHECK.value)
    print(f"{_FILE.value}: {count} captions, one for each photograph of {_SPLIT.value}")


def run() -> None:
    """Entry point of the console command."""
    flags.mark_flags_as_required(["run", "file"])
    app.run(main)


if __name__ == "__main__":
    run()
