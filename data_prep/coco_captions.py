"""COCO captions from the official JSON files, split as given or as in the paper.

X. Chen et al., "Microsoft COCO Captions: Data Collection and Evaluation Server" (2015).
An official file is read whole (118,287 photographs take about 1 GB); photographs stream.
"""

import collections
import dataclasses
import json
import pathlib
from collections.abc import Iterator, Mapping, Sequence

from data_prep.folders import unannotated
from data_prep.records import BadData, Problem, Record

AS_GIVEN = {
    "train": ("captions_train2014.json", "captions_train2017.json", "captions_train.json"),
    "validation": ("captions_val2014.json", "captions_val2017.json", "captions_val.json"),
}
PAPER_FILES = {
    "train2014": ("captions_train2014.json",),
    "val2014": ("captions_val2014.json",),
}
PHOTOGRAPH_FOLDERS = ("photos", "images", "train2014", "val2014", "train2017", "val2017")
# SPEC: train2014 + first 34,428 of val2014 / the 2,025 between / the last tenth, in JSON order.
PAPER_COUNTS = {"train2014": 82_783, "val2014": 40_504}
PAPER_FROM_VALIDATION = {"train": 34_428, "validation": 2_025, "test": 4_051}


@dataclasses.dataclass(frozen=True)
class Captioned:
    """One photograph of an official file.

    Args:
        number: its position among ``images``, from 1.
        image_id: COCO's id.
        file_name: as the file has it.
        captions: in the file's order, without empty ones.
    """

    number: int
    image_id: int
    file_name: str
    captions: tuple[str, ...]


def records(
    source: str | pathlib.Path,
    annotations: Mapping[str, str] | None = None,
    photographs: Sequence[str] | None = None,
) -> Iterator[Record | Problem]:
    """The splits as they are given: one annotation file each.

    Args:
        source: a folder, usually with ``annotations/``, ``train2014/`` and ``val2014/``.
        annotations: for each split its file, relative to the source; by default the official
            names, for train and validation.
        photographs: folders, relative to the source, searched in this order; by default those
            of `PHOTOGRAPH_FOLDERS` that exist.
    """
    source = pathlib.Path(source)
    folders = _photograph_folders(source, photographs)
    files = (
        {split: source / file for split, file in annotations.items()}
        if annotations
        else {split: _annotation_file(source, names) for split, names in AS_GIVEN.items()}
    )
    named = set()
    for split, path in files.items():
        for item in captioned(path):
            if isinstance(item, Captioned):
                named.add(item.file_name)
                yield _record(item, path, split, folders)
            else:
                yield item
    for folder in folders:
        yield from unannotated(folder, named)


def paper_records(
    source: str | pathlib.Path, photographs: Sequence[str] | None = None
) -> Iterator[Record | Problem]:
    """The paper's splits (section 5.1): 117,211 to train, 2,025 to validate, 4,051 to test.

    Args:
        source: a folder with the official 2014 files.
        photographs: as in `records`.
    """
    source = pathlib.Path(source)
    files = {part: _annotation_file(source, names) for part, names in PAPER_FILES.items()}
    folders = _photograph_folders(source, photographs)
    parts = {}
    for part, path in files.items():
        items = list(captioned(path))
        parts[part] = [item for item in items if isinstance(item, Captioned)]
        yield from (item for item in items if isinstance(item, Problem))
        _require_paper_count(path, part, parts[part])
    for item in parts["train2014"]:
        yield _record(item, files["train2014"], "train", folders)
    for split, item in zip(paper_splits(len(parts["val2014"])), parts["val2014"], strict=True):
        yield _record(item, files["val2014"], split, folders)


def paper_splits(photographs: int) -> list[str]:
    """The split of each photograph of val2014, in JSON order.

    Raises:
        ValueError: val2014 does not have this many.
    """
    splits = [split for split, count in PAPER_FROM_VALIDATION.items() for _ in range(count)]
    if len(splits) != photographs:
        raise ValueError(
            f"expected the {len(splits):,} photographs of val2014, not {photographs:,}"
        )
    return splits


