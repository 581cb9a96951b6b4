"""Photographs of every kind -> upright RGB pixels of the encoder's size; augmentation.

Two ways in, which give the same pixels: Pillow decodes the user's own files (`read_photograph`,
any format), TensorFlow the JPEGs of a prepared data set (`decode_and_resize`), inside its input
pipeline; both resample by one function. (Pillow's own resampling rounds to 8 bits twice, halves
always up: a fifth of the values 1 higher, which changed the labels of 3 to 5% of photographs.)
Colour profiles (ICC) are ignored in both, as everywhere in this field.
"""

import contextlib
import dataclasses
import io
import pathlib

import numpy as np
import tensorflow as tf
from PIL import Image, ImageOps, UnidentifiedImageError

with contextlib.suppress(ImportError):  # the extra `heic`; without it such files are told
    import pillow_heif

    pillow_heif.register_heif_opener()

SMALLEST_SIDE = 2  # a picture one pixel wide or high shows nothing
DRAFT_PIXELS = 16_000_000  # larger JPEGs may be decoded at a fraction of their size
JPEG_QUALITY = 95
_HEIC = tuple(b"ftyp" + brand for brand in (b"heic", b"heix", b"mif1", b"msf1", b"hevc"))
NEEDS_HEIC = "HEIC needs pillow-heif: pip install pillow-heif (the extra `heic`)"
_ORIENTATION = 0x0112  # the EXIF tag; 1 is upright
_SIXTEEN_BIT = ("I", "I;16", "I;16B", "I;16L", "I;16N")


class DamagedPhotograph(ValueError):
    """A picture that cannot be used; the message says which and why.

    Args:
        name: the file, as the user knows it.
        reason: what was expected and what came.
    """

    def __init__(self, name: str, reason: str):
        super().__init__(f"{name}: {reason}")
        self.name = name
        self.reason = reason


def read_photograph(
    photograph: str | pathlib.Path | bytes,
    *,
    image_size: int | None = None,
    name: str | None = None,
) -> np.ndarray:
    """Reads a picture file of any kind that Pillow knows.

    Turned upright by its EXIF tag; grey, palette and CMYK become RGB; transparency is laid over
    white; 16-bit values keep their upper 8 bits; of an animation the first picture is taken.

    Args:
        photograph: the file, or its content.
        image_size: side in pixels to which the whole picture is warped, as in
            `decode_and_resize`; None keeps its own size.
        name: how messages call it, if not by the file's path.

    Returns:
        uint8 [H,W,3], 0 to 255; H = W = ``image_size`` where given.

    Raises:
        DamagedPhotograph: it is missing, no picture, truncated, too small or too large.
    """
    name = name or (str(photograph) if not isinstance(photograph, bytes) else "a photograph")
    content = _content(photograph, name)
    picture = _open(content, name)
    if image_size and picture.width * picture.height > DRAFT_PIXELS:
        picture.draft("RGB", (4 * image_size, 4 * image_size))
    pixels = np.asarray(_upright_rgb(picture, name))
    if image_size and pixels.shape[:2] != (image_size, image_size):
        pixels = _resize_any(pixels, image_size).numpy()
    return pixels


@dataclasses.dataclass(frozen=True)
class StoredPhotograph:
    """A photograph as a prepared data set keeps it.

    Args:
        jpeg: an upright RGB or grey JPEG.
        width: pixels.
        height: pixels.
        conversion: what it was before, if it was not such a JPEG already; else "".
    """

    jpeg: bytes
    width: int
    height: int
    conversion: str


def as_stored(photograph: str | pathlib.Path | bytes, *, name: str) -> StoredPhotograph:
    """Checks a photograph by decoding all of it; makes an upright JPEG where it is none.

    So is a JPEG that Pillow reads but TensorFlow does not: one of them would stop a training.

    Raises:
        DamagedPhotograph: it is missing, no picture, truncated, too small or too large.
    """
    content = _content(photograph, name)
    picture = _open(content, name)
    conversion = _conversion(picture)
    _load(picture, name)
    if not conversion and not _tensorflow_decodes(content):
        conversion = f"{picture.format} {picture.mode} with slight damage"
    if not conversion:
        return StoredPhotograph(content, picture.width, picture.height, "")
    picture = _upright_rgb(picture, name)
    jpeg = io.BytesIO()
    picture.save(jpeg, "JPEG", quality=JPEG_QUALITY, subsampling=0)
    return StoredPhotograph(jpeg.getvalue(), picture.width, picture.height, conversion)


