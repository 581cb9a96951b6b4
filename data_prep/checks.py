"""The data check: of a data set's own files, and of a prepared data set before training.

`prepared_format.prepare` makes the first of these checks while it writes, so that every photograph
is decoded once; `check_source` makes it alone and writes nothing.
"""

import hashlib
import pathlib
import tempfile
from collections.abc import Iterable, Iterator

from data_prep.data_sets import DataSet
from data_prep.examples import outcomes
from data_prep.overlap import PicturesSeen
from data_prep.plan import make_plan, read_shard
from data_prep.progress import Counting
from data_prep.records import BadData, Item, Problem, ProblemLog
from data_prep.report import Report
from s_cnn_rnn.data.photographs import DamagedPhotograph, as_stored
from s_cnn_rnn.data.prepared import BrokenDataSet, PreparedData, annotations_file, digest_of_splits
from s_cnn_rnn.progress import Progress, no_progress
from s_cnn_rnn.vocabulary import Vocabulary

READ_AT_ONCE = 64


def check_source(
    row: DataSet,
    stream: Iterable[Item],
    on_bad_record: str = "skip",
    progress: Progress = no_progress,
    *,
    workers: int = 2,
) -> Report:
    """Checks everything that a preparation would, and writes nothing.

    Args:
        row: what is known of the data set.
        stream: what its reader yields.
        on_bad_record: "skip" goes through all of it, "fail" stops at the first bad record.
        progress: called after every record.
        workers: threads that read and decode.

    Raises:
        BadData: the data set cannot be prepared, or stops at a bad record.
    """
    log = ProblemLog(on_bad_record)
    report = Report({}, log.problems)
    pictures = PicturesSeen()
    with tempfile.TemporaryDirectory() as folder:
        counting = Counting(row.reading, 0, progress)
        plan = make_plan(stream, pathlib.Path(folder), log, counting)
        counting = Counting("checking photographs", sum(plan.sizes.values()), progress)
        for split, shards in plan.shards.items():
            records = (read_shard(shard) for shard in shards)
            report.splits[split] = sum(
                _check_shard(split, shard, workers, log, report.conversions, pictures, counting)
                for shard in records
            )
    for problem in row.count_problems(report.splits):
        log.tell(problem)
    return report


def _check_shard(split, records, workers, log, conversions, pictures, counting) -> int:
    """Returns how many photographs can be used."""
    usable = 0
    for record, outcome in zip(records, outcomes(records, workers), strict=True):
        counting()
        if isinstance(outcome, Problem):
            log.tell(outcome)
            continue
        usable += 1
        if outcome.conversion:
            conversions[outcome.conversion] += 1
        if outcome.note:
            log.tell(outcome.note)
        if outcome.jpeg is None:
            continue
        for problem in pictures.see(split, outcome.annotation, record.source, record.line):
            log.tell(problem)
    return usable


