"""Reads a prepared data set: annotations, photographs, the vocabularies beside it.

The photographs lie in tensorflow-datasets' array_record shards. Beside them, for each split,
`annotations_SPLIT.jsonl` repeats everything but the pictures, in the shards' order, so that the
annotations of a large set are read in seconds and without touching a picture. A set prepared
without photographs (labels from tags alone) has no shards, and says so in `prepared.json`.
"""

import dataclasses
import functools
import hashlib
import json
import pathlib
import re
import shlex
import sys
import threading
from collections.abc import Iterator, Sequence

from s_cnn_rnn.vocabulary import Vocabulary

DESCRIPTION_FILE = "prepared.json"
SKIPPED_FILE = "skipped.jsonl"
FORMAT = 1
INCOMPLETE = "incomplete."  # how tensorflow-datasets begins the name of a folder it still writes


def annotations_file(split: str) -> str:
    """Name of the file that repeats a split's annotations."""
    return f"annotations_{split}.jsonl"


def vocabulary_file(kind: str) -> str:
    """Name of the vocabulary of captions, labels or tags."""
    return f"vocabulary_{kind}.json"


@dataclasses.dataclass(frozen=True)
class Annotation:
    """What people wrote about one photograph.

    Args:
        image_id: COCO's own id, else a running number unique over all splits.
        file_name: the photograph's name in its data set.
        photograph_sha256: of the stored JPEG; "" in a set without photographs.
        captions: human captions, perhaps none.
        labels: names of labels, perhaps none.
        tags: user tags, perhaps none.
    """

    image_id: int
    file_name: str
    photograph_sha256: str
    captions: tuple[str, ...]
    labels: tuple[str, ...]
    tags: tuple[str, ...]

    def as_line(self) -> str:
        """The line of the annotations file, without its end."""
        return json.dumps(vars(self), ensure_ascii=False)

    @classmethod
    def from_line(cls, line: str) -> "Annotation":
        """Reads what `as_line` wrote."""
        fields = json.loads(line)
        fields["captions"] = tuple(fields["captions"])
        for name in ("labels", "tags"):
            # Each is kept once in memory, however many photographs have it.
            fields[name] = tuple(map(sys.intern, fields[name]))
        return cls(**fields)


def read_annotations(path: pathlib.Path) -> Iterator[Annotation]:
    """The annotations in a file, one at a time."""
    with path.open(encoding="utf-8") as file:
        for line in file:
            yield Annotation.from_line(line)


class BrokenDataSet(ValueError):
    """A prepared data set that cannot be read; the message says what to do."""


class WithoutPhotographs(ValueError):
    """Photographs were asked of a data set that was prepared without; it says what to do."""


def file_digest(path: pathlib.Path) -> str:
    """The sha256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def digest_of_splits(split_digests: dict[str, str]) -> str:
    """The digest of a data set: of its splits' annotation files, whatever their order."""
    lines = "".join(f"{split} {digest}\n" for split, digest in sorted(split_digests.items()))
    return hashlib.sha256(lines.encode()).hexdigest()


