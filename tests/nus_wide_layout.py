"""NUS-WIDE's official layout, written from label matrices: small ones, or the real one."""

import dataclasses
import pathlib

import numpy as np


@dataclasses.dataclass
class NusWide:
    """What the official files say.

    Args:
        concepts: names of the labels.
        labels: uint8 [photographs, concepts]; the photographs of Train first.
        is_test: bool [photographs].
        names: file names, as ``actor/0001_2124494179.jpg``.
        tags: the user tags of each photograph, or None.
    """

    concepts: list[str]
    labels: np.ndarray
    is_test: np.ndarray
    names: list[str]
    tags: list[list[str]] | None = None

    def write(self, folder: pathlib.Path) -> pathlib.Path:
        """Writes label files, image lists, concepts and ``All_Tags.txt``."""
        truth = folder / "Groundtruth" / "TrainTestLabels"
        for place in (truth, folder / "ImageList", folder / "NUS_WID_Tags"):
            place.mkdir(parents=True)
        (folder / "Concepts81.txt").write_text("".join(f"{name}\n" for name in self.concepts))
        for part, rows in {"Train": ~self.is_test, "Test": self.is_test}.items():
            for name, column in zip(self.concepts, self.labels[rows].T, strict=True):
                lines = np.stack([column + ord("0"), np.full_like(column, ord("\n"))], axis=1)
                (truth / f"Labels_{name}_{part}.txt").write_bytes(lines.tobytes())
            names = (self.names[row] for row in np.flatnonzero(rows))
            text = "".join(name.replace("/", "\\") + "\r\n" for name in names)
            (folder / "ImageList" / f"{part}Imagelist.txt").write_bytes(text.encode())
        if self.tags is not None:
            with (folder / "NUS_WID_Tags" / "All_Tags.txt").open("w", encoding="utf-8") as file:
                for name, tags in zip(self.names, self.tags, strict=True):
                    number = name.rpartition("_")[2].removesuffix(".jpg")
                    file.write(f"{number}      {' '.join(tags)} \n")
        return folder


def small() -> NusWide:
    """Seven photographs to train and three to test, with four labels."""
    return NusWide(
        concepts=["lake", "map", "sky", "zebra"],
        labels=np.array(
            [
                [1, 0, 1, 0],
                [0, 0, 1, 0],
                [0, 0, 0, 0],
                [1, 0, 0, 0],
                [0, 0, 1, 0],
                [0, 0, 1, 0],
                [0, 1, 1, 0],
                [1, 0, 1, 0],
                [0, 0, 0, 0],
                [0, 1, 0, 0],
            ],
            np.uint8,
        ),
        is_test=np.array([False] * 7 + [True] * 3),
        names=[f"place_{n // 4}/{n:04d}_{1000 + n}.jpg" for n in range(10)],
        tags=[["sky", "fun", f"t{n}"][: n % 4] for n in range(10)],
    )


def real(folder: pathlib.Path) -> NusWide:
    """All 269,648 photographs: real labels; names made of row and id; real tags, given again.

    Args:
        folder: the shared part of NUS-WIDE: the matrix, and the table of photographs with tags.
    """
    matrix = np.load(folder / "nuswide_labels81.npz")
    labels = np.unpackbits(matrix["labels_packed"], axis=1)[:, :81]
    table = (folder / "nuswide_10500_labels81_tags.tsv").read_text("utf-8").splitlines()[1:]
    known = [line.split("\t")[3].split() for line in table]
    ids = matrix["photo_id"].tolist()
    # An id of its own for those whose id is not known, beyond Flickr's of that time.
    ids = [number if number >= 0 else 10**12 + row for row, number in enumerate(ids)]
    return NusWide(
        concepts=matrix["concepts"].tolist(),
        labels=labels,
        is_test=matrix["is_test"].astype(bool),
        names=[f"all/{row:06d}_{number}.jpg" for row, number in enumerate(ids)],
        tags=[known[number % len(known)] for number in ids],
    )
