"""Data sets of any size, drawn for the benchmarks and prepared as a user's own folder is."""

import json
import pathlib

import numpy as np

from benchmarks import drawn_photographs
from data_prep.data_sets import DATA_SETS
from data_prep.prepared_format import prepare
from data_prep.side_files import HowPrepared
from data_prep.vocabularies import VocabularySettings
from s_cnn_rnn.data.prepared import PreparedData

CAPTIONS = 5  # of each photograph
_WORDS = 2_000


def own_folder(
    folder: pathlib.Path, count: int, *, size: tuple[int, int] = drawn_photographs.SIZE
) -> tuple[PreparedData, list[str]]:
    """Draws photographs with captions and prepares them: one in ten (8 at least) to validate.

    Args:
        folder: is filled.
        count: photographs.
        size: width and height of each, in pixels.

    Returns:
        The prepared set, and the JPEG files.
    """
    source = folder / "source"
    files = drawn_photographs.write(source, count, size)
    random = np.random.default_rng(0)
    held_back = max(8, count // 10)
    with (source / "captions.jsonl").open("w", encoding="utf-8") as lines:
        for number, file in enumerate(files):
            captions = [_caption(random) for _ in range(CAPTIONS)]
            split = "validation" if number < held_back else "train"
            row = {"file_name": pathlib.Path(file).name, "captions": captions, "split": split}
            lines.write(json.dumps(row) + "\n")
    row = DATA_SETS["own_folder"]
    how = HowPrepared(vocabulary=VocabularySettings(minimum_count=1, concepts=50))
    return prepare(row, row.records(source=source), folder / "prepared", how=how), files


def _caption(random: np.random.Generator) -> str:
    numbers = np.minimum(random.zipf(1.3, random.integers(6, 16)), _WORDS)
    return " ".join(f"word{number}" for number in numbers)


def nus_wide(folder: pathlib.Path, count: int, *, labels: int = 81) -> pathlib.Path:
    """NUS-WIDE's official files without its photographs: 60% train, labels, some 10 tags each."""
    random = np.random.default_rng(0)
    truth = folder / "Groundtruth" / "TrainTestLabels"
    for place in (truth, folder / "ImageList", folder / "NUS_WID_Tags"):
        place.mkdir(parents=True)
    concepts = [f"label{number}" for number in range(labels)]
    (folder / "Concepts81.txt").write_text("".join(f"{name}\n" for name in concepts))
    names = [f"all\\{number:06d}_{10**9 + number}.jpg" for number in range(count)]
    first_test = int(0.6 * count)
    for part, rows in (("Train", slice(first_test)), ("Test", slice(first_test, None))):
        chosen = names[rows]
        (folder / "ImageList" / f"{part}Imagelist.txt").write_text(
            "".join(f"{name}\r\n" for name in chosen), newline=""
        )
        for name in concepts:
            column = (random.random(len(chosen)) < 0.03).astype(np.uint8)
            lines = np.stack([column + ord("0"), np.full_like(column, ord("\n"))], axis=1)
            (truth / f"Labels_{name}_{part}.txt").write_bytes(lines.tobytes())
    with (folder / "NUS_WID_Tags" / "All_Tags.txt").open("w", encoding="utf-8") as file:
        for number in range(count):
            tags = np.minimum(random.zipf(1.2, random.integers(1, 20)), 50_000)
            file.write(f"{10**9 + number}      {' '.join(f't{tag}' for tag in tags)} \n")
    return folder
