"""Records -> a prepared data set (WORKSPACE.md), written by tensorflow-datasets.

One shard's records at a time are in memory, and the data set's own order is kept. Each shard is
made by `examples.ShardExamples` from its plan file alone, so that the shards can also be made on
Apache Beam.

tensorflow-datasets writes into a folder named ``incomplete...`` and renames it at the end; the
files beside the shards are written before that, so a set that was interrupted never looks whole.
"""

import os
import pathlib
import shutil
import tempfile
from collections.abc import Iterable, Sequence

import tensorflow_datasets as tfds
from absl import logging

from data_prep import annotations_alone, side_files
from data_prep.builder import make_builder
from data_prep.data_sets import DataSet
from data_prep.examples import ShardExamples
from data_prep.plan import Plan, make_plan
from data_prep.progress import Counting
from data_prep.records import Item, ProblemLog
from s_cnn_rnn.data.prepared import INCOMPLETE, PreparedData
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
    beam: Sequence[str] = (),
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
        beam: options of an Apache Beam pipeline that makes the shards (`beam.run`); none: they are
            made here, one after the other.

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
    log = ProblemLog(on_bad_record)
    preparation = Preparation(row, stream, log, how, workers, progress, tuple(beam))
    if not how.photographs:
        annotations_alone.write(target, preparation)
        return PreparedData(target)
    builder = make_builder(row, output, preparation)
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

    def __init__(self, row, stream, log, how, workers, progress, beam):
        self.row, self.stream, self.log, self.how = row, stream, log, how
        self.workers, self.progress, self.beam = workers, progress, beam
        self.plan: Plan | None = None

    def shards(self, folder: pathlib.Path) -> dict[str, list[ShardExamples]]:
        """Reads the annotations and says how each shard is made."""
        counting = Counting(self.row.reading, 0, self.progress)
        self.plan = make_plan(self.stream, folder / _PLAN_FOLDER, self.log, counting)
        total = sum(self.plan.sizes.values())
        what = "checking photographs" if self.how.photographs else "writing annotations"
        counting = Counting(what, total, self.progress)
        on_bad_record = self.log.on_bad_record
        if self.beam:
            # What travels can neither count here nor stop the others; `finish` stops instead.
            counting, on_bad_record = None, "skip"
        return {
            split: [ShardExamples(path, on_bad_record, self.workers, counting) for path in paths]
            for split, paths in self.plan.shards.items()
        }

    def finish(self, folder: pathlib.Path) -> None:
        """Writes the files beside the shards; the folder has its unfinished name still."""
        side_files.write(folder, self.row, self.plan, self.log, self.how)
        shutil.rmtree(folder / _PLAN_FOLDER)


def _tell_interrupted(target: pathlib.Path) -> None:
    for folder in sorted(target.parent.glob(f"{INCOMPLETE}*_{target.name}")):
        logging.warning(
            "%s: a preparation that was interrupted or still runs; delete it if none runs", folder
        )