def _content(photograph: str | pathlib.Path | bytes, name: str) -> bytes:
    if isinstance(photograph, bytes):
        return photograph
    try:
        return pathlib.Path(photograph).read_bytes()
    except OSError as error:
        raise DamagedPhotograph(name, f"cannot read {photograph}: {error.strerror}") from error


def _open(content: bytes, name: str) -> Image.Image:
    """Reads the header only; Pillow refuses more than 179 megapixels."""
    if not content:
        raise DamagedPhotograph(name, "the file is empty")
    try:
        picture = Image.open(io.BytesIO(content))
    except UnidentifiedImageError:
        reason = f"expected a picture; the file begins with {content[:8]!r}"
        if is_heic(content):
            reason = NEEDS_HEIC
        raise DamagedPhotograph(name, reason) from None
    except (Image.DecompressionBombError, OSError, SyntaxError, ValueError, EOFError) as error:
        raise DamagedPhotograph(name, f"cannot be opened ({error})") from error
    if min(picture.size) < SMALLEST_SIDE:
        size = f"{picture.width}x{picture.height} pixels"
        raise DamagedPhotograph(name, f"{size}; no side may be below {SMALLEST_SIDE}")
    return picture


def is_heic(content: bytes) -> bool:
    """Whether a file is a HEIC picture, as many phones write them, by its first bytes."""
    return content[4:12] in _HEIC


def _load(picture: Image.Image, name: str) -> None:
    """Decodes every pixel."""
    try:
        picture.load()
    except (OSError, SyntaxError, ValueError, EOFError, IndexError) as error:
        raise DamagedPhotograph(name, f"cannot be decoded ({error})") from error


def _orientation(picture: Image.Image) -> int:
    try:
        return picture.getexif().get(_ORIENTATION, 1)
    except (OSError, SyntaxError, ValueError, KeyError, TypeError):
        return 1  # EXIF that cannot be read says nothing; the pixels may be whole


def _conversion(picture: Image.Image) -> str:
    """What must be converted before the picture is an upright RGB or grey JPEG; else ""."""
    # MPO, as phones write it, is a JPEG with further pictures behind the first.
    is_jpeg = picture.format in ("JPEG", "MPO")
    turned = _orientation(picture) not in (0, 1)
    if is_jpeg and picture.mode in ("RGB", "L") and not turned:
        return ""
    return f"{picture.format} {picture.mode}" + (" rotated by EXIF" if turned else "")


def _tensorflow_decodes(jpeg: bytes) -> bool:
    try:
        tf.io.decode_jpeg(jpeg, channels=3)
    except tf.errors.InvalidArgumentError:
        return False
    return True


def _upright_rgb(picture: Image.Image, name: str) -> Image.Image:
    _load(picture, name)
    if _orientation(picture) not in (0, 1):
        picture = ImageOps.exif_transpose(picture)
    if picture.mode == "F":
        raise DamagedPhotograph(name, "floating-point pixels; expected 8 or 16 bits a channel")
    if picture.mode in _SIXTEEN_BIT:
        upper = np.clip(np.asarray(picture).astype(np.int64) >> 8, 0, 255)
        picture = Image.fromarray(upper.astype(np.uint8))
    if picture.has_transparency_data:
        picture = picture.convert("RGBA")
        white = Image.new("RGBA", picture.size, "white")
        picture = Image.alpha_composite(white, picture)
    return picture if picture.mode == "RGB" else picture.convert("RGB")


def decode_and_resize(jpeg: tf.Tensor, image_size: int) -> tf.Tensor:
    """Decodes a JPEG of a prepared data set and warps the whole picture to a square.

    The DCT is the accurate one, as in Pillow. Resampling is bilinear with antialiasing (a triangle
    filter as wide as the reduction); a picture that has the size already is not resampled. JPEG's
    own reduced decoding (1/2, 1/4, 1/8) is not used: it averages whole blocks, another filter.

    Args:
        jpeg: string scalar.
        image_size: side of the result, in pixels.

    Returns:
        uint8 [image_size, image_size, 3], 0 to 255.
    """
    return resize(tf.io.decode_jpeg(jpeg, channels=3, dct_method="INTEGER_ACCURATE"), image_size)


