"""What is accepted as a photograph, and the small picture of it that the page shows."""

import dataclasses
import io
import warnings

from PIL import Image, UnidentifiedImageError

from s_cnn_rnn.data.photographs import (
    NEEDS_HEIC,
    DamagedPhotograph,
    is_heic,
    read_photograph,
)

SHOWN_SIDE = 1280
"""Longer side of the picture on the page, in pixels."""
UPLOAD = "This file"
NO_PICTURE = "it is no picture that can be read (JPEG, PNG, WebP, GIF, TIFF, ...)"


@dataclasses.dataclass(frozen=True)
class UploadLimits:
    """What is refused.

    Args:
        megabytes: largest file, in 10^6 bytes.
        megapixels: largest picture, in 10^6 pixels: a small file may hold a huge one.
    """

    megabytes: float = 20.0
    megapixels: float = 60.0

    def __post_init__(self):
        if not (self.megabytes > 0 and self.megapixels > 0):
            raise ValueError(f"upload limits are above 0; got {self}")

    @property
    def bytes(self) -> int:
        """Largest file in bytes."""
        return int(self.megabytes * 1e6)

    @property
    def pixels(self) -> int:
        """Largest picture in pixels."""
        return int(self.megapixels * 1e6)


def shown_picture(content: bytes, limits: UploadLimits) -> bytes:
    """Checks a photograph and makes the picture that the page shows of it.

    A browser shows fewer kinds of pictures than Pillow reads, and metadata (such as where it was
    taken) has no business on a page: so it is made anew, upright.

    Args:
        content: of the uploaded file.
        limits: what is refused; the size is known before a pixel is decoded.

    Returns:
        A JPEG of at most `SHOWN_SIDE` pixels a side.

    Raises:
        DamagedPhotograph: it is no picture, damaged, or too large.
    """
    width, height = _size(content)
    if width * height > limits.pixels:
        raise DamagedPhotograph(
            UPLOAD,
            f"{width}x{height} pixels; at most {limits.megapixels:g} megapixels are accepted",
        )
    pixels = read_photograph(content, name=UPLOAD)
    picture = Image.fromarray(pixels)
    picture.thumbnail((SHOWN_SIDE, SHOWN_SIDE), Image.Resampling.LANCZOS)
    jpeg = io.BytesIO()
    picture.save(jpeg, "JPEG", quality=88, optimize=True)
    return jpeg.getvalue()


def _size(content: bytes) -> tuple[int, int]:
    """(width, height) as the file's header says."""
    if not content:
        raise DamagedPhotograph(UPLOAD, "it is empty")
    try:
        with warnings.catch_warnings(action="ignore", category=Image.DecompressionBombWarning):
            return Image.open(io.BytesIO(content)).size
    except UnidentifiedImageError:
        reason = NEEDS_HEIC if is_heic(content) else NO_PICTURE
        raise DamagedPhotograph(UPLOAD, reason) from None
    except (Image.DecompressionBombError, OSError, SyntaxError, ValueError, EOFError) as error:
        raise DamagedPhotograph(UPLOAD, f"it cannot be opened ({error})") from error
