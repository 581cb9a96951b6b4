"""Records -> a prepared data set (WORKSPACE.md), written by tensorflow-datasets.

The builder is a `tfds.core.ShardBasedBuilder`, not the `GeneratorBasedBuilder`: the latter holds
up to a gigabyte before it shuffles, while here one shard's records at a time are in memory and the
data set's own order is kept. Each shard is made by `ShardExamples` from its plan file alone, so the
same builder runs on Apache Beam (`tfds.download.DownloadConfig(beam_runner=...)`).

tensorflow-datasets writes into a folder named ``incomplete...`` and renames it at the end; the
files beside the shards are written before that, so a set that was interrupted never looks whole.
"""

import collections
import concurrent.futures
import dataclasses
import hashlib
import json
import os
import pathlib
import tempfile
from collections.abc import Callable, Iterable, Iterator

import numpy as np
import tensorflow_datasets as tfds
from absl import logging

from data_prep import vocabularies
from data_prep.data_sets import DataSet
from data_prep.plan import Plan, make_plan, read_shard
from data_prep.records import BadData, Problem, ProblemLog, Record
from s_cnn_rnn import prepared
from s_cnn_rnn.photographs import DamagedPhotograph, as_stored

Progress = Callable[[str, int, int], None]
_PLAN_FOLDER = "plan"


def no_progress(what: str, done: int, total: int) -> None:
    """Tells nothing; see `prepare`."""


@dataclasses.dataclass(frozen=True)
class Example:
    """A photograph ready to be written, and what was converted to make it so."""

    jpeg: bytes
    annotation: prepared.Annotation
    conversion: str

    def as_features(self) -> dict:
        """The example as tensorflow-datasets takes it."""
        return {
            "image": self.jpeg,
            "image_id": self.annotation.image_id,
            "file_name": self.annotation.file_name,
            "captions": list(self.annotation.captions),
            "labels": list(self.annotation.labels),
            "tags": list(self.annotation.tags),
        }


def example_of(record: Record) -> Example | Problem:
    """Decodes the photograph once to find damage; a pure function of the record and its file."""
    try:
        stored = as_stored(record.photograph, name=record.file_name)
    except DamagedPhotograph as damage:
        where = record.photograph
        return Problem(
            file=record.source,
            line=record.line,
            expected="a photograph that can be decoded"
            + ("" if isinstance(where, bytes) else f" at {where}"),
            found=damage.reason,
            advice="replace the file or delete the line; the photograph is left out",
            record=record.file_name,
        )
    annotation = prepared.Annotation(
        image_id=record.image_id,
        file_name=record.file_name,
        photograph_sha256=hashlib.sha256(stored.jpeg).hexdigest(),
        captions=record.captions,
        labels=record.labels,
        tags=record.tags,
    )
    return Example(stored.jpeg, annotation, stored.conversion)


@dataclasses.dataclass
class ShardExamples:
    """Yields the examples of one shard, and writes what the set must remember beside it.

    Args:
        plan_file: the shard's records. Beside it, ``.annotations`` takes the lines of the
            annotations file and ``.told`` the problems and conversions.
        on_bad_record: "skip" or "fail".
        workers: threads that read and decode.
        progress: called after each record (not on Beam, where it cannot travel).
    """

    plan_file: pathlib.Path
    on_bad_record: str
    workers: int
    progress: Callable[[], None] | None = None

    def __call__(self) -> Iterator[tuple[int, dict]]:
        """Yields (image id, features) of each photograph that is whole."""
        log = ProblemLog(self.on_bad_record)
        conversions = collections.Counter()
        records = read_shard(self.plan_file)
        with (
            concurrent.futures.ThreadPoolExecutor(self.workers) as pool,
            self.plan_file.with_suffix(".annotations").open("w", encoding="utf-8") as lines,
        ):
            for outcome in pool.map(example_of, records):
                if self.progress:
                    self.progress()
                if isinstance(outcome, Problem):
                    log.tell(outcome)
                    continue
                if outcome.conversion:
                    conversions[outcome.conversion] += 1
                lines.write(outcome.annotation.as_line() + "\n")
                yield outcome.annotation.image_id, outcome.as_features()
        told = {
            "problems": [dataclasses.asdict(problem) for problem in log.problems],
            "conversions": conversions,
        }
        self.plan_file.with_suffix(".told").write_text(json.dumps(told), "utf-8")


