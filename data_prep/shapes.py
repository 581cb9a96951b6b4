"""The drawn shapes: a data set of any size, drawn in seconds, whose truth is known.

Each picture shows one or two groups of one to four coloured shapes, with five captions, labels and
tags, all from a seed. Of every ten pictures in a row eight are in train, one in validation and one
in test. Validation is drawn as train is. Every second test picture (and no other picture) shows one
of `HELD_OUT_PAIRS`, colours and shapes that train never shows together; `numbered_scene` (or
`scene_of_file`) tells which by `Scene.has_held_out_pair`.
"""

import io
import re
from collections.abc import Iterator

import numpy as np
from PIL import Image, ImageDraw

from data_prep.records import Record
from data_prep.shapes_captions import captions
from data_prep.shapes_scenes import (
    COLOURS,
    HELD_OUT_PAIRS,
    SHAPES,
    SIZES,
    Placed,
    Scene,
    pick,
    place,
    scene,
)

__all__ = [
    "HELD_OUT_PAIRS",
    "LABELS",
    "draw",
    "labels",
    "numbered_scene",
    "picture",
    "records",
    "scene_of_file",
    "split_of",
    "tags",
]

COUNT_LABELS = ("one", "two", "three", "four")
LABELS = (*COLOURS, *SHAPES, *COUNT_LABELS, *SIZES)
"""All labels that a picture can have, in the order in which `labels` gives them."""
IRRELEVANT_TAGS = ("art", "drawing", "geometry", "design", "summer", "paper", "school", "fun")
SMALLEST_SIDE = 16  # pixels: below, a small star is a smear

_SCENE, _PLACES, _PICTURE, _CAPTIONS, _TAGS = range(5)
_FINER = 4  # drawn so many times larger and averaged down: smooth edges
_FILE_NAME = "seed{seed}_{number:06d}.jpg"


def records(count: int, seed: int, image_size: int = 64) -> Iterator[Record]:
    """Draws pictures 0 to count - 1 of a seed.

    A picture and its annotations depend on the seed, its number and the image size alone, so a
    larger set holds the smaller one; its captions do not depend on the image size either.

    Args:
        count: how many pictures; 2,000 give 200 in validation and 200 in test.
        seed: 0 or more.
        image_size: side of the pictures in pixels, at least `SMALLEST_SIDE`.

    Yields:
        One `Record` a picture, with the picture as JPEG bytes and its number as `image_id`.

    Raises:
        ValueError: count, seed or image size is out of range.
    """
    if count < 1 or seed < 0 or image_size < SMALLEST_SIDE:
        raise ValueError(
            f"shapes: expected count >= 1, seed >= 0 and image_size >= {SMALLEST_SIDE}; "
            f"got count {count}, seed {seed}, image_size {image_size}"
        )
    for number in range(count):
        scene = numbered_scene(seed, number)
        yield Record(
            source=f"shapes drawn from seed {seed}",
            line=number + 1,
            file_name=_FILE_NAME.format(seed=seed, number=number),
            photograph=_jpeg(picture(seed, number, image_size)),
            split=split_of(number),
            image_id=number,
            captions=captions(scene, _random(seed, number, _CAPTIONS)),
            labels=labels(scene),
            tags=tags(scene, _random(seed, number, _TAGS)),
        )


def split_of(number: int) -> str:
    """The split of the picture with this number."""
    return {8: "validation", 9: "test"}.get(number % 10, "train")


def numbered_scene(seed: int, number: int) -> Scene:
    """What the picture of this seed and number shows."""
    held_out = split_of(number) == "test" and number // 10 % 2 == 0
    return scene(_random(seed, number, _SCENE), held_out=held_out)


def scene_of_file(file_name: str) -> Scene:
    """What the picture with this file name shows.

    Raises:
        ValueError: the name is not one that `records` gives.
    """
    numbers = re.fullmatch(r"seed(\d+)_(\d{6,})\.jpg", file_name)
    if numbers is None:
        raise ValueError(
            f"{file_name!r} is no drawn picture; expected a name like "
            f"{_FILE_NAME.format(seed=1, number=42)!r}"
        )
    return numbered_scene(int(numbers[1]), int(numbers[2]))


def picture(seed: int, number: int, image_size: int = 64) -> np.ndarray:
    """The picture of this seed and number, uint8 [image_size, image_size, 3]."""
    objects = place(numbered_scene(seed, number), _random(seed, number, _PLACES))
    return draw(objects, image_size, _random(seed, number, _PICTURE))


