"""A part of NUS-WIDE as one table: file name, Flickr id, 81 labels as 0 and 1, all user tags.

Columns ``image``, ``photo_id``, ``labels81`` and ``user_tags``, divided by tabs; ``Concepts81.txt``
beside it names the labels.
"""

import dataclasses
import pathlib
from collections.abc import Iterator, Sequence

from data_prep.folders import photograph_folders, place_of
from data_prep.nus_wide_labels import read_concepts
from data_prep.nus_wide_tags import read_tag_list
from data_prep.records import BadData, Item, LabelNames, Problem, Record
from data_prep.seeded_split import drawn
from data_prep.text_files import lines

HEADER = ("image", "photo_id", "labels81", "user_tags")
PHOTOGRAPH_FOLDERS = ("Flickr", "images", "image", "photos")


def records(
    source: str | pathlib.Path,
    split_seed: int = 0,
    validation_photographs: int = 1_000,
    test_photographs: int = 1_000,
    photographs: Sequence[str] | None = None,
    tag_list: str | None = None,
    without_photographs: bool = False,
) -> Iterator[Item]:
    """Reads the one ``.tsv`` file of a folder and draws its splits, by seed and file name alone.

    Args:
        source: a folder with the table and ``Concepts81.txt``.
        split_seed: of the draw.
        validation_photographs: how many validate.
        test_photographs: how many test; all others train.
        photographs: folders, relative to the source, searched in this order; by default those of
            `PHOTOGRAPH_FOLDERS` that exist.
        tag_list: a file of tags, one a line, relative to the source: others are left out.
        without_photographs: annotations alone; no photograph is looked for.
    """
    source = pathlib.Path(source)
    folders = (
        [] if without_photographs else photograph_folders(source, photographs, PHOTOGRAPH_FOLDERS)
    )
    path = _only_table(source)
    concepts = read_concepts(source)
    kept = read_tag_list(source, tag_list)
    yield LabelNames(concepts)
    read: dict[str, Record] = {}
    yield from _read(path, concepts, read)
    sizes = {"test": test_photographs, "validation": validation_photographs}
    splits = drawn(read, split_seed, sizes)
    for name, record in read.items():
        yield dataclasses.replace(
            record,
            photograph=place_of(name, folders),
            split=splits[name],
            tags=tuple(tag for tag in record.tags if kept is None or tag in kept),
        )


def _only_table(source: pathlib.Path) -> pathlib.Path:
    found = sorted(source.glob("*.tsv"))
    if len(found) != 1:
        names = ", ".join(path.name for path in found) or "none"
        advice = "check --source, and leave one table there"
        raise BadData.of(source, "one .tsv file", names, advice)
    return found[0]


def _read(
    path: pathlib.Path, concepts: tuple[str, ...], read: dict[str, Record]
) -> Iterator[Problem]:
    """Fills ``read`` by file name; splits are not drawn yet."""
    for line in lines(path):
        if isinstance(line, Problem):
            yield line
            continue
        number, text = line
        fields = tuple(text.split("\t"))
        if number == 1:
            if fields != HEADER:
                expected = f"a header {', '.join(HEADER)} (divided by tabs)"
                advice = "use the table as it was made"
                yield Problem(str(path), 1, expected, repr(text[:60]), advice, severity="refuse")
            continue
        item = _record(path, number, fields, concepts)
        if isinstance(item, Problem):
            yield item
        elif item.file_name in read:
            found = f"line {read[item.file_name].line} has it, too"
            yield _left_out(path, number, "every photograph once", found, item.file_name)
        else:
            read[item.file_name] = item


def _record(
    path: pathlib.Path, number: int, fields: tuple[str, ...], concepts: tuple[str, ...]
) -> Record | Problem:
    if len(fields) != len(HEADER) or not fields[0]:
        expected = f"{len(HEADER)} fields ({', '.join(HEADER)}), divided by tabs"
        return _left_out(path, number, expected, f"{len(fields)}: {fields[0][:60]!r}...", "")
    name, _, marks, tags = fields
    if len(marks) != len(concepts) or marks.strip("01"):
        expected = f"{len(concepts)} times 0 or 1 as labels81"
        found = f"{len(marks)} characters that begin {marks[:20]!r}"
        return _left_out(path, number, expected, found, name)
    return Record(
        source=str(path),
        line=number,
        file_name=name,
        photograph=None,
        split="",
        labels=tuple(c for c, mark in zip(concepts, marks, strict=True) if mark == "1"),
        tags=tuple(dict.fromkeys(tags.split())),
    )


def _left_out(path: pathlib.Path, number: int, expected: str, found: str, record: str) -> Problem:
    advice = "correct the line; it is left out"
    return Problem(str(path), number, expected, found, advice, record=record)