def captioned(path: pathlib.Path) -> Iterator[Captioned | Problem]:
    """The photographs of an official caption file in its order, with their captions.

    Raises:
        BadData: the file is missing, or not such a file.
    """
    content = _load(path)
    captions = collections.defaultdict(list)
    places = {}
    for number, annotation in enumerate(content["annotations"], start=1):
        image_id, caption = annotation["image_id"], str(annotation["caption"]).strip()
        places.setdefault(image_id, number)
        if caption:
            captions[image_id].append(caption)
        else:
            yield _problem(path, number, f"image_id {image_id}", "a caption", "an empty one")
    for number, image in enumerate(content["images"], start=1):
        image_id = image["id"]
        places.pop(image_id, None)
        found = tuple(captions.pop(image_id, ()))
        if found:
            yield Captioned(number, image_id, image["file_name"], found)
        else:
            yield _problem(path, number, image["file_name"], "captions", "none in `annotations`")
    for image_id, number in places.items():
        yield _problem(
            path, number, f"image_id {image_id}", "a photograph of this id in `images`", "none"
        )


def _problem(path: pathlib.Path, number: int, record: str, expected: str, found: str) -> Problem:
    return Problem(
        file=str(path),
        line=number,
        expected=expected,
        found=found,
        advice="correct the file; this record is left out (the number counts records, not lines)",
        record=record,
    )


def _record(item: Captioned, path: pathlib.Path, split: str, folders: Sequence[pathlib.Path]):
    places = [folder / item.file_name for folder in folders]
    return Record(
        source=str(path),
        line=item.number,
        file_name=item.file_name,
        photograph=next((place for place in places if place.exists()), places[0]),
        split=split,
        image_id=item.image_id,
        captions=item.captions,
    )


def _load(path: pathlib.Path) -> dict:
    try:
        content = json.loads(path.read_bytes().decode("utf-8-sig"))
    except OSError as error:
        raise _refusal(path, 0, "an annotation file", error.strerror) from error
    except UnicodeDecodeError as error:
        found = f"byte 0x{error.object[error.start]:02x} at byte {error.start + 1}"
        line = error.object.count(b"\n", 0, error.start) + 1
        raise _refusal(path, line, "UTF-8 text", found) from error
    except json.JSONDecodeError as error:
        raise _refusal(path, error.lineno, "JSON", f"{error.msg}, column {error.colno}") from error
    wanted = {"images": ("id", "file_name"), "annotations": ("image_id", "caption")}
    for key, fields in wanted.items():
        rows = content.get(key) if isinstance(content, dict) else None
        if not isinstance(rows, list):
            raise _refusal(path, 0, f"a list `{key}`, as in the official caption files", "none")
        for number, row in enumerate(rows, start=1):
            missing = [field for field in fields if field not in row]
            if missing:
                raise _refusal(
                    path, number, f"`{missing[0]}` in record {number} of `{key}`", "none"
                )
    return content


def _refusal(path: pathlib.Path, line: int, expected: str, found: str) -> BadData:
    advice = "use the official caption files (captions_*.json, not instances_*.json)"
    return BadData(Problem(str(path), line, expected, found, advice, severity="refuse"))


def _annotation_file(source: pathlib.Path, names: Sequence[str]) -> pathlib.Path:
    places = [folder / name for folder in (source / "annotations", source) for name in names]
    found = next((place for place in places if place.exists()), None)
    if found is None:
        raise _refusal(
            source, 0, f"{' or '.join(names)} in `annotations/` (or say --annotations)", "none"
        )
    return found


def _photograph_folders(source: pathlib.Path, names: Sequence[str] | None) -> list[pathlib.Path]:
    folders = [source / name for name in names or PHOTOGRAPH_FOLDERS]
    missing = [folder for folder in folders if not folder.is_dir()]
    present = [folder for folder in folders if folder.is_dir()]
    if (names and missing) or not present:
        expected = f"a folder of photographs ({', '.join(names or PHOTOGRAPH_FOLDERS)})"
        raise _refusal(source, 0, expected, f"no {missing[0]}")
    return present


def _require_paper_count(path: pathlib.Path, part: str, found: Sequence[Captioned]) -> None:
    if len(found) != PAPER_COUNTS[part]:
        expected = f"the {PAPER_COUNTS[part]:,} photographs of {part}, for the paper's split"
        raise _refusal(path, 0, expected, f"{len(found):,}")