def draw(objects: list[Placed], image_size: int, random: np.random.Generator) -> np.ndarray:
    """Draws objects on a grey ground, in uneven light and with noise.

    Args:
        objects: what to draw and where.
        image_size: side of the picture in pixels.
        random: where ground, light and noise come from (equally many draws for any objects).

    Returns:
        uint8 [image_size, image_size, 3], RGB.
    """
    ground = random.integers(105, 161) + random.integers(-8, 9, size=3)
    side = image_size * _FINER
    canvas = Image.new("RGB", (side, side), tuple(ground.tolist()))
    pen = ImageDraw.Draw(canvas)
    for placed in objects:
        _paint(pen, placed, side)
    pixels = np.asarray(canvas.reduce(_FINER), np.float32)
    slopes = random.uniform(-0.12, 0.12, size=2)
    axis = np.linspace(-1, 1, image_size)
    light = 1 + slopes[0] * axis[:, None, None] + slopes[1] * axis[None, :, None]
    noise = random.normal(0, random.uniform(2, 7), size=pixels.shape)
    return np.clip(pixels * light + noise, 0, 255).round().astype(np.uint8)


def labels(scene: Scene) -> tuple[str, ...]:
    """The scene's labels, in the order of `LABELS`: colours, shapes, counts and sizes."""
    present = {
        label
        for group in scene.groups
        for label in (*group.pair, COUNT_LABELS[group.count - 1], group.size)
    }
    return tuple(label for label in LABELS if label in present)


def tags(scene: Scene, random: np.random.Generator) -> tuple[str, ...]:
    """Tags as users give them: some missing, some joined ("redcircle"), some wrong or irrelevant.

    Args:
        scene: what the picture shows.
        random: where the chance comes from.

    Returns:
        Different lower-case words in no order; perhaps none.
    """
    true = labels(scene)
    given = [label for label in true if random.random() < 0.5]
    given += ["".join(group.pair) for group in scene.groups if random.random() < 0.3]
    if random.random() < 0.25:
        given.append(pick([label for label in LABELS if label not in true], random))
    given += [tag for tag in IRRELEVANT_TAGS if random.random() < 0.1]
    return tuple(given[i] for i in random.permutation(len(given)))


def _random(seed: int, number: int, purpose: int) -> np.random.Generator:
    return np.random.default_rng((seed, number, purpose))


def _jpeg(pixels: np.ndarray) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "JPEG", quality=95, subsampling=0)
    return stream.getvalue()


def _paint(pen: ImageDraw.ImageDraw, placed: Placed, side: int) -> None:
    """Paints one object on a canvas of the given side in pixels."""
    x, y, radius = placed.x * side, placed.y * side, placed.radius * side
    if placed.shape in ("circle", "ring"):
        # A whole circle looks larger than the rest; this evens it out.
        radius *= 0.92
        box = (x - radius, y - radius, x + radius, y + radius)
        if placed.shape == "circle":
            pen.ellipse(box, fill=placed.paint)
        else:
            pen.ellipse(box, outline=placed.paint, width=round(radius * 0.4))
        return
    angles, distances = _OUTLINES[placed.shape]
    across = x + radius * distances * np.sin(angles + placed.turn)
    down = y - radius * distances * np.cos(angles + placed.turn)
    pen.polygon(list(zip(across.tolist(), down.tolist(), strict=True)), fill=placed.paint)


def _corners(count: int, distances: tuple[float, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Angles and distances from the centre of corners at equal angles."""
    return np.arange(count) * 2 * np.pi / count, np.resize(distances, count)


def _cross(half_width: float) -> tuple[np.ndarray, np.ndarray]:
    """Angles and distances from the centre of the twelve corners of a cross."""
    arm = np.sqrt(1 - half_width**2)
    points = [(half_width, arm), (half_width, half_width), (arm, half_width)]
    corners = np.array([(x * c + y * s, y * c - x * s) for c, s in _QUARTERS for x, y in points])
    return np.arctan2(corners[:, 0], corners[:, 1]), np.hypot(corners[:, 0], corners[:, 1])


_QUARTERS = ((1, 0), (0, 1), (-1, 0), (0, -1))  # cosine and sine of each quarter turn
_OUTLINES = {
    "square": _corners(4, (1.0,)),
    "triangle": _corners(3, (1.0,)),
    "star": _corners(10, (1.0, 0.42)),
    "cross": _cross(0.27),
}
