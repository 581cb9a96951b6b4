"""The files beside the shards: annotations, vocabularies, what was left out, prepared.json."""

import collections
import csv
import dataclasses
import json
import pathlib
from collections.abc import Iterable, Iterator

from data_prep import vocabularies
from data_prep.data_sets import DataSet
from data_prep.overlap import PicturesSeen
from data_prep.plan import Plan
from data_prep.records import BadData, Problem, ProblemLog
from s_cnn_rnn.data import prepared
from s_cnn_rnn.vocabulary import Vocabulary

SPLIT_FILE = "split.csv"


@dataclasses.dataclass(frozen=True)
class HowPrepared:
    """What `prepared.json` remembers of a preparation.

    Args:
        settings: the reader's options.
        vocabulary: how the vocabularies are made.
        command: the command line.
        photographs: whether the set is prepared with its photographs, or annotations alone.
    """

    settings: dict = dataclasses.field(default_factory=dict)
    vocabulary: vocabularies.VocabularySettings = dataclasses.field(
        default_factory=vocabularies.VocabularySettings
    )
    command: str = ""
    photographs: bool = True


def write(
    folder: pathlib.Path, row: DataSet, plan: Plan, log: ProblemLog, how: HowPrepared
) -> None:
    """Writes them all, from what `examples.ShardExamples` left beside the plan.

    Args:
        folder: where the shards are.
        row: what is known of the data set.
        plan: whose files are read; the caller deletes them.
        log: is told the problems of the shards, and holds the reader's already.
        how: what to remember.

    Raises:
        BadData: no photograph of the train split can be used, or the log stops.
    """
    sizes = {
        split: _join_annotations(folder / prepared.annotations_file(split), shards)
        for split, shards in plan.shards.items()
    }
    conversions = _told_by_shards(plan, log)
    if not sizes["train"]:
        raise BadData(f"train split: no photograph can be decoded; the last: {log.problems[-1]}")
    made_from = {"data_set": row.name, "version": row.version}
    vocabularies.write(folder, how.vocabulary, made_from, plan.labels)
    same = _identical_pictures(folder, sizes) if how.photographs else ()
    for problem in (*row.count_problems(sizes), *same, *_labels_train_lacks(folder, sizes)):
        log.tell(problem)
    write_problems(folder / prepared.SKIPPED_FILE, log.problems)
    if row.writes_split:
        _write_split(folder / SPLIT_FILE, folder, sizes)
    description = _description(folder, row, sizes, conversions, log, how)
    text = json.dumps(description, ensure_ascii=False, indent=2)
    # The source's name may be any bytes: those that are no UTF-8 as JSON writes lone surrogates.
    (folder / prepared.DESCRIPTION_FILE).write_text(text + "\n", "utf-8", "backslashreplace")


def write_problems(path: pathlib.Path, problems: Iterable[Problem]) -> None:
    """Writes one JSON line a problem: file, line, record, reason, what to do."""
    with path.open("w", encoding="utf-8") as file:
        for problem in problems:
            file.write(json.dumps(problem.as_json(), ensure_ascii=False) + "\n")


def _join_annotations(path: pathlib.Path, shards: list[pathlib.Path]) -> int:
    """Returns how many there are."""
    count = 0
    with path.open("wb") as annotations:
        for shard in shards:
            content = shard.with_suffix(".annotations").read_bytes()
            count += content.count(b"\n")
            annotations.write(content)
    return count


def _told_by_shards(plan: Plan, log: ProblemLog) -> collections.Counter:
    conversions = collections.Counter()
    for shard in (shard for shards in plan.shards.values() for shard in shards):
        told = json.loads(shard.with_suffix(".told").read_text("utf-8"))
        conversions.update(told["conversions"])
        for problem in told["problems"]:
            log.tell(Problem(**problem))
    return conversions


def _identical_pictures(folder: pathlib.Path, splits: Iterable[str]) -> Iterator[Problem]:
    pictures = PicturesSeen()
    for split in splits:
        path = folder / prepared.annotations_file(split)
        for line, annotation in enumerate(prepared.read_annotations(path), start=1):
            yield from pictures.see(split, annotation, path.name, line)


def _labels_train_lacks(folder: pathlib.Path, splits: Iterable[str]) -> Iterator[Problem]:
    path = folder / prepared.vocabulary_file("labels")
    known = set(Vocabulary.load(path).words) if path.exists() else set()
    for split in (split for split in splits if split != "train"):
        path = folder / prepared.annotations_file(split)
        labels = (label for item in prepared.read_annotations(path) for label in item.labels)
        for label, count in collections.Counter(labels).items():
            if label not in known:
                yield Problem(
                    file=path.name,
                    line=0,
                    expected="labels that a photograph of train has",
                    found=f"{label!r}, of {count:,} photographs of {split} alone",
                    advice="nothing can learn it; move such a photograph to train, or correct the "
                    "label if it is misspelt",
                    severity="note",
                    record=label,
                )


def _write_split(path: pathlib.Path, folder: pathlib.Path, splits: Iterable[str]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["file_name", "split"])
        for split in splits:
            for annotation in prepared.read_annotations(folder / prepared.annotations_file(split)):
                writer.writerow([annotation.file_name, split])


def _description(folder, row, sizes, conversions, log, how: HowPrepared) -> dict:
    split_digests = {
        split: prepared.file_digest(folder / prepared.annotations_file(split)) for split in sizes
    }
    return {
        "format": prepared.FORMAT,
        "name": row.name,
        "version": row.version,
        "photographs": how.photographs,
        "digest": prepared.digest_of_splits(split_digests),
        "splits": sizes,
        "split_digests": split_digests,
        "skipped": sum(problem.severity == "skip" for problem in log.problems),
        "notes": sum(problem.severity == "note" for problem in log.problems),
        "conversions": dict(conversions.most_common()),
        "settings": {**how.settings, **dataclasses.asdict(how.vocabulary)},
        "command": how.command,
        "citation": row.citation,
        "licence": row.licence,
    }
