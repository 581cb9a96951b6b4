"""Drawn photographs as JPEG files, whose sizes and details are like those of real ones."""

import io
import pathlib

import numpy as np
from PIL import Image

SIZE = (500, 375)  # most of Flickr8k's


def draw(number: int, size: tuple[int, int] = SIZE) -> Image.Image:
    """A picture whose spectrum falls as 1/f, as that of photographs; the same in every run."""
    width, height = size
    random = np.random.default_rng(number)
    down, right = np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)[None]
    frequency = np.maximum(np.hypot(down, right), 1 / max(size))
    # One pattern of brightness that the colours share, and less of each colour's own.
    brightness, *colours = (
        np.fft.irfft2(
            np.fft.rfft2(random.standard_normal((height, width))) / frequency, (height, width)
        )
        for _ in range(4)
    )
    pixels = np.stack([brightness + 0.4 * colour for colour in colours], axis=-1)
    pixels = 128 + 50 * (pixels - pixels.mean()) / pixels.std()
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))


def jpeg(number: int, size: tuple[int, int] = SIZE) -> bytes:
    """The picture as a JPEG of quality 90, without subsampling its colours less than usual."""
    file = io.BytesIO()
    draw(number, size).save(file, "JPEG", quality=90)
    return file.getvalue()


def write(folder: pathlib.Path, count: int, size: tuple[int, int] = SIZE) -> list[str]:
    """Writes ``count`` JPEG files and gives their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{number:06d}.jpg" for number in range(count)]
    for number, path in enumerate(paths):
        path.write_bytes(jpeg(number, size))
    return [str(path) for path in paths]
