"""COCO with its 80 labels, and where they are given captions and user tags of the photographs.

T.-Y. Lin et al., "Microsoft COCO: Common Objects in Context" (2014). A photograph's labels are the
categories of its instances; the few photographs without an instance are kept, without a label.
Official files are read one after the other; photographs stream.
"""

import collections
import dataclasses
import pathlib
from collections.abc import Iterator, Mapping, Sequence

from data_prep.coco_captions import Captioned, captioned
from data_prep.coco_files import (
    PHOTOGRAPH_FOLDERS,
    annotation_file,
    listed_photographs,
    load,
    problem,
    refusal,
)
from data_prep.folders import photograph_folders, place_of, unannotated
from data_prep.own_annotations import rows
from data_prep.records import Item, LabelNames, Problem, Record

AS_GIVEN = {
    "train": ("instances_train2014.json", "instances_train2017.json", "instances_train.json"),
    "validation": ("instances_val2014.json", "instances_val2017.json", "instances_val.json"),
}
_WANTED = {
    "images": ("id", "file_name"),
    "annotations": ("image_id", "category_id"),
    "categories": ("id", "name"),
}


def records(
    source: str | pathlib.Path,
    annotations: Mapping[str, str] | None = None,
    captions: Sequence[str] | None = None,
    tags: Sequence[str] | None = None,
    separator: str = "|",
    photographs: Sequence[str] | None = None,
    without_photographs: bool = False,
    unannotated_splits: Mapping[str, str] | None = None,
) -> Iterator[Item]:
    """The splits as they are given: one file of instances each.

    Args:
        source: a folder, usually with ``annotations/``, ``train2014/`` and ``val2014/``.
        annotations: for each split its file of instances, relative to the source; by default the
            official names, for train and validation.
        captions: official caption files, relative to the source, of any of the photographs.
        tags: files of user tags, relative to the source: CSV or JSON lines with ``file_name`` and
            ``tags``.
        separator: joins several tags in one field of a CSV.
        photographs: folders, relative to the source, searched in this order; by default those of
            `coco_files.PHOTOGRAPH_FOLDERS` that exist.
        without_photographs: annotations alone; no photograph is looked for.
        unannotated_splits: as `coco_files.listed_photographs` takes them; such photographs may
            have user tags.
    """
    source = pathlib.Path(source)
    usual = PHOTOGRAPH_FOLDERS
    folders = [] if without_photographs else photograph_folders(source, photographs, usual)
    files = {split: source / file for split, file in (annotations or {}).items()} or {
        split: annotation_file(source, names, "instances") for split, names in AS_GIVEN.items()
    }
    beside = _Beside()
    yield from beside.read_captions([source / file for file in captions or ()])
    yield from beside.read_tags([source / file for file in tags or ()], separator)
    named, names = set(), {}
    for split, path in files.items():
        content = load(path, _WANTED, "instances")
        names |= dict.fromkeys(category["name"] for category in content["categories"])
        yield LabelNames(tuple(names))
        labels: dict[int, tuple[str, ...]] = {}
        yield from _read_labels(path, content, labels)
        for number, image in enumerate(content["images"], start=1):
            image_id, name = image["id"], image["file_name"]
            named.add(name)
            yield Record(
                source=str(path),
                line=number,
                file_name=name,
                photograph=place_of(name, folders),
                split=split,
                image_id=image_id,
                captions=beside.captions_of(image_id),
                labels=labels.get(image_id, ()),
                tags=beside.tags_of(name),
            )
    for record in listed_photographs(source, unannotated_splits or {}, folders, files):
        named.add(record.file_name)
        yield dataclasses.replace(record, tags=beside.tags_of(record.file_name))
    yield from beside.left_over()
    for folder in folders:
        yield from unannotated(folder, named)


def _read_labels(
    path: pathlib.Path, content: dict, labels: dict[int, tuple[str, ...]]
) -> Iterator[Problem]:
    """Fills ``labels``: image id -> names of its categories, in the file's order of categories."""
    category_names = {category["id"]: category["name"] for category in content["categories"]}
    if len(set(category_names.values())) != len(content["categories"]):
        expected = "categories of different names and ids"
        raise refusal(path, 0, expected, f"{len(content['categories'])}, some twice", "instances")
    known = {image["id"] for image in content["images"]}
    found = collections.defaultdict(set)
    unknown = {}
    for number, instance in enumerate(content["annotations"], start=1):
        image_id, category = instance["image_id"], instance["category_id"]
        if image_id not in known:
            unknown.setdefault(image_id, number)
        elif category not in category_names:
            expected = "a category of `categories`"
            yield problem(path, number, f"image_id {image_id}", expected, f"id {category}")
        else:
            found[image_id].add(category)
    for image_id, number in unknown.items():
        expected = "a photograph of this id in `images`"
        yield problem(path, number, f"image_id {image_id}", expected, "none")
    for image_id, categories in found.items():
        labels[image_id] = tuple(n for key, n in category_names.items() if key in categories)


class _Beside:
    """Captions and tags that other files have of the photographs, and which of them are used."""

    def __init__(self):
        self._captions: dict[int, tuple[pathlib.Path, Captioned]] = {}
        self._tags: dict[str, tuple[pathlib.Path, int, tuple[str, ...]]] = {}
        self._used = set()

    def captions_of(self, image_id: int) -> tuple[str, ...]:
        self._used.add(image_id)
        return self._captions[image_id][1].captions if image_id in self._captions else ()

    def tags_of(self, file_name: str) -> tuple[str, ...]:
        self._used.add(file_name)
        return self._tags[file_name][2] if file_name in self._tags else ()

    def read_captions(self, files: Sequence[pathlib.Path]) -> Iterator[Problem]:
        for path in files:
            for item in captioned(path):
                if isinstance(item, Problem):
                    yield item
                elif item.image_id in self._captions:
                    earlier, there = self._captions[item.image_id]
                    found = f"{earlier}:{there.number} has some, too"
                    expected = "the captions of a photograph in one place"
                    yield problem(path, item.number, item.file_name, expected, found)
                else:
                    self._captions[item.image_id] = path, item

    def read_tags(self, files: Sequence[pathlib.Path], separator: str) -> Iterator[Problem]:
        for path in files:
            for row in rows(path, separator):
                if isinstance(row, Problem):
                    yield row
                elif row.file_name in self._tags:
                    earlier, line, _ = self._tags[row.file_name]
                    found = f"{earlier}:{line} has some, too"
                    advice = "join the lines; this one is left out"
                    yield row.problem("the tags of a photograph in one line", found, advice)
                else:
                    self._tags[row.file_name] = path, row.line, row.tags

    def left_over(self) -> Iterator[Problem]:
        """Captions and tags of photographs that no file of instances names."""
        lines = [(path, c.number, c.file_name, i) for i, (path, c) in self._captions.items()]
        lines += [(path, line, name, name) for name, (path, line, _) in self._tags.items()]
        for path, line, name, key in lines:
            if key not in self._used:
                yield Problem(
                    file=str(path),
                    line=line,
                    expected="a photograph that a file of instances names",
                    found="no file names it",
                    advice="nothing need be done, unless it should be used; it is left out",
                    severity="note",
                    record=name,
                )