def make_builder(row: DataSet, output: pathlib.Path, fill: Callable, finish: Callable):
    """Makes a tensorflow-datasets builder of a row of the table.

    Args:
        row: name, version, notes, description.
        output: DATA_DIR.
        fill: folder being written -> {split: [ShardExamples]}.
        finish: called with that folder when the shards are written, before it gets its name.
    """

    class Builder(tfds.core.ShardBasedBuilder, skip_registration=True):
        name = row.name
        VERSION = tfds.core.Version(row.version)
        RELEASE_NOTES = row.release_notes

        def _info(self):
            texts = tfds.features.Sequence(tfds.features.Text())
            return tfds.core.DatasetInfo(
                builder=self,
                description=f"{row.description}\n\nLicence: {row.licence}",
                citation=row.citation,
                features=tfds.features.FeaturesDict(
                    {
                        "image": tfds.features.Image(encoding_format="jpeg"),
                        "image_id": tfds.features.Scalar(np.int64),
                        "file_name": tfds.features.Text(),
                        "captions": texts,
                        "labels": texts,
                        "tags": texts,
                    }
                ),
                disable_shuffling=True,
            )

        def _shard_iterators_per_split(self, dl_manager):
            return fill(pathlib.Path(self.data_dir))

        def _download_and_prepare(self, dl_manager, download_config=None):
            super()._download_and_prepare(dl_manager, download_config)
            finish(pathlib.Path(self.data_dir))

        def _log_download_bytes(self):
            """Says nothing: nothing is downloaded, and the program shows its own progress."""

        def _log_download_done(self):
            """Says nothing; see above."""

    return Builder(data_dir=output, file_format="array_record")


def prepare(
    row: DataSet,
    stream: Iterable[Record | Problem],
    output: str | os.PathLike,
    *,
    on_bad_record: str = "skip",
    vocabulary: vocabularies.VocabularySettings = vocabularies.VocabularySettings(),  # noqa: B008
    settings: dict | None = None,
    command: str = "",
    overwrite: bool = False,
    workers: int = 2,
    progress: Progress = no_progress,
) -> prepared.PreparedData:
    """Writes ``output/NAME/VERSION`` and reads it back.

    Args:
        row: what is known of the data set.
        stream: what its reader yields.
        output: DATA_DIR.
        on_bad_record: "skip" leaves bad records out, counted and listed; "fail" stops.
        vocabulary: how the vocabularies are made.
        settings: the reader's options, kept in ``prepared.json``.
        command: the command line, kept there too.
        overwrite: prepare again where the set is there already.
        workers: threads that read and decode.
        progress: called as (what is being done, records done, records in all or 0).

    Raises:
        BadData: the data set cannot be prepared, or stops at a bad record.
        FileExistsError: it is prepared already and ``overwrite`` is not set.
    """
    output = pathlib.Path(output).absolute()
    target = output / row.name / row.version
    if target.exists() and not overwrite:
        raise FileExistsError(
            f"{target}: prepared already; train from it, delete it, or say --overwrite"
        )
    log = ProblemLog(on_bad_record)
    plan = Plan({}, {})

    def fill(folder: pathlib.Path) -> dict[str, list[ShardExamples]]:
        counting = _Counting("reading annotations", 0, progress)
        planned = make_plan(stream, folder / _PLAN_FOLDER, log, counting)
        plan.shards, plan.sizes = _in_order(planned)
        counting = _Counting("checking photographs", sum(plan.sizes.values()), progress)
        return {
            split: [ShardExamples(path, on_bad_record, workers, counting) for path in paths]
            for split, paths in plan.shards.items()
        }

    def finish(folder: pathlib.Path) -> None:
        _write_beside(folder, row, plan, log, vocabulary, settings or {}, command)

    tfds.disable_progress_bar()
    config = tfds.download.DownloadConfig(
        download_mode=tfds.GenerateMode.REUSE_CACHE_IF_EXISTS
        if overwrite
        else tfds.GenerateMode.REUSE_DATASET_IF_EXISTS
    )
    with tempfile.TemporaryDirectory() as nothing_is_downloaded:
        make_builder(row, output, fill, finish).download_and_prepare(
            download_config=config, download_dir=nothing_is_downloaded
        )
    return prepared.PreparedData(target)


