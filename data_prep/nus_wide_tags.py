"""NUS-WIDE's user tags: ``All_Tags.txt``, or the 0/1 tables of the 1,000 official tags."""

import dataclasses
import itertools
import pathlib
from collections.abc import Callable, Collection, Iterator

import numpy as np

from data_prep.nus_wide_labels import find, refusal
from data_prep.records import Problem
from data_prep.text_files import lines

FOLDER = "NUS_WID_Tags"
ALL_TAGS = f"{FOLDER}/All_Tags.txt"
TAG_NAMES = (f"{FOLDER}/TagList1k.txt", "TagList1k.txt")
TABLES = (
    {"Train_Tags1k.dat": "TrainImagelist.txt", "Test_Tags1k.dat": "TestImagelist.txt"},
    {"AllTags1k.txt": "Imagelist.txt"},
)
"""Tables of 0 and 1, a line a photograph, and the image lists in whose order they are."""


@dataclasses.dataclass
class Tags:
    """The tags of every photograph, kept in memory as they stand in the files (some 50 MB).

    Args:
        kept: the tags that are used; None: all.
        texts: the rest of the line of ``All_Tags.txt``, by Flickr's photograph id.
        tables: bits of a 0/1 table, by file name.
        names: the tags of the tables' columns.
    """

    kept: Collection[str] | None = None
    texts: dict[int, str] = dataclasses.field(default_factory=dict)
    tables: dict[str, bytes] = dataclasses.field(default_factory=dict)
    names: tuple[str, ...] = ()

    def of(self, file_name: str) -> tuple[str, ...]:
        """A photograph's tags, in the file's order, each once; perhaps none."""
        if self.tables:
            bits = np.frombuffer(self.tables.get(file_name, b""), np.uint8)
            found = [self.names[column] for column in np.flatnonzero(np.unpackbits(bits))]
        else:
            found = dict.fromkeys(self.texts.get(photograph_id(file_name), "").split())
        return tuple(tag for tag in found if self.kept is None or tag in self.kept)


def photograph_id(file_name: str) -> int | None:
    """Flickr's id in a name like ``actor/0001_2124494179.jpg``."""
    digits = file_name.rpartition("_")[2].partition(".")[0]
    return int(digits) if digits.isascii() and digits.isdigit() else None


def read_tag_list(source: pathlib.Path, name: str | None) -> Collection[str] | None:
    """The tags of a list, one a line; None where no list is named."""
    return frozenset(find(source, [name]).read_text("utf-8-sig").split()) if name else None


def read_tags(
    source: pathlib.Path, image_list: Callable[[str], list[str]], tags: Tags
) -> Iterator[Problem]:
    """Fills ``tags`` from what is there; yields the lines that cannot be used.

    Args:
        source: the data set's folder.
        image_list: name of an image list -> the photographs in it.
        tags: empty so far.

    Raises:
        BadData: a table does not fit its image list.
    """
    if (source / ALL_TAGS).is_file():
        yield from _read_texts(source / ALL_TAGS, tags)
        return
    tables = next((t for t in TABLES if all((source / FOLDER / n).is_file() for n in t)), None)
    if tables is None:
        yield Problem(
            file=str(source / FOLDER),
            line=0,
            expected="All_Tags.txt (or Train_Tags1k.dat and Test_Tags1k.dat, or AllTags1k.txt)",
            found="none of them",
            advice="unpack NUS_WID_Tags.zip there to have tags; all photographs are without",
            severity="note",
        )
        return
    tags.names = tuple(find(source, TAG_NAMES).read_text("utf-8-sig").split())
    for name, list_name in tables.items():
        yield from _read_table(source / FOLDER / name, image_list(list_name), tags)


def _read_texts(path: pathlib.Path, tags: Tags) -> Iterator[Problem]:
    for line in lines(path):
        if isinstance(line, Problem):
            yield line
            continue
        number, text = line
        key, _, rest = text.strip().replace("\t", " ").partition(" ")
        if not (key.isascii() and key.isdigit()):
            if key:
                expected = "PHOTOGRAPH_ID TAG TAG ..."
                yield _left_out(path, number, expected, repr(text[:60]), key)
        elif tags.texts.setdefault(int(key), rest) != rest:
            expected = "the tags of a photograph once"
            yield _left_out(path, number, expected, "a second, other line of this id", key)


def _read_table(path: pathlib.Path, photographs: list[str], tags: Tags) -> Iterator[Problem]:
    with path.open("rb") as file:
        rows = itertools.takewhile(len, (line.translate(None, b" \t\r\n") for line in file))
        pairs = itertools.zip_longest(rows, photographs)
        for number, (values, photograph) in enumerate(pairs, start=1):
            if values is None or photograph is None:
                expected = f"{len(photographs):,} lines, as many as its image list"
                raise refusal(path, expected, "fewer" if values is None else "more", number)
            if len(values) != len(tags.names) or values.strip(b"01"):
                expected = f"{len(tags.names):,} times 0 or 1"
                found = f"{len(values):,} characters that begin {values[:20]!r}"
                yield _left_out(path, number, expected, found, photograph)
                continue
            bits = np.frombuffer(values, np.uint8) == ord("1")
            tags.tables[photograph] = np.packbits(bits).tobytes()


def _left_out(path: pathlib.Path, number: int, expected: str, found: str, record: str) -> Problem:
    advice = "correct the line; its tags are left out, the photograph stays"
    return Problem(str(path), number, expected, found, advice, record=record)
