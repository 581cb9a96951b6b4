"""Which XMP sidecars speak of a photograph, and into which its metadata are written.

darktable and digiKam call it dog.jpg.xmp, Adobe's programs dog.xmp. The first is the photograph's
alone. The second may stand for dog.png or a raw file dog.cr2 as well: such a one is read, but never
written to, and what a model added to it is not taken for this photograph's.
"""

import os
import pathlib
from collections.abc import Iterator
from typing import Any, NamedTuple

from s_cnn_rnn.file_names import PICTURE_ENDINGS
from s_cnn_rnn.metadata.exiv2_library import open_image, text_of

_ENDING = "Xmp.photoshop.SidecarForExtension"  # Adobe: of which of the files it is


class Sidecar(NamedTuple):
    """A sidecar that is there.

    Args:
        path: the file.
        image: the library's view of it.
        shared: whether other files may be meant as well.
    """

    path: pathlib.Path
    image: Any
    shared: bool


def sidecars(photograph: str | os.PathLike) -> list[Sidecar]:
    """The sidecars that speak of a photograph, the nearest first: dog.jpg.xmp, dog.xmp.

    Args:
        photograph: a file that is there.

    Raises:
        UnreadableMetadata: one is damaged.
        OSError: one cannot be read.
    """
    return list(_found(pathlib.Path(photograph)))


def written_sidecar(photograph: str | os.PathLike) -> pathlib.Path:
    """Where a photograph's metadata are written: the sidecar of its own that is there.

    A new one is called dog.jpg.xmp, so that dog.png can lie beside it.

    Raises:
        UnreadableMetadata, OSError: as `sidecars` has it.
    """
    own = (sidecar.path for sidecar in sidecars(photograph) if not sidecar.shared)
    return next(own, _nearest(pathlib.Path(photograph)))


def _nearest(photograph: pathlib.Path) -> pathlib.Path:
    return photograph.with_name(f"{photograph.name}.xmp")


def _found(photograph: pathlib.Path) -> Iterator[Sidecar]:
    nearest, common = _nearest(photograph), photograph.with_suffix(".xmp")
    if nearest.is_file():
        yield Sidecar(nearest, _opened(nearest), shared=False)
    if common == nearest or not common.is_file() or _is_nearest_of_another(common):
        return
    image = _opened(common)
    ending = photograph.suffix.lower().lstrip(".")
    named = text_of(image.xmpData(), _ENDING).lower().lstrip(".")
    others = _endings_beside(photograph)
    if named == ending and ending not in others:
        yield Sidecar(common, image, shared=False)
    elif named == ending or named not in others:  # it names none, or a raw file: the same shot
        yield Sidecar(common, image, shared=bool(named or others))


def _opened(path: pathlib.Path):
    return open_image(path.read_bytes(), str(path))


def _is_nearest_of_another(common: pathlib.Path) -> bool:
    """Of dog.jpg.png it is dog.jpg.xmp, which belongs to dog.jpg."""
    other = common.with_suffix("")
    return other.suffix.lower() in PICTURE_ENDINGS and other.is_file()


def _endings_beside(photograph: pathlib.Path) -> set[str]:
    """The endings of other pictures with the same stem, without dots.

    Asked for one by one: to list the folder for each photograph would take the square of its size.
    """
    endings = {each for ending in PICTURE_ENDINGS for each in (ending, ending.upper())}
    others = (photograph.with_suffix(each) for each in endings - {photograph.suffix})
    return {
        other.suffix.lower().lstrip(".")
        for other in others
        if other.is_file() and not other.samefile(photograph)
    }
