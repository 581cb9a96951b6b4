"""COCO's official annotation files: read whole, without the outlines that nobody here needs.

An object keeps only the fields below while the file is parsed, so that the 330 MB of instances of
train2014 take little more memory than their text.
"""

import json
import pathlib
from collections.abc import Collection, Iterator, Mapping, Sequence

from data_prep.folders import place_of
from data_prep.records import BadData, Problem, Record

PHOTOGRAPH_FOLDERS = (
    *("photos", "images", "train2014", "val2014", "train2017", "val2017"),
    *("test2014", "test2015", "test2017"),
)
OFFICIAL_NAMES = {
    "captions": "captions_*.json, not instances_*.json",
    "instances": "instances_*.json, not captions_*.json",
    "image_info": "image_info_*.json",
}
"""Of the files of each kind, for messages."""
_LISTS = ("images", "annotations", "categories")
_FIELDS = ("id", "file_name", "image_id", "caption", "category_id", "name")
_KEPT = frozenset((*_LISTS, *_FIELDS))


def load(path: pathlib.Path, wanted: Mapping[str, Sequence[str]], kind: str) -> dict:
    """An annotation file's lists, of each object the fields that some task needs.

    Args:
        path: the file.
        wanted: lists that must be there -> fields that each of their objects must have.
        kind: one of `OFFICIAL_NAMES`, how the official names begin.

    Raises:
        BadData: the file is missing, or not such a file.
    """

    def refuse(line: int, expected: str, found: str) -> BadData:
        return refusal(path, line, expected, found, kind)

    try:
        text = path.read_bytes().decode("utf-8-sig")
        content = json.loads(text, object_pairs_hook=_kept)
    except OSError as error:
        raise refuse(0, "an annotation file", error.strerror) from error
    except UnicodeDecodeError as error:
        found = f"byte 0x{error.object[error.start]:02x} at byte {error.start + 1}"
        line = error.object.count(b"\n", 0, error.start) + 1
        raise refuse(line, "UTF-8 text", found) from error
    except json.JSONDecodeError as error:
        raise refuse(error.lineno, "JSON", f"{error.msg}, column {error.colno}") from error
    for key, fields in wanted.items():
        rows = content.get(key) if isinstance(content, dict) else None
        if not isinstance(rows, list):
            raise refuse(0, f"a list `{key}`, as in the official files of {kind}", "none")
        for number, row in enumerate(rows, start=1):
            missing = [field for field in fields if field not in row]
            if missing:
                expected = f"`{missing[0]}` in record {number} of `{key}`"
                raise refuse(number, expected, "none")
    return content


def _kept(pairs: list[tuple[str, object]]) -> dict:
    return {key: value for key, value in pairs if key in _KEPT}


def annotation_file(source: pathlib.Path, names: Sequence[str], kind: str) -> pathlib.Path:
    """The first of some official names, in ``annotations/`` or beside it.

    Raises:
        BadData: none is there.
    """
    places = [folder / name for folder in (source / "annotations", source) for name in names]
    found = next((place for place in places if place.exists()), None)
    if found is None:
        expected = f"{' or '.join(names)} in `annotations/` (or say --annotations)"
        raise refusal(source, 0, expected, "none", kind)
    return found


def listed_photographs(
    source: pathlib.Path,
    files: Mapping[str, str],
    folders: Sequence[pathlib.Path],
    annotated: Collection[str],
) -> Iterator[Record]:
    """Photographs that nobody annotated, such as test2014's: for the COCO server to score.

    Args:
        source: what the files are relative to.
        files: for each split its file of photographs (``image_info_test2014.json``); of one that
            has annotations, too, the photographs alone are taken.
        folders: of photographs.
        annotated: the splits that other files annotate.

    Raises:
        BadData: a file is missing, or not such a file; a split is annotated elsewhere.
    """
    for split, file in files.items():
        path = source / file
        if split in annotated:
            expected = f"a split of its own for photographs without annotations, not {split!r}"
            found = "another file annotates its photographs"
            raise refusal(path, 0, expected, found, "image_info")
        content = load(path, {"images": ("id", "file_name")}, "image_info")
        for number, image in enumerate(content["images"], start=1):
            yield Record(
                source=str(path),
                line=number,
                file_name=image["file_name"],
                photograph=place_of(image["file_name"], folders),
                split=split,
                image_id=image["id"],
            )


def refusal(path: pathlib.Path, line: int, expected: str, found: str, kind: str) -> BadData:
    """The error of a file that cannot be read."""
    advice = f"use the official files ({OFFICIAL_NAMES[kind]})"
    return BadData.of(path, expected, found, advice, line=line)


def problem(path: pathlib.Path, number: int, record: str, expected: str, found: str) -> Problem:
    """A record of an annotation file that cannot be used."""
    return Problem(
        file=str(path),
        line=number,
        expected=expected,
        found=found,
        advice="correct the file; this record is left out (the number counts records, not lines)",
        record=record,
    )