class PreparedData:
    """A prepared data set on disk.

    Args:
        folder: ``DATA_DIR/NAME/VERSION``.

    Attributes:
        folder: the same.
        name: the data set's name.
        version: the prepared version.
        splits: photographs in each split.
        has_photographs: whether it was prepared with its photographs.
        digest: sha256 over file name, photograph, captions, labels and tags of every photograph
            of every split, in order: the same digest is the same data.
        description: the whole of ``prepared.json``.

    Raises:
        FileNotFoundError: there is no such folder, or it holds no prepared data set.
        BrokenDataSet: it was written by another version of this program.
    """

    def __init__(self, folder: str | pathlib.Path):
        self.folder = pathlib.Path(folder)
        self.description = _read_description(self.folder)
        self.name = self.description["name"]
        self.version = self.description["version"]
        self.splits = dict(self.description["splits"])
        self.has_photographs = self.description.get("photographs", True)
        self.digest = self.description["digest"]
        self._lock = threading.Lock()
        self._annotations = {}

    def annotations(self, split: str) -> list[Annotation]:
        """All annotations of a split, in the order of its photographs.

        Raises:
            KeyError: the set has no such split.
            BrokenDataSet: the file is missing, or not the one that was prepared.
        """
        self._require(split)
        with self._lock:
            if split not in self._annotations:
                self._annotations[split] = self._read_annotations(split)
            return self._annotations[split]

    def photographs(self, split: str, indices: Sequence[int]) -> list[bytes]:
        """The JPEGs at some places of a split; safe from several threads.

        Args:
            split: one of `splits`.
            indices: places in the order of `annotations`, 0 to the split's size - 1.

        Raises:
            KeyError: the set has no such split.
            IndexError: an index is outside the split.
            WithoutPhotographs: the set was prepared without photographs.
        """
        self._require(split)
        if not self.has_photographs:
            raise WithoutPhotographs(
                f"{self.folder}: this set has annotations alone, no photographs; choose a system "
                "that sees tags alone, or prepare the set again without --without_photographs"
            )
        size = self.splits[split]
        indices = [int(index) for index in indices]
        outside = [index for index in indices if not 0 <= index < size]
        if outside:
            raise IndexError(
                f"{self.folder}: {split} has photographs 0 to {size - 1}, not {outside[:5]}"
            )
        if not indices:
            return []
        source = self._source(split)
        # One at a time: array_record's batch call starts threads, which costs more than it saves.
        examples = [source[index] for index in indices]
        return [example.features.feature["image"].bytes_list.value[0] for example in examples]

    def vocabulary(self, kind: str) -> Vocabulary:
        """The vocabulary made from the train split.

        Args:
            kind: "captions", "labels" or "tags" (the most frequent of them).

        Raises:
            FileNotFoundError: the set has no captions (no labels, no tags).
        """
        path = self.folder / vocabulary_file(kind)
        if not path.exists():
            found = sorted(p.name for p in self.folder.glob(vocabulary_file("*")))
            advice = "choose a system without tags, or prepare the set again, with tags"
            raise FileNotFoundError(
                f"{path}: there is no such file; the train split of {self.name} has no {kind} "
                f"(vocabularies found: {found or 'none'}); "
                + (advice if kind == "tags" else "choose the other task or data set")
            )
        return Vocabulary.load(path)

    def _require(self, split: str) -> None:
        if split not in self.splits:
            raise KeyError(
                f"{self.folder}: no split {split!r}; this data set has "
                + ", ".join(f"{name} ({size})" for name, size in self.splits.items())
            )

    def _read_annotations(self, split: str) -> list[Annotation]:
        path = self.folder / annotations_file(split)
        if not path.exists():
            raise BrokenDataSet(f"{path}: the file is missing; prepare the data set again")
        expected = self.description["split_digests"][split]
        if file_digest(path) != expected:
            raise BrokenDataSet(
                f"{path}: expected sha256 {expected}; the file was changed after it was prepared; "
                "change the data set's own files instead and prepare it again"
            )
        return list(read_annotations(path))

    def _source(self, split: str):
        with self._lock:
            return self._sources(split)

    @functools.cache  # noqa: B019 (a prepared set is opened once and lives with the program)
    def _sources(self, split: str):
        import tensorflow_datasets as tfds

        builder = tfds.builder_from_directory(self.folder)
        only_parsed = tfds.decode.DeserializeMethod.DESERIALIZE_NO_DECODE
        return builder.as_data_source(split, deserialize_method=only_parsed)


def _read_description(folder: pathlib.Path) -> dict:
    path = folder / DESCRIPTION_FILE
    if not path.exists() or folder.name.startswith(INCOMPLETE):
        raise FileNotFoundError(f"{path}: {_why_missing(folder)}")
    try:
        description = json.loads(path.read_text("utf-8"))
    except json.JSONDecodeError as error:
        raise BrokenDataSet(f"{path}: not JSON ({error}); prepare the data set again") from error
    if description.get("format") != FORMAT:
        raise BrokenDataSet(
            f"{path}: format {description.get('format')}; this program reads format {FORMAT}; "
            "prepare the data set again"
        )
    return description


def _why_missing(folder: pathlib.Path) -> str:
    again = _how_to_prepare(folder)
    if not folder.exists():
        return f"there is no folder {folder}; {again}"
    if folder.name.startswith(INCOMPLETE):
        return f"a preparation that was interrupted; delete the folder and {again}"
    versions = sorted(str(p.parent) for p in folder.glob(f"**/{DESCRIPTION_FILE}"))
    if versions:
        return f"expected DATA_DIR/NAME/VERSION; prepared data sets below it: {versions[:5]}"
    return f"the folder holds no prepared data set; {again}"


def _how_to_prepare(folder: pathlib.Path) -> str:
    """The command, as far as the folder's name DATA_DIR/NAME/VERSION tells it."""
    program = "python -m data_prep.prepare"
    name, output = folder.parent.name, folder.parent.parent
    if not name or not re.search(r"(^|_)\d+\.\d+\.\d+$", folder.name):
        return f"prepare it: `{program} --help` says how"
    elsewhere = (
        "" if output == pathlib.Path("data/prepared") else f" --output={shlex.quote(str(output))}"
    )
    command = f"{program} --data_set={name} --source=FOLDER{elsewhere}"
    own = f"--data_set=own_folder --name={name}"
    return f"prepare it with `{command}` (a set of your own: {own}; --help says more)"
