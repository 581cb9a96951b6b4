"""Where the annotation program's photographs come from: files, patterns, lists, a camera."""

import dataclasses
import glob
import os
import pathlib
import sys
from collections.abc import Iterable, Iterator

from data_prep.folders import picture_files
from experiments.photograph_places import STANDARD_INPUT, is_pattern
from s_cnn_rnn.annotating.photograph_batches import NamedContent, Photograph


def photograph_files(place: pathlib.Path) -> Iterator[pathlib.Path]:
    """A file itself, whatever its name; of a folder its picture files, sorted, at any depth."""
    if place.is_dir():
        yield from picture_files(place)
    else:
        yield place


def found_photographs(places: Iterable[str]) -> Iterator[Photograph]:
    """The photographs of all places, in order.

    Args:
        places: files, folders, patterns ("trips/**/*.jpg"), "-" for the content of one on
            standard input.
    """
    for place in places:
        if place == STANDARD_INPUT:
            yield NamedContent("standard input", sys.stdin.buffer.read())
        elif is_pattern(place):
            for path in sorted(glob.iglob(place, recursive=True)):
                yield from photograph_files(pathlib.Path(path))
        else:
            yield from photograph_files(pathlib.Path(place))


def listed_places(file: str) -> Iterator[str]:
    """The places that a file names, one a line; "-" reads standard input.

    Raises:
        FileNotFoundError: there is no such file.
    """
    if file == STANDARD_INPUT:
        yield from _lines(sys.stdin.buffer)
        return
    with open(file, "rb") as lines:
        yield from _lines(lines)


def _lines(lines: Iterable[bytes]) -> Iterator[str]:
    """Of names that may be any bytes."""
    for line in lines:
        if line.strip():
            yield os.fsdecode(line.rstrip(b"\r\n"))


def webcam_frame(number: int) -> NamedContent:
    """One picture of a camera.

    Raises:
        ModuleNotFoundError: OpenCV, which reads cameras, is not installed.
        OSError: there is no such camera, or it gives no picture.
    """
    try:
        import cv2
    except ImportError as error:
        raise ModuleNotFoundError(
            f"--webcam needs OpenCV ({error}): pip install opencv-python-headless, or install "
            "s-cnn-rnn with the extra `webcam`"
        ) from error
    camera = cv2.VideoCapture(number)
    try:
        for _ in range(5):  # the first pictures of many cameras are black
            whole, frame = camera.read()
    finally:
        camera.release()
    if not whole:
        raise OSError(
            f"--webcam={number}: no picture from this camera; is it connected, free, and may this "
            "program use it? --webcam=1 is the second one"
        )
    _, content = cv2.imencode(".jpg", frame, [cv2.IMWRITE_JPEG_QUALITY, 95])
    return NamedContent(f"webcam {number}", content.tobytes())


@dataclasses.dataclass(frozen=True)
class Places:
    """Where photographs come from.

    Args:
        named: files, folders, patterns, "-".
        files_from: a file that names further ones, one a line; "-" for standard input.
        webcam: number of a camera.
    """

    named: tuple[str, ...] = ()
    files_from: str | None = None
    webcam: int | None = None

    def photographs(self) -> Iterator[Photograph]:
        """All of them; never more than one folder's names in memory."""
        if self.webcam is not None:
            yield webcam_frame(self.webcam)
        yield from found_photographs(self.named)
        if self.files_from is not None:
            yield from found_photographs(listed_places(self.files_from))

    def count(self) -> int:
        """How many there are; 0 where that is known at the end only (a stream, a camera).

        Raises:
            FileNotFoundError: there are none.
        """
        if STANDARD_INPUT in (self.files_from, *self.named) or self.webcam is not None:
            return 0
        if self.files_from is not None and not pathlib.Path(self.files_from).is_file():
            return 0  # a pipe can be read once
        total = sum(1 for _ in self.photographs())
        if not total:
            raise FileNotFoundError(
                f"no photograph in {', '.join(self.named) or self.files_from}: name picture files, "
                "or folders with such files"
            )
        return total