def check_prepared(
    folder: str | pathlib.Path,
    vocabulary: str | pathlib.Path | None = None,
    every_photograph: bool = False,
    progress: Progress = no_progress,
) -> Report:
    """Checks a prepared data set before something is trained on it.

    Annotations are checked whole; of the photographs (where the set has them) the first, middle
    and last of each split, unless all are asked for.

    Args:
        folder: DATA_DIR/NAME/VERSION.
        vocabulary: of a checkpoint that is to be used with this data: the file, or its run folder.
        every_photograph: read and decode all photographs.
        progress: called after every photograph.

    Raises:
        BadData: training on it would fail or mislead; the message says what to do.
    """
    try:
        data = PreparedData(folder)
        annotations = {split: data.annotations(split) for split in data.splits}
    except (FileNotFoundError, BrokenDataSet) as error:
        raise BadData(str(error)) from error
    log = ProblemLog("skip")
    for problem in (*_check_description(data, annotations), *_check_annotations(data)):
        log.tell(problem)
    for split, size in data.splits.items() if data.has_photographs else ():
        places = range(size) if every_photograph else sorted({0, size // 2, size - 1} - {-1, size})
        counting = Counting(f"checking photographs of {split}", len(places), progress)
        for problem in _check_photographs(data, split, places, counting):
            log.tell(problem)
    if vocabulary is not None:
        for problem in vocabulary_problems(data, pathlib.Path(vocabulary)):
            log.tell(problem)
    return Report(dict(data.splits), log.problems)


def _check_description(data: PreparedData, annotations: dict[str, list]) -> Iterator[Problem]:
    found = {split: len(items) for split, items in annotations.items()}
    if found != data.splits:
        yield _broken(data.folder, 0, f"as many annotations as {data.splits}", str(found))
    if digest_of_splits(data.description["split_digests"]) != data.digest:
        yield _broken(data.folder, 0, "the digest of its splits", data.digest)
    if not data.splits.get("train"):
        yield _broken(data.folder, 0, "photographs to train on", "none")


def _broken(
    file: pathlib.Path | str, line: int, expected: str, found: str, record: str = ""
) -> Problem:
    advice = "correct the data set's own files if need be, and prepare it again"
    return Problem(str(file), line, expected, found, advice, "refuse", record)


def _check_annotations(data: PreparedData) -> Iterator[Problem]:
    """Names and pictures in two splits, and photographs with nothing to learn from."""
    names: dict[str, str] = {}
    pictures = PicturesSeen()
    for split in data.splits:
        path = data.folder / annotations_file(split)
        for line, item in enumerate(data.annotations(split), start=1):
            here = f"{split} (line {line})"
            earlier = names.setdefault(item.file_name, here)
            if earlier != here:
                found = f"it is in {earlier}, too"
                yield _broken(path, line, "every file name once", found, item.file_name)
            if not all(caption.strip() for caption in item.captions):
                yield _broken(path, line, "captions", "an empty one", item.file_name)
            if data.has_photographs:
                yield from pictures.see(split, item, str(path), line)


def _check_photographs(data, split, places, counting) -> Iterator[Problem]:
    annotations = data.annotations(split)
    places = list(places)
    for start in range(0, len(places), READ_AT_ONCE):
        some = places[start : start + READ_AT_ONCE]
        for place, jpeg in zip(some, data.photographs(split, some), strict=True):
            counting()
            item = annotations[place]
            reason = _damage(jpeg, item.photograph_sha256, item.file_name)
            if reason:
                expected = "the photograph as it was prepared"
                where = f"{data.folder} ({split})"
                yield _broken(where, place + 1, expected, reason, item.file_name)


def _damage(jpeg: bytes, expected: str, name: str) -> str:
    found = hashlib.sha256(jpeg).hexdigest()
    if found != expected:
        return f"sha256 {found} instead of {expected}"
    try:
        conversion = as_stored(jpeg, name=name).conversion
    except DamagedPhotograph as damage:
        return damage.reason
    return f"{conversion} instead of an upright RGB or grey JPEG" if conversion else ""


def vocabulary_problems(data: PreparedData, path: pathlib.Path) -> Iterator[Problem]:
    """Whether a checkpoint's word list is the one of this data set.

    Args:
        data: the prepared data set.
        path: the checkpoint's vocabulary, or the run folder that holds ``vocabulary.json``.
    """
    path = path / "vocabulary.json" if path.is_dir() else path
    try:
        theirs = Vocabulary.load(path)
        ours = data.vocabulary(theirs.kind)
    except (FileNotFoundError, ValueError) as error:
        raise BadData(f"vocabulary: {error}") from error
    for name in ("words", "concepts"):
        difference = _first_difference(getattr(theirs, name), getattr(ours, name))
        if difference:
            settings = theirs.made_from.get("settings", {})
            flags = " ".join(f"--{key}={value}" for key, value in settings.items())
            yield Problem(
                str(path),
                0,
                f"the {len(getattr(ours, name)):,} {name} of {data.folder}",
                f"{len(getattr(theirs, name)):,} {name}; {difference}",
                "a checkpoint works with its own word list alone: train anew, or prepare the data "
                f"it was trained on, with its settings ({flags or 'those of its prepared.json'})",
                "refuse",
                name,
            )


def _first_difference(theirs: tuple[str, ...], ours: tuple[str, ...]) -> str:
    if theirs == ours:
        return ""
    pairs = zip(theirs, ours, strict=False)
    place = next((i for i, (a, b) in enumerate(pairs) if a != b), min(len(theirs), len(ours)))
    there, here = (repr(w[place]) if place < len(w) else "no more" for w in (theirs, ours))
    return f"first difference at number {place + 1}: {there} there, {here} here"
