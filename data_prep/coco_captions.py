"""COCO captions from the official JSON files, split as given or as in the paper.

X. Chen et al., "Microsoft COCO Captions: Data Collection and Evaluation Server" (2015).
An official file is read whole; photographs stream.
"""

import collections
import dataclasses
import pathlib
from collections.abc import Iterator, Mapping, Sequence

from data_prep.coco_files import (
    PHOTOGRAPH_FOLDERS,
    annotation_file,
    listed_photographs,
    load,
    problem,
    refusal,
)
from data_prep.folders import photograph_folders, place_of, unannotated
from data_prep.records import Problem, Record

AS_GIVEN = {
    "train": ("captions_train2014.json", "captions_train2017.json", "captions_train.json"),
    "validation": ("captions_val2014.json", "captions_val2017.json", "captions_val.json"),
}
PAPER_FILES = {
    "train2014": ("captions_train2014.json",),
    "val2014": ("captions_val2014.json",),
}
_WANTED = {"images": ("id", "file_name"), "annotations": ("image_id", "caption")}
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
    unannotated_splits: Mapping[str, str] | None = None,
) -> Iterator[Record | Problem]:
    """The splits as they are given: one annotation file each.

    Args:
        source: a folder, usually with ``annotations/``, ``train2014/`` and ``val2014/``.
        annotations: for each split its file, relative to the source; by default the official
            names, for train and validation.
        photographs: folders, relative to the source, searched in this order; by default those
            of `PHOTOGRAPH_FOLDERS` that exist.
        unannotated_splits: as `coco_files.listed_photographs` takes them.
    """
    source = pathlib.Path(source)
    folders = photograph_folders(source, photographs, PHOTOGRAPH_FOLDERS)
    files = (
        {split: source / file for split, file in annotations.items()}
        if annotations
        else {
            split: annotation_file(source, names, "captions") for split, names in AS_GIVEN.items()
        }
    )
    named = set()
    for split, path in files.items():
        for item in captioned(path):
            if isinstance(item, Captioned):
                named.add(item.file_name)
                yield _record(item, path, split, folders)
            else:
                yield item
    listed = listed_photographs(source, unannotated_splits or {}, folders, files)
    yield from _beside(listed, named, folders)


def paper_records(
    source: str | pathlib.Path,
    photographs: Sequence[str] | None = None,
    unannotated_splits: Mapping[str, str] | None = None,
) -> Iterator[Record | Problem]:
    """The paper's splits (section 5.1): 117,211 to train, 2,025 to validate, 4,051 to test.

    Args:
        source: a folder with the official 2014 files.
        photographs: as in `records`.
        unannotated_splits: as in `records`.
    """
    source = pathlib.Path(source)
    files = {
        part: annotation_file(source, names, "captions") for part, names in PAPER_FILES.items()
    }
    folders = photograph_folders(source, photographs, PHOTOGRAPH_FOLDERS)
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
    named = {item.file_name for items in parts.values() for item in items}
    listed = listed_photographs(source, unannotated_splits or {}, folders, PAPER_FROM_VALIDATION)
    yield from _beside(listed, named, folders)


def _beside(
    listed: Iterator[Record], named: set[str], folders: Sequence[pathlib.Path]
) -> Iterator[Record | Problem]:
    """Listed photographs without captions, then those in the folders that no file names."""
    for record in listed:
        named.add(record.file_name)
        yield record
    for folder in folders:
        yield from unannotated(folder, named)


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
    content = load(path, _WANTED, "captions")
    captions = collections.defaultdict(list)
    places = {}
    for number, annotation in enumerate(content["annotations"], start=1):
        image_id, caption = annotation["image_id"], str(annotation["caption"]).strip()
        places.setdefault(image_id, number)
        if caption:
            captions[image_id].append(caption)
        else:
            yield problem(path, number, f"image_id {image_id}", "a caption", "an empty one")
    for number, image in enumerate(content["images"], start=1):
        image_id = image["id"]
        places.pop(image_id, None)
        found = tuple(captions.pop(image_id, ()))
        if found:
            yield Captioned(number, image_id, image["file_name"], found)
        else:
            yield problem(path, number, image["file_name"], "captions", "none in `annotations`")
    for image_id, number in places.items():
        yield problem(
            path, number, f"image_id {image_id}", "a photograph of this id in `images`", "none"
        )


def _record(item: Captioned, path: pathlib.Path, split: str, folders: Sequence[pathlib.Path]):
    return Record(
        source=str(path),
        line=item.number,
        file_name=item.file_name,
        photograph=place_of(item.file_name, folders),
        split=split,
        image_id=item.image_id,
        captions=item.captions,
    )


def _require_paper_count(path: pathlib.Path, part: str, found: Sequence[Captioned]) -> None:
    if len(found) != PAPER_COUNTS[part]:
        expected = f"the {PAPER_COUNTS[part]:,} photographs of {part}, for the paper's split"
        raise refusal(path, 0, expected, f"{len(found):,}", "captions")
