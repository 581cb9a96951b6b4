"""NUS-WIDE in its official layout: 81 labels, user tags, and photographs where the user has them.

T.-S. Chua et al., "NUS-WIDE: A Real-World Web Image Database from National University of
Singapore" (CIVR 2009). Files are read one after the other and records stream: of 269,648
photographs the names, the labels (a byte each) and the text of the tags are in memory, no more.
"""

import dataclasses
import functools
import pathlib
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from data_prep.folders import photograph_folders, place_of
from data_prep.nus_wide_labels import find, read_concepts, read_labels
from data_prep.nus_wide_tags import Tags, read_tag_list, read_tags
from data_prep.records import Item, LabelNames, Problem, Record
from data_prep.seeded_split import drawn
from data_prep.text_files import lines

PARTS = {"Train": "train", "Test": "test"}
PHOTOGRAPH_FOLDERS = ("Flickr", "images", "image", "photos")
# The paper's numbers among the photographs with a label (it prints 15,000 for 150,000).
PAPER_TRAIN, PAPER_TEST = 150_000, 59_347


@dataclasses.dataclass(frozen=True)
class _Part:
    """One of the two official parts.

    Args:
        name: "Train" or "Test".
        image_list: the file that names its photographs.
        photographs: their file names; "" where a line has none.
        concepts: the names of the labels.
        labels: uint8 [photographs, concepts].
    """

    name: str
    image_list: pathlib.Path
    photographs: list[str]
    concepts: tuple[str, ...]
    labels: np.ndarray

    def all_keys(self) -> list[str]:
        """What splits are drawn from: the part and the line of each photograph.

        Not its file name, so that a draw is the same where names are not known.
        """
        return [f"{self.name} {line}" for line in range(1, len(self.photographs) + 1)]

    def keys_with_label(self) -> list[str]:
        """The keys of those photographs that have a label."""
        pairs = zip(self.all_keys(), self.labels.any(axis=1).tolist(), strict=True)
        return [key for key, has_label in pairs if has_label]


def records(
    source: str | pathlib.Path,
    split_seed: int = 0,
    validation_photographs: int = 0,
    photographs: Sequence[str] | None = None,
    tag_list: str | None = None,
    without_photographs: bool = False,
) -> Iterator[Item]:
    """The official split: 161,789 to train and 107,859 to test, with or without labels.

    Args:
        source: a folder with ``Groundtruth/TrainTestLabels/``, ``ImageList/``, ``Concepts81.txt``,
            perhaps ``NUS_WID_Tags/`` and a folder of photographs.
        split_seed: of the draw of those held back.
        validation_photographs: how many of train, all with a label, are held back to validate.
        photographs: folders, relative to the source, searched in this order; by default those of
            `PHOTOGRAPH_FOLDERS` that exist.
        tag_list: a file of tags, one a line, relative to the source: others are left out.
        without_photographs: annotations alone; no photograph is looked for.
    """

    def splits(parts: Sequence[_Part]) -> dict[str, str]:
        official = {key: PARTS[part.name] for part in parts for key in part.all_keys()}
        if validation_photographs:
            held_back = {"validation": validation_photographs}
            official |= drawn(parts[0].keys_with_label(), split_seed, held_back)
        return official

    source = pathlib.Path(source)
    folders = _folders(source, photographs, without_photographs)
    return _records(source, splits, folders, tag_list)


def paper_records(
    source: str | pathlib.Path,
    split_seed: int = 0,
    validation_photographs: int = 0,
    photographs: Sequence[str] | None = None,
    tag_list: str | None = None,
    without_photographs: bool = False,
) -> Iterator[Item]:
    """The paper's split (section 4.2): of the photographs with a label, 150,000 of 209,347 train.

    The draw depends on the seed and on the label files alone: not on the photographs that are
    there; and who tests does not depend on how many of train are held back. Arguments as in
    `records`.
    """

    def splits(parts: Sequence[_Part]) -> dict[str, str]:
        keys = [key for part in parts for key in part.keys_with_label()]
        test = round(len(keys) * PAPER_TEST / (PAPER_TRAIN + PAPER_TEST))
        return drawn(keys, split_seed, {"test": test, "validation": validation_photographs})

    source = pathlib.Path(source)
    folders = _folders(source, photographs, without_photographs)
    return _records(source, splits, folders, tag_list)


def _folders(source, names, without_photographs) -> list[pathlib.Path]:
    return [] if without_photographs else photograph_folders(source, names, PHOTOGRAPH_FOLDERS)


def _records(
    source: pathlib.Path,
    splits_of: Callable[[Sequence[_Part]], dict[str, str]],
    folders: Sequence[pathlib.Path],
    tag_list: str | None,
) -> Iterator[Item]:
    """Both parts, in their order; ``splits_of`` gives the split of each key that is used."""
    parts: list[_Part] = []
    yield from _read_parts(source, parts)
    splits = splits_of(parts)
    tags = Tags(read_tag_list(source, tag_list))
    yield from read_tags(source, functools.partial(_photographs, source), tags)
    for part in parts:
        for row, (key, name) in enumerate(zip(part.all_keys(), part.photographs, strict=True)):
            if name and key in splits:
                yield Record(
                    source=str(part.image_list),
                    line=row + 1,
                    file_name=name,
                    photograph=place_of(name, folders),
                    split=splits[key],
                    labels=tuple(part.concepts[n] for n in np.flatnonzero(part.labels[row])),
                    tags=tags.of(name),
                )


def _read_parts(source: pathlib.Path, parts: list[_Part]) -> Iterator[Problem | LabelNames]:
    """Fills ``parts``."""
    concepts = read_concepts(source)
    yield LabelNames(concepts)
    for name in PARTS:
        path = _image_list(source, f"{name}Imagelist.txt")
        photographs = _photographs(source, path.name)
        yield from (
            Problem(
                file=str(path),
                line=line,
                expected="the file name of a photograph",
                found="none",
                advice="correct the line (FOLDER\\NUMBER_ID.jpg); the photograph is left out",
            )
            for line, photograph in enumerate(photographs, start=1)
            if not photograph
        )
        labels, problems = read_labels(source, name, concepts, photographs)
        yield from problems
        parts.append(_Part(name, path, photographs, concepts, labels))


def _image_list(source: pathlib.Path, name: str) -> pathlib.Path:
    return find(source, (f"ImageList/{name}", name))


def _photographs(source: pathlib.Path, image_list: str) -> list[str]:
    """File names with forward slashes, a line each; "" for a line that cannot be read."""
    found = [
        "" if isinstance(line, Problem) else line[1].strip().replace("\\", "/")
        for line in lines(_image_list(source, image_list))
    ]
    while found and not found[-1]:
        found.pop()
    return found
