"""Photographs small enough to live inside the page."""

import base64
import dataclasses
import io
from collections.abc import Callable

from PIL import Image, ImageOps

QUALITY = 80
DRAWN_SIDE = 160


@dataclasses.dataclass(frozen=True)
class Thumbnail:
    """A picture as a data URI, with its size in pixels.

    ``is_tiny`` pictures are shown with hard pixels, since enlarging would blur them.
    """

    uri: str
    width: int
    height: int

    @property
    def is_tiny(self) -> bool:
        """Whether the page has to enlarge the picture."""
        return max(self.width, self.height) < DRAWN_SIDE


def open_upright(jpeg: bytes | Callable[[], bytes], file_name: str, longest: int) -> Image.Image:
    """Decodes a picture to upright RGB, at most ``longest`` pixels on its longer side.

    Raises:
        ValueError: the bytes are not a picture; the message names the file.
    """
    content = jpeg() if callable(jpeg) else jpeg
    try:
        picture = Image.open(io.BytesIO(content))
        picture.draft("RGB", (longest, longest))
        picture = ImageOps.exif_transpose(picture).convert("RGB")
    except OSError as error:
        raise ValueError(
            f"{file_name!r}: expected the bytes of a picture, got {len(content)} bytes that do not "
            f"decode ({error}); run the data check on the data set"
        ) from error
    picture.thumbnail((longest, longest), Image.Resampling.LANCZOS)
    return picture


def make_thumbnail(
    jpeg: bytes | Callable[[], bytes], file_name: str, longest: int = 480
) -> Thumbnail:
    """Makes a JPEG data URI of a picture, without its metadata (which may tell where it was taken).

    Args:
        jpeg: bytes of the picture file, or a function that reads them.
        file_name: named in errors.
        longest: longer side in pixels; smaller pictures keep their size.

    Raises:
        ValueError: the bytes are not a picture.
    """
    picture = open_upright(jpeg, file_name, longest)
    tiny = max(picture.size) < DRAWN_SIDE
    buffer = io.BytesIO()
    sampling = {"quality": 92, "subsampling": 0} if tiny else {"quality": QUALITY}
    picture.save(buffer, "JPEG", optimize=True, **sampling)
    code = base64.b64encode(buffer.getvalue()).decode("ascii")
    return Thumbnail(f"data:image/jpeg;base64,{code}", picture.width, picture.height)
