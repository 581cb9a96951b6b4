"""Fabricated photographs of every kind, whole and damaged."""

import io
import pathlib

import numpy as np
from PIL import Image

WIDTH, HEIGHT = 24, 16


def pixels(seed: int = 0, width: int = WIDTH, height: int = HEIGHT) -> np.ndarray:
    """A smooth picture: a gradient with a bright patch whose place depends on the seed."""
    down, right = np.mgrid[0:height, 0:width]
    red = 255 * right / max(width - 1, 1)
    green = 255 * down / max(height - 1, 1)
    random = np.random.default_rng(seed)
    blue = np.full((height, width), random.integers(0, 256), float)
    picture = np.stack([red, green, blue], -1)
    top, left = random.integers(0, max(height // 2, 1)), random.integers(0, max(width // 2, 1))
    picture[top : top + 4, left : left + 4] = random.integers(100, 256, 3)
    return picture.astype(np.uint8)


def encoded(picture: Image.Image, kind: str = "JPEG", **options) -> bytes:
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


def jpeg(seed: int = 0, **size) -> bytes:
    return encoded(Image.fromarray(pixels(seed, **size)), quality=95)


def rotated_by_exif(seed: int = 0) -> bytes:
    """Stored lying on its side, with the tag that turns it upright (orientation 6)."""
    exif = Image.Exif()
    exif[0x0112] = 6
    lying = Image.fromarray(pixels(seed)).transpose(Image.Transpose.ROTATE_90)
    return encoded(lying, quality=95, exif=exif)


def _sixteen_bit() -> bytes:
    return encoded(Image.fromarray((pixels()[..., 0].astype(np.uint16) << 8) | 7), "PNG")


def _rgba() -> bytes:
    transparent = np.concatenate([pixels(), np.zeros((HEIGHT, WIDTH, 1), np.uint8)], -1)
    return encoded(Image.fromarray(transparent), "PNG")


USABLE = {
    "grey.jpg": lambda: encoded(Image.fromarray(pixels()).convert("L")),
    "cmyk.jpg": lambda: encoded(Image.fromarray(pixels(1)).convert("CMYK")),
    "rgba.png": _rgba,
    "sixteen_bit.png": _sixteen_bit,
    "rotated.jpg": lambda: rotated_by_exif(2),
    "animation.gif": lambda: encoded(Image.fromarray(pixels(3)), "GIF"),
    "web.webp": lambda: encoded(Image.fromarray(pixels(4)), "WEBP"),
    "large.jpg": lambda: encoded(Image.new("RGB", (6000, 5000), "olive")),
}
# Name -> (content, a part of what must be said).
DAMAGED = {
    "truncated.jpg": (lambda: jpeg(5, width=200, height=200)[:-900], "truncated"),
    "one_pixel.png": (lambda: encoded(Image.new("RGB", (1, 1)), "PNG"), "1x1 pixels"),
    "text.jpg": (lambda: b"<html>not found</html>", "begins with b'<html>no'"),
    "empty.jpg": (lambda: b"", "the file is empty"),
}


def write_flickr8k(folder: pathlib.Path, splits: dict[str, list[str]]) -> pathlib.Path:
    """A tiny data set in Flickr8k's layout: two captions a photograph, all photographs whole."""
    files = {"train": "trainImages", "validation": "devImages", "test": "testImages"}
    (folder / "images").mkdir(parents=True)
    captions = []
    for split, names in splits.items():
        text = "".join(f"{name}\n" for name in names)
        (folder / f"Flickr_8k.{files[split]}.txt").write_text(text, "utf-8")
        for name in names:
            (folder / "images" / name).write_bytes(jpeg(len(captions)))
            captions += [f"{name}#0\tA dog runs in {split} .", f"{name}#1\tThe dog of {name} ."]
    (folder / "Flickr8k.token.txt").write_text("\n".join(captions) + "\n", "utf-8")
    return folder


def only(items, kind):
    return [item for item in items if isinstance(item, kind)]
