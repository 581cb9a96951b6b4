"""What a reader yields -> which record goes into which shard.

The plan lies on disk, one file a shard, so that a data set of any size is prepared in little
memory, and so that a shard is made from its file alone (on Apache Beam: by any machine).
"""

import dataclasses
import pathlib
import pickle
import re
from collections.abc import Callable, Iterable
from typing import NamedTuple

from data_prep.records import SPLITS, Item, LabelNames, Problem, ProblemLog, Record

SHARD_RECORDS = 1_024
SHARD_BYTES = 64 * 2**20


@dataclasses.dataclass
class Plan:
    """The shards of each split.

    Args:
        shards: for each split, the files that hold its records, in order.
        sizes: records in each split.
        labels: all labels, where the data set defines them.
    """

    shards: dict[str, list[pathlib.Path]]
    sizes: dict[str, int]
    labels: tuple[str, ...] | None = None


def make_plan(
    stream: Iterable[Item],
    folder: pathlib.Path,
    log: ProblemLog,
    progress: Callable[[], None] = lambda: None,
) -> Plan:
    """Numbers the records, drops those that come twice, and cuts each split into shards.

    Args:
        stream: what a data set's reader yields.
        folder: where the plan is written.
        log: is told every problem.
        progress: called once a record.

    Raises:
        BadData: as the log decides, or there is no record for the train split.
    """
    folder.mkdir(parents=True, exist_ok=True)
    plan = Plan({}, {})
    waiting: dict[str, _Shard] = {}
    seen: dict[str, _Place] = {}
    ids: dict[int, _Place] = {}
    for item in stream:
        if isinstance(item, LabelNames):
            plan.labels = item.names
            continue
        progress()
        if isinstance(item, Problem):
            log.tell(item)
            continue
        record = _numbered(item, len(seen) + 1)
        problem = _told_twice(record, seen.get(record.file_name), ids.get(record.image_id))
        problem = problem or _not_text(record) or _wrong_split(record)
        if problem:
            log.tell(problem)
            continue
        # Only places are kept: the captions of a large set stay on disk.
        place = _Place(record.source, record.line, record.file_name, record.split)
        seen[record.file_name] = ids[record.image_id] = place
        plan.sizes[record.split] = plan.sizes.get(record.split, 0) + 1
        shard = waiting.setdefault(record.split, _Shard())
        shard.add(record)
        if shard.full:
            _write(waiting.pop(record.split), record.split, folder, plan)
    for split, shard in waiting.items():
        _write(shard, split, folder, plan)
    if not plan.sizes.get("train"):
        log.tell(_nothing_to_train(plan, log))
    order = [split for split in SPLITS if split in plan.sizes]
    order += sorted(plan.sizes.keys() - set(order))
    shards, sizes = ({s: of[s] for s in order} for of in (plan.shards, plan.sizes))
    return Plan(shards, sizes, plan.labels)


def read_shard(path: pathlib.Path) -> list[Record]:
    """The records of one shard."""
    with path.open("rb") as file:
        return pickle.load(file)


class _Place(NamedTuple):
    """Where a record stands: little memory for each of many."""

    source: str
    line: int
    file_name: str
    split: str


@dataclasses.dataclass
class _Shard:
    records: list[Record] = dataclasses.field(default_factory=list)
    size: int = 0

    @property
    def full(self) -> bool:
        return len(self.records) >= SHARD_RECORDS or self.size >= SHARD_BYTES

    def add(self, record: Record) -> None:
        self.records.append(record)
        if isinstance(record.photograph, bytes):
            self.size += len(record.photograph)
        elif record.photograph is not None and record.photograph.exists():
            self.size += record.photograph.stat().st_size


def _write(shard: _Shard, split: str, folder: pathlib.Path, plan: Plan) -> None:
    shards = plan.shards.setdefault(split, [])
    path = folder / f"{split}-{len(shards):05d}.records"
    path.write_bytes(pickle.dumps(shard.records))
    shards.append(path)


def _numbered(record: Record, number: int) -> Record:
    return record if record.image_id is not None else dataclasses.replace(record, image_id=number)


def _told_twice(record: Record, same_name: _Place | None, same_id: _Place | None) -> Problem | None:
    earlier = same_name or same_id
    if earlier is None:
        return None
    what = "file name" if same_name else f"image id {record.image_id}"
    place = f"{earlier.source}:{earlier.line}" if earlier.line else earlier.source
    where = f"{place} ({earlier.file_name}) has the same {what}"
    if earlier.split != record.split:
        where += f" in another split: {earlier.split}, here {record.split}"
    return Problem(
        file=record.source,
        line=record.line,
        expected="every photograph once, in one split",
        found=where,
        advice="delete one of the two; this one is left out",
        record=record.file_name,
    )


def _not_text(record: Record) -> Problem | None:
    """JSON can spell half of a surrogate pair, which no text file can hold."""
    for text in (record.file_name, *record.captions, *record.labels, *record.tags):
        try:
            text.encode("utf-8")
        except UnicodeEncodeError as error:
            return Problem(
                file=record.source,
                line=record.line,
                expected="text that UTF-8 can write",
                found=f"half a surrogate pair at character {error.start + 1} of {text!r}",
                advice="correct the text; the photograph is left out",
                record=repr(record.file_name),
            )
    return None


def _wrong_split(record: Record) -> Problem | None:
    if re.fullmatch(r"[a-z][a-z0-9_]*", record.split) and record.split != "all":
        return None
    return Problem(
        file=record.source,
        line=record.line,
        expected="a split named by lower-case letters, digits and underscores, but not `all`",
        found=repr(record.split),
        advice="name the splits: --annotations=train=FILE,validation=FILE",
        severity="refuse",
        record=record.file_name,
    )


def _nothing_to_train(plan: Plan, log: ProblemLog) -> Problem:
    found = ", ".join(f"{n} in {split}" for split, n in plan.sizes.items()) or "no record at all"
    first = (
        f"; the first of {len(log.problems)} problems: {log.problems[0]}" if log.problems else ""
    )
    return Problem(
        file="train split",
        line=0,
        expected="at least one photograph to train on",
        found=found + first,
        advice="check --source and the split names",
        severity="refuse",
    )
