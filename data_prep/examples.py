"""Records -> examples: the part of a preparation that reads and decodes photographs."""

import collections
import concurrent.futures
import dataclasses
import hashlib
import json
import pathlib
from collections.abc import Callable, Iterator

from data_prep.folders import similar_name
from data_prep.plan import read_shard
from data_prep.records import Problem, ProblemLog, Record
from s_cnn_rnn.data.prepared import Annotation

LARGE_PIXELS = 16_000_000


@dataclasses.dataclass(frozen=True)
class Example:
    """A photograph ready to be written.

    Args:
        jpeg: an upright RGB or grey JPEG; None where a set is prepared without photographs.
        annotation: everything else.
        conversion: what the photograph was before, if not such a JPEG; else "".
        note: something to tell that stops nothing, or None.
    """

    jpeg: bytes | None
    annotation: Annotation
    conversion: str
    note: Problem | None = None

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
    if record.photograph is None:
        return Example(None, _annotation(record, ""), "")
    # TensorFlow comes with it: half a gigabyte that annotations alone do without.
    from s_cnn_rnn.data.photographs import DamagedPhotograph, as_stored

    try:
        stored = as_stored(record.photograph, name=record.file_name)
    except DamagedPhotograph as damage:
        return _damaged(record, damage.reason)
    annotation = _annotation(record, hashlib.sha256(stored.jpeg).hexdigest())
    large = stored.width * stored.height > LARGE_PIXELS
    note = _large(record, stored.width, stored.height) if large else None
    return Example(stored.jpeg, annotation, stored.conversion, note)


def _annotation(record: Record, photograph_sha256: str) -> Annotation:
    return Annotation(
        image_id=record.image_id,
        file_name=record.file_name,
        photograph_sha256=photograph_sha256,
        captions=record.captions,
        labels=record.labels,
        tags=record.tags,
    )


def _damaged(record: Record, reason: str) -> Problem:
    path = record.photograph
    missing = isinstance(path, pathlib.Path) and not path.exists()
    similar = similar_name(path) if missing else None
    return Problem(
        file=record.source,
        line=record.line,
        expected="a photograph that can be decoded",
        found=reason + (f"; there is {similar!r}" if similar else ""),
        advice=("correct the name" if similar else "replace the file")
        + " or delete the line; the photograph is left out",
        record=record.file_name,
    )


def _large(record: Record, width: int, height: int) -> Problem:
    return Problem(
        file=record.source,
        line=record.line,
        expected=f"at most {LARGE_PIXELS // 1_000_000} megapixels",
        found=f"{width}x{height}",
        advice="nothing need be done; shrinking it would make every epoch faster",
        severity="note",
        record=record.file_name,
    )


def outcomes(records: list[Record], workers: int) -> Iterator[Example | Problem]:
    """`example_of` each record, in order, by several threads (Pillow decodes without the GIL)."""
    if all(record.photograph is None for record in records):
        yield from map(example_of, records)
        return
    with concurrent.futures.ThreadPoolExecutor(workers) as pool:
        yield from pool.map(example_of, records)


@dataclasses.dataclass
class ShardExamples:
    """Yields the examples of one shard, and writes what the set must remember beside its plan.

    It can be pickled if ``progress`` is None: Apache Beam may run it on any machine.

    Args:
        plan_file: the shard's records. Beside it, ``.annotations`` takes the lines of the
            annotations file and ``.told`` the problems and conversions.
        on_bad_record: "skip" or "fail".
        workers: threads that read and decode.
        progress: called after each record.
    """

    plan_file: pathlib.Path
    on_bad_record: str
    workers: int
    progress: Callable[[], None] | None = None

    def length(self) -> int:
        """How many examples it has yielded."""
        return self.plan_file.with_suffix(".annotations").read_bytes().count(b"\n")

    def __call__(self) -> Iterator[tuple[int, dict]]:
        """Yields (image id, features) of each photograph that is whole.

        Raises:
            BadData: a photograph is damaged and ``on_bad_record`` is "fail".
        """
        log = ProblemLog(self.on_bad_record)
        conversions = collections.Counter()
        with self.plan_file.with_suffix(".annotations").open("w", encoding="utf-8") as lines:
            for outcome in outcomes(read_shard(self.plan_file), self.workers):
                if self.progress:
                    self.progress()
                if isinstance(outcome, Problem):
                    log.tell(outcome)
                    continue
                if outcome.note:
                    log.tell(outcome.note)
                if outcome.conversion:
                    conversions[outcome.conversion] += 1
                lines.write(outcome.annotation.as_line() + "\n")
                yield outcome.annotation.image_id, outcome.as_features()
        told = {
            "problems": [dataclasses.asdict(problem) for problem in log.problems],
            "conversions": conversions,
        }
        self.plan_file.with_suffix(".told").write_text(json.dumps(told), "utf-8")
