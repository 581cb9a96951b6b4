"""A user's own folder: photographs plus a CSV or JSON-lines file of captions, labels and tags."""

import dataclasses
import hashlib
import pathlib
from collections.abc import Iterator, Mapping

from data_prep.folders import require_folder, unannotated
from data_prep.own_annotations import CSV_ENDINGS, JSON_ENDINGS, Row, is_from_annotate, rows
from data_prep.records import SPLITS, BadData, Problem, Record
from data_prep.seeded_split import split_by_content

SPLIT_NAMES = {
    **{split: split for split in SPLITS},
    **dict.fromkeys(("val", "valid", "dev"), "validation"),
    "training": "train",
}


@dataclasses.dataclass
class _Photograph:
    """All rows of one photograph, merged."""

    row: Row
    path: pathlib.Path
    captions: list[str]
    labels: dict[str, None]
    tags: dict[str, None]
    split: str
    content: str | None = None


def records(
    source: str | pathlib.Path,
    annotations: Mapping[str, str] | None = None,
    separator: str = "|",
    split_seed: int = 0,
    validation_part: float = 0.1,
) -> Iterator[Record | Problem]:
    """Reads the annotations, finds the photographs, and splits them where no split is given.

    The split made here depends on the photographs' contents and the seed alone: copies of one
    photograph stay together, and neither renaming nor reordering changes it.

    Args:
        source: the folder; file names are relative to it.
        annotations: split -> file, relative to the source; "" as split stands for a file whose
            rows name their split or leave it to be made. By default the one CSV or JSON-lines
            file in the folder, unless the program `annotate` wrote it.
        separator: joins several captions, labels or tags in one field of a CSV.
        split_seed: of the split that is made.
        validation_part: of the photographs, in that split; 0 to 1.

    Raises:
        BadData: no such folder, or no file in it that can only be the one that is meant.
    """
    source = pathlib.Path(source)
    require_folder(source)
    photographs: dict[str, _Photograph] = {}
    for split, file in (annotations or {"": _only_annotation_file(source)}).items():
        for row in rows(source / file, separator):
            yield from (
                [row] if isinstance(row, Problem) else _merge(row, split, source, photographs)
            )
    for photograph in photographs.values():
        if photograph.path.is_file():
            photograph.content = hashlib.sha256(photograph.path.read_bytes()).hexdigest()
    found = [photograph for photograph in photographs.values() if photograph.content]
    made = split_by_content({p.content for p in found}, split_seed, validation_part)
    if not any(photograph.split for photograph in photographs.values()):
        for photograph in photographs.values():
            # A photograph that is missing is told when it is read; its split says nothing.
            photograph.split = made.get(photograph.content, "train")
    yield from _in_one_split(photographs)
    for folder in sorted({photograph.path.parent for photograph in found}):
        yield from unannotated(folder, {p.path.name for p in found if p.path.parent == folder})


def _only_annotation_file(source: pathlib.Path) -> str:
    endings = (*JSON_ENDINGS, *CSV_ENDINGS[:2])
    files = sorted(p.name for p in source.iterdir() if p.suffix.lower() in endings)
    if len(files) != 1:
        raise BadData.of(
            source,
            f"one file of annotations ({', '.join(endings)})",
            ", ".join(files) or "none",
            "name the files: --annotations=train=train.jsonl,validation=val.jsonl",
        )
    if is_from_annotate(source / files[0]):
        raise BadData.of(
            source,
            "annotations that people wrote",
            f"{files[0]} alone, written by annotate",
            f"name the file with --annotations={files[0]} if it is meant",
        )
    return files[0]


def _merge(
    row: Row, file_split: str, source: pathlib.Path, photographs: dict[str, _Photograph]
) -> Iterator[Problem]:
    """Adds a row to its photograph, or tells why it cannot."""
    if row.empty_captions:
        advice = "write the caption or take it out; it is left out"
        yield row.problem("a caption", f"{row.empty_captions} empty", advice)
    if not row.captions and not row.has_labels:
        if not row.empty_captions:
            yield row.problem("captions or labels", "neither", "add them; the line is left out")
        return
    written = row.split or file_split
    split = SPLIT_NAMES.get(written.lower(), "") if written else ""
    if written and not split:
        found = f"split {written!r}"
        yield row.problem(f"one of {', '.join(SPLITS)}", found, "correct it; the line is left out")
        return
    earlier = photographs.get(row.file_name)
    if earlier is None:
        photographs[row.file_name] = _Photograph(
            row=row,
            path=source / row.file_name,
            captions=list(row.captions),
            labels=dict.fromkeys(row.labels),
            tags=dict.fromkeys(row.tags),
            split=split,
        )
        return
    if not (row.one_caption and earlier.row.one_caption) or split != earlier.split:
        where = f"{earlier.row.file}:{earlier.row.line} has it, too"
        if split != earlier.split:
            where += f", in another split ({earlier.split or 'none'}, here {split or 'none'})"
        expected = "every photograph in one line (or one `caption` a line)"
        yield row.problem(expected, where, "join the lines; this one is left out")
        return
    earlier.captions.extend(row.captions)
    earlier.labels.update(dict.fromkeys(row.labels))
    earlier.tags.update(dict.fromkeys(row.tags))


def _in_one_split(photographs: dict[str, _Photograph]) -> Iterator[Record | Problem]:
    """Yields the records; the second of two splits that have the same picture is told."""
    first: dict[str, _Photograph] = {}
    for name, photograph in photographs.items():
        row = photograph.row
        if not photograph.split:
            advice = "add it, as the other lines have it; the photograph is left out"
            yield row.problem("a split", "none", advice)
            continue
        earlier = first.setdefault(photograph.content or name, photograph)
        if earlier.split != photograph.split:
            found = (
                f"the same picture as {earlier.row.file_name} "
                f"({earlier.row.file}:{earlier.row.line}) in {earlier.split}"
            )
            advice = f"take one of the two out; it is left out of {photograph.split}"
            yield row.problem("every photograph in one split", found, advice)
            continue
        yield Record(
            source=str(row.file),
            line=row.line,
            file_name=name,
            photograph=photograph.path,
            split=photograph.split,
            captions=tuple(photograph.captions),
            labels=tuple(photograph.labels),
            tags=tuple(photograph.tags),
        )
