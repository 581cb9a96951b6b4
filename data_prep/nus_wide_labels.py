"""NUS-WIDE's label files: for each of 81 concepts one 0 or 1 a line, in the image list's order."""

import pathlib

import numpy as np

from data_prep.records import BadData, Problem

FOLDERS = ("Groundtruth/TrainTestLabels", "GroundTruth/TrainTestLabels", "TrainTestLabels")
CONCEPT_FILES = ("Concepts81.txt", "ConceptsList/Concepts81.txt")
MOST_BAD_LINES = 100  # of one file; with more it is of another kind


def read_concepts(source: pathlib.Path) -> tuple[str, ...]:
    """The names of the concepts, in the official order.

    Raises:
        BadData: the list is missing or empty.
    """
    path = find(source, CONCEPT_FILES)
    names = tuple(path.read_text("utf-8-sig").split())
    if not names or len(set(names)) != len(names):
        raise refusal(path, "the name of a concept a line, each once", f"{len(names)} names")
    return names


def read_labels(
    source: pathlib.Path, part: str, concepts: tuple[str, ...], photographs: list[str]
) -> tuple[np.ndarray, list[Problem]]:
    """The label files of one part.

    Args:
        source: the data set's folder.
        part: "Train" or "Test".
        concepts: names of the concepts.
        photographs: file names of the part's photographs, in the image list's order.

    Returns:
        uint8 [photographs, concepts], 1 where a photograph has the label; and the lines that are
        neither 0 nor 1: such a label is taken as 0 (the published files have one such line).

    Raises:
        BadData: a file is missing, of another length than the image list, or of another kind.
    """
    labels = np.zeros((len(photographs), len(concepts)), np.uint8)
    problems = []
    for number, concept in enumerate(concepts):
        path = find(source, [f"{folder}/Labels_{concept}_{part}.txt" for folder in FOLDERS])
        lines = [line.strip() for line in path.read_bytes().rstrip().split(b"\n")]
        if len(lines) != len(photographs):
            expected = f"{len(photographs):,} lines, as many as {part}Imagelist.txt"
            raise refusal(path, expected, f"{len(lines):,}")
        labels[:, number] = [line == b"1" for line in lines]
        bad = [row for row, line in enumerate(lines) if line not in (b"0", b"1")]
        if len(bad) > MOST_BAD_LINES:
            raise refusal(path, "0 or 1 in every line", f"{len(bad):,} other lines", bad[0] + 1)
        problems += [
            Problem(
                file=str(path),
                line=row + 1,
                expected="0 or 1",
                found=repr(lines[row][:60].decode("utf-8", "replace")),
                advice=f"correct the line; the label {concept!r} is left out of this photograph",
                record=photographs[row],
            )
            for row in bad
        ]
    return labels, problems


def find(source: pathlib.Path, names) -> pathlib.Path:
    """The first of some files that exists.

    Raises:
        BadData: none does.
    """
    found = next((source / name for name in names if (source / name).is_file()), None)
    if found is None:
        missing = "none of them" if source.is_dir() else "no such folder"
        raise refusal(source, " or ".join(names), missing)
    return found


def refusal(path: pathlib.Path, expected: str, found: str, line: int = 0) -> BadData:
    """The error of a data set that cannot be read."""
    advice = "use the official files (Groundtruth, ImageList, Concepts81.txt), as published"
    return BadData.of(path, expected, found, advice, line=line)
