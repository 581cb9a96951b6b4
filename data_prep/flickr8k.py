"""Flickr8k in its own file layout: 8,000 photographs with five captions each.

M. Hodosh, P. Young, J. Hockenmaier, "Framing Image Description as a Ranking Task", JAIR 47 (2013).
"""

import dataclasses
import pathlib
from collections.abc import Iterator

from data_prep.folders import unannotated
from data_prep.records import Problem, Record
from data_prep.text_files import lines

PHOTOGRAPH_FOLDERS = ("images", "Flicker8k_Dataset", "Flickr8k_Dataset", "Images")
CAPTIONS_FILE = "Flickr8k.token.txt"
SPLIT_FILES = {
    "train": "Flickr_8k.trainImages.txt",
    "validation": "Flickr_8k.devImages.txt",
    "test": "Flickr_8k.testImages.txt",
}
OPTIONAL_SPLITS = ("test",)
# The original token file names this one, which was never published.
KNOWN_TO_BE_MISSING = ("2258277193_586949ec62.jpg.1",)


@dataclasses.dataclass
class _Captions:
    """The captions of one photograph and where they stand."""

    first_line: int
    texts: dict[int, str] = dataclasses.field(default_factory=dict)

    def in_order(self) -> tuple[str, ...]:
        return tuple(text for _, text in sorted(self.texts.items()))


def records(source: str | pathlib.Path) -> Iterator[Record | Problem]:
    """Reads the split files in their order, with the captions of the token file.

    Args:
        source: a folder with ``images/`` (or ``Flicker8k_Dataset/``), ``Flickr8k.token.txt``,
            ``Flickr_8k.trainImages.txt``, ``Flickr_8k.devImages.txt`` and perhaps
            ``Flickr_8k.testImages.txt``.
    """
    source = pathlib.Path(source)
    folder = next((source / f for f in PHOTOGRAPH_FOLDERS if (source / f).is_dir()), None)
    if folder is None:
        yield Problem(
            file=str(source),
            line=0,
            expected=f"a folder of photographs: {' or '.join(PHOTOGRAPH_FOLDERS)}",
            found="none of them" if source.is_dir() else "no such folder",
            advice="check --source, or unpack the photographs there",
            severity="refuse",
        )
        return
    captions: dict[str, _Captions] = {}
    yield from _read_captions(source / CAPTIONS_FILE, captions)
    in_a_split = set()
    for split, file_name in SPLIT_FILES.items():
        path = source / file_name
        if path.exists() or split not in OPTIONAL_SPLITS:
            yield from _read_split(path, split, folder, captions, in_a_split)
    yield from _left_over(source / CAPTIONS_FILE, folder, captions, in_a_split)


def _read_captions(path: pathlib.Path, captions: dict[str, _Captions]) -> Iterator[Problem]:
    """Fills `captions`; yields the lines that are not ``FILE#n<TAB>caption``."""
    for line in lines(path):
        if isinstance(line, Problem):
            yield line
            continue
        number, text = line
        if not text.strip():
            continue
        key, tab, caption = text.partition("\t")
        name, hash_sign, position = key.rpartition("#")
        if not (tab and hash_sign and position.isdigit()):
            yield Problem(
                file=str(path),
                line=number,
                expected="FILE#n<TAB>caption",
                found=repr(text[:60]),
                advice="correct the line; it is left out",
            )
            continue
        entry = captions.setdefault(name, _Captions(number))
        if not caption.strip():
            yield Problem(
                file=str(path),
                line=number,
                expected="a caption",
                found="an empty one",
                advice="write the caption or delete the line; it is left out",
                record=key,
            )
        elif int(position) in entry.texts:
            yield Problem(
                file=str(path),
                line=number,
                expected=f"one caption of number {position} for each photograph",
                found="a second one",
                advice="number the captions of a photograph 0, 1, 2...; this one is left out",
                record=key,
            )
        else:
            entry.texts[int(position)] = caption.strip()


def _read_split(
    path: pathlib.Path,
    split: str,
    folder: pathlib.Path,
    captions: dict[str, _Captions],
    in_a_split: set[str],
) -> Iterator[Record | Problem]:
    for line in lines(path):
        if isinstance(line, Problem):
            yield line
            continue
        number, name = line[0], line[1].strip()
        if not name:
            continue
        in_a_split.add(name)
        found = captions[name].in_order() if name in captions else ()
        if not found:
            yield Problem(
                file=str(path),
                line=number,
                expected=f"captions of this photograph in {CAPTIONS_FILE}",
                found="none",
                advice="add them, or delete the line; the photograph is left out",
                record=name,
            )
            continue
        yield Record(
            source=str(path),
            line=number,
            file_name=name,
            photograph=folder / name,
            split=split,
            captions=found,
        )


def _left_over(
    captions_file: pathlib.Path,
    folder: pathlib.Path,
    captions: dict[str, _Captions],
    in_a_split: set[str],
) -> Iterator[Problem]:
    """Captions and photographs that no split names: told, since the original has some."""
    present = {path.name for path in folder.iterdir()}
    for name, entry in captions.items():
        if name in in_a_split:
            continue
        known = name in KNOWN_TO_BE_MISSING
        yield Problem(
            file=str(captions_file),
            line=entry.first_line,
            expected="a photograph that a split file names",
            found="no split names it" if name in present else f"no such photograph in {folder}",
            advice="nothing need be done: the published file has this line"
            if known
            else "add it to a split file to use it; it is left out",
            severity="note" if known or name in present else "skip",
            record=name,
        )
    yield from unannotated(folder, in_a_split | captions.keys())