WAY_TO_PIXELS = "accurate DCT, triangle filter with antialiasing, rounded"
"""Part of the key of cached features: another text where a photograph's pixels become others."""


def resize(pixels: tf.Tensor, image_size: int) -> tf.Tensor:
    """Warps a whole photograph to a square, as `decode_and_resize` does.

    Args:
        pixels: uint8 [H, W, 3].
        image_size: side of the result, in pixels.

    Returns:
        uint8 [image_size, image_size, 3], 0 to 255.
    """
    height, width = tf.unstack(tf.shape(pixels)[:2])
    pixels = tf.cond(
        (height == image_size) & (width == image_size),
        lambda: pixels,
        lambda: _resize(pixels, image_size),
    )
    return tf.ensure_shape(pixels, [image_size, image_size, 3])


def _resize(pixels: tf.Tensor, image_size: int) -> tf.Tensor:
    resized = tf.image.resize(pixels, [image_size, image_size], "bilinear", antialias=True)
    # Means, with no negative weights: rounded, they are between 0 and 255 without clipping.
    return tf.cast(tf.round(resized), tf.uint8)


_resize_any = tf.function(  # traced once, for pictures of every size
    _resize,
    input_signature=(tf.TensorSpec([None, None, 3], tf.uint8), tf.TensorSpec([], tf.int32)),
    autograph=False,
)


@dataclasses.dataclass(frozen=True)
class Augmentation:
    """How training photographs are varied; the defaults vary nothing.

    Args:
        flip: mirror half of the photographs, left to right.
        crop: smallest and largest part of the area that is kept, each in (0, 1]; the crop's place
            is uniform, its aspect ratio 3/4 to 4/3, and it is enlarged to the photograph's size.
    """

    flip: bool = False
    crop: tuple[float, float] = (1.0, 1.0)

    def __post_init__(self):
        low, high = self.crop
        if not 0 < low <= high <= 1:
            raise ValueError(f"augmentation: crop is 0 < smallest <= largest <= 1, not {self.crop}")


def augment(image: tf.Tensor, seed: tf.Tensor, settings: Augmentation) -> tf.Tensor:
    """Varies one photograph; the result is a pure function of the arguments.

    Args:
        image: uint8 [H,W,3].
        seed: int32 [2].
        settings: what varies, and how much.

    Returns:
        uint8 [H,W,3].
    """
    shape = image.shape
    flip_seed, crop_seed, _ = tf.unstack(tf.random.split(seed, 3))  # 3: as runs were made
    if settings.flip:
        image = tf.image.stateless_random_flip_left_right(image, flip_seed)
    if settings.crop != (1.0, 1.0):
        image = _random_crop(image, crop_seed, settings.crop)
    return tf.ensure_shape(image, shape)


def _random_crop(image: tf.Tensor, seed: tf.Tensor, area: tuple[float, float]) -> tf.Tensor:
    size = tf.shape(image)[:2]
    sides = tf.cast(size, tf.float32)  # height, width
    part, log_aspect, *place = tf.unstack(tf.random.stateless_uniform([4], seed))
    part = area[0] + part * (area[1] - area[0])
    aspect = tf.exp((2 * log_aspect - 1) * np.log(4 / 3))
    # The area stays exact where one side would be longer than the photograph's.
    high = tf.clip_by_value(tf.sqrt(part / aspect), part, 1.0)
    crop = tf.clip_by_value(tf.round(tf.stack([high, part / high]) * sides), 1, sides)
    corner = tf.floor(tf.stack(place) * (sides - crop + 1))
    begin, end = tf.cast(corner, tf.int32), tf.cast(corner + crop, tf.int32)
    cropped = image[begin[0] : end[0], begin[1] : end[1]]
    resized = tf.image.resize(cropped, size, "bilinear")
    return tf.cast(tf.clip_by_value(tf.round(resized), 0, 255), tf.uint8)
