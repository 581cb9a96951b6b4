"""Records -> a prepared data set (WORKSPACE.md), written by tensorflow-datasets.

The builder is a `tfds.core.ShardBasedBuilder`, not the `GeneratorBasedBuilder`: the latter holds
up to a gigabyte before it shuffles, while here one shard's records at a time are in memory and the
data set's own order is kept. Each shard is made by `examples.ShardExamples` from its plan file
alone, so that the shards can also be made on Apache Beam (`beam`).

tensorflow-datasets writes into a folder named ``incomplete...`` and renames it at the end; the
files beside the shards are written before that, so a set that was interrupted never looks whole.
"""

import os
import pathlib
import shutil
import tempfile
from collections.abc import Iterable

import numpy as np
import tensorflow_datasets as tfds
from absl import logging

from data_prep import annotations_alone, side_files
from data_prep.data_sets import DataSet
from data_prep.examples import ShardExamples
from data_prep.plan import Plan, make_plan
from data_prep.progress import Counting
from data_prep.records import Item, ProblemLog
from s_cnn_rnn.prepared import INCOMPLETE, PreparedData
from s_cnn_rnn.progress import Progress, no_progress

_PLAN_FOLDER = "plan"


def prepare(
    row: DataSet,
    stream: Iterable[Item],
    output: str | os.PathLike,
    *,
    on_bad_record: str = "skip",
    how: side_files.HowPrepared = side_files.HowPrepared(),  # noqa: B008 (it cannot change)
    overwrite: bool = False,
    workers: int = 2,
    progress: Progress = no_progress,
) -> PreparedData:
    """Checks a data set while it writes ``output/NAME/VERSION``, and opens the result.

    Args:
        row: what is known of the data set.
        stream: what its reader yields.
        output: DATA_DIR.
        on_bad_record: "skip" leaves bad records out, counted and listed; "fail" stops.
        how: the vocabularies' settings, whether photographs are prepared, what to remember.
        overwrite: prepare again where the set is there already.
        workers: threads that read and decode.
        progress: called after every record; see `no_progress`.

    Raises:
        BadData: the data set cannot be prepared, or stops at a bad record.
        FileExistsError: it is prepared already and ``overwrite`` is not set.
    """
    output = pathlib.Path(output).absolute()
    target = output / row.name / row.version
    if target.exists() and not overwrite:
        raise FileExistsError(
            f"{target}: this folder is there already; train from it, choose another --name, or "
            "say --overwrite"
        )
    _tell_interrupted(target)
    preparation = Preparation(row, stream, ProblemLog(on_bad_record), how, workers, progress)
    if not how.photographs:
        annotations_alone.write(target, preparation)
        return PreparedData(target)
    builder = _make_builder(row, output, preparation)
    tfds.disable_progress_bar()
    modes = tfds.GenerateMode
    mode = modes.REUSE_CACHE_IF_EXISTS if overwrite else modes.REUSE_DATASET_IF_EXISTS
    with tempfile.TemporaryDirectory() as nothing_is_downloaded:
        builder.download_and_prepare(
            download_dir=nothing_is_downloaded,
            download_config=tfds.download.DownloadConfig(download_mode=mode),
        )
    return PreparedData(target)


class Preparation:
    """The two moments at which the writer calls back: before and after the shards."""

    def __init__(self, row, stream, log, how, workers, progress):
        self.row, self.stream, self.log, self.how = row, stream, log, how
        self.workers, self.progress = workers, progress
        self.plan: Plan | None = None

    def shards(self, folder: pathlib.Path) -> dict[str, list[ShardExamples]]:
        """Reads the annotations and says how each shard is made."""
        counting = Counting("reading annotations", 0, self.progress)
        self.plan = make_plan(self.stream, folder / _PLAN_FOLDER, self.log, counting)
        total = sum(self.plan.sizes.values())
        what = "checking photographs" if self.how.photographs else "writing annotations"
        counting = Counting(what, total, self.progress)
        return {
            split: [
                ShardExamples(path, self.log.on_bad_record, self.workers, counting)
                for path in paths
            ]
            for split, paths in self.plan.shards.items()
        }

    def finish(self, folder: pathlib.Path) -> None:
        """Writes the files beside the shards; the folder has its unfinished name still."""
        side_files.write(folder, self.row, self.plan, self.log, self.how)
        shutil.rmtree(folder / _PLAN_FOLDER)


def _make_builder(row: DataSet, output: pathlib.Path, preparation: Preparation):
    """A tensorflow-datasets builder of a row of the table."""

    class Builder(tfds.core.ShardBasedBuilder, skip_registration=True):
        name = row.name
        VERSION = tfds.core.Version(row.version)
        RELEASE_NOTES = row.release_notes

        def _info(self):
            return tfds.core.DatasetInfo(
                builder=self,
                description=f"{row.description}\n\nLicence: {row.licence}",
                citation=row.citation,
                features=_features(),
                disable_shuffling=True,
            )

        def _shard_iterators_per_split(self, dl_manager):
            return preparation.shards(pathlib.Path(self.data_dir))

        def _download_and_prepare(self, dl_manager, download_config=None):
            super()._download_and_prepare(dl_manager, download_config)
            preparation.finish(pathlib.Path(self.data_dir))

        def _log_download_bytes(self):
            """Says nothing: nothing is downloaded, and the program shows its own progress."""

        def _log_download_done(self):
            """Says nothing; see above."""

    return Builder(data_dir=output, file_format="array_record")


def _features() -> tfds.features.FeaturesDict:
    texts = tfds.features.Sequence(tfds.features.Text())
    return tfds.features.FeaturesDict(
        {
            "image": tfds.features.Image(encoding_format="jpeg"),
            "image_id": tfds.features.Scalar(np.int64),
            "file_name": tfds.features.Text(),
            "captions": texts,
            "labels": texts,
            "tags": texts,
        }
    )


def _tell_interrupted(target: pathlib.Path) -> None:
    for folder in sorted(target.parent.glob(f"{INCOMPLETE}*_{target.name}")):
        logging.warning(
            "%s: a preparation that was interrupted or still runs; delete it if none runs", folder
        )