class _Counting:
    """Counts calls and passes them on as progress."""

    def __init__(self, what: str, total: int, progress: Progress):
        self.what, self.total, self.progress, self.done = what, total, progress, 0

    def __call__(self) -> None:
        self.done += 1
        self.progress(self.what, self.done, self.total)


def _in_order(plan: Plan) -> tuple[dict[str, list[pathlib.Path]], dict[str, int]]:
    first = [split for split in ("train", "validation", "test") if split in plan.shards]
    splits = first + sorted(plan.shards.keys() - set(first))
    return {s: plan.shards[s] for s in splits}, {s: plan.sizes[s] for s in splits}


def _write_beside(
    folder: pathlib.Path,
    row: DataSet,
    plan: Plan,
    log: ProblemLog,
    vocabulary: vocabularies.VocabularySettings,
    settings: dict,
    command: str,
) -> None:
    """Everything of the prepared set that is not a shard."""
    conversions, sizes = collections.Counter(), {}
    for split, shards in plan.shards.items():
        sizes[split] = 0
        with (folder / prepared.annotations_file(split)).open("wb") as annotations:
            for shard in shards:
                content = shard.with_suffix(".annotations").read_bytes()
                sizes[split] += content.count(b"\n")
                annotations.write(content)
                told = json.loads(shard.with_suffix(".told").read_text("utf-8"))
                conversions.update(told["conversions"])
                for problem in told["problems"]:
                    log.tell(Problem(**problem))
    if not sizes["train"]:
        raise BadData(f"train split: no photograph can be decoded; first: {log.problems[-1]}")
    for problem in row.count_problems(sizes, folder.parent.name):
        log.tell(problem)
    vocabularies.write(folder, vocabulary, {"data_set": row.name, "version": row.version})
    with (folder / prepared.SKIPPED_FILE).open("w", encoding="utf-8") as file:
        for problem in log.problems:
            file.write(json.dumps(problem.as_json(), ensure_ascii=False) + "\n")
    split_digests = {
        split: prepared.file_digest(folder / prepared.annotations_file(split)) for split in sizes
    }
    description = {
        "format": prepared.FORMAT,
        "name": row.name,
        "version": row.version,
        "digest": prepared.digest_of_splits(split_digests),
        "splits": sizes,
        "split_digests": split_digests,
        "skipped": sum(problem.severity == "skip" for problem in log.problems),
        "notes": sum(problem.severity == "note" for problem in log.problems),
        "conversions": dict(conversions.most_common()),
        "settings": {**settings, **dataclasses.asdict(vocabulary)},
        "command": command,
        "citation": row.citation,
        "licence": row.licence,
    }
    text = json.dumps(description, ensure_ascii=False, indent=2)
    (folder / prepared.DESCRIPTION_FILE).write_text(text + "\n", "utf-8")
    for path in (folder / _PLAN_FOLDER).iterdir():
        path.unlink()
    (folder / _PLAN_FOLDER).rmdir()
    logging.info("%s: %s, digest %s", row.name, sizes, description["digest"])
