"""What a drawn picture shows: groups of coloured shapes, and where each object lies.

A scene has one group, anywhere, or two groups that face each other (left and right, or top and
bottom). All objects of a group share colour, shape, size and region; the two groups of a scene
never share both colour and shape, so that colour and shape together always say which one is meant.
"""

import dataclasses
import itertools

import numpy as np

COLOURS = {
    "red": (214, 40, 40),
    "orange": (246, 140, 20),
    "yellow": (246, 224, 50),
    "green": (45, 160, 60),
    "blue": (45, 80, 212),
    "purple": (140, 45, 170),
    "white": (246, 246, 246),
    "black": (18, 18, 18),
}
SHAPES = ("circle", "square", "triangle", "star", "cross", "ring")
SIZES = {"small": (0.058, 0.075), "big": (0.105, 0.122)}
"""Radius of the circle around one object, lowest and highest, as a part of the picture's side."""
REGIONS = {
    "left": (0.02, 0.02, 0.485, 0.98),
    "right": (0.515, 0.02, 0.98, 0.98),
    "top": (0.02, 0.02, 0.98, 0.485),
    "bottom": (0.02, 0.515, 0.98, 0.98),
    "middle": (0.15, 0.15, 0.85, 0.85),
}
"""Left, top, right and bottom edge of each region, as parts of the picture's side."""
FACING = (("left", "right"), ("top", "bottom"))
MOST_OBJECTS = 4
HELD_OUT_PAIRS = (("red", "star"), ("green", "triangle"), ("blue", "ring"))
"""Colour and shape pairs that no train or validation picture shows: only test pictures do.

Each colour and each shape alone is in train, so a system that names such a pair has put together
what it learned apart.
"""
KNOWN_PAIRS = tuple(
    pair for pair in itertools.product(COLOURS, SHAPES) if pair not in HELD_OUT_PAIRS
)

_GAP = 0.03  # between two objects: two pixels at 64, so that they can be counted
_ONE_GROUP = 0.4  # part of the scenes that have a single group
_OFF_CENTRE = 0.06
_TRIES = 40


@dataclasses.dataclass(frozen=True)
class Group:
    """Equal objects in one region.

    Args:
        count: how many objects, 1 to `MOST_OBJECTS`.
        colour: a key of `COLOURS`.
        shape: one of `SHAPES`.
        size: a key of `SIZES`.
        region: a key of `REGIONS`.
    """

    count: int
    colour: str
    shape: str
    size: str
    region: str

    @property
    def pair(self) -> tuple[str, str]:
        """Colour and shape."""
        return self.colour, self.shape


@dataclasses.dataclass(frozen=True)
class Scene:
    """What one picture shows: one group, or two that face each other."""

    groups: tuple[Group, ...]

    @property
    def has_held_out_pair(self) -> bool:
        """Whether it shows a colour and shape pair that train never shows."""
        return any(group.pair in HELD_OUT_PAIRS for group in self.groups)


@dataclasses.dataclass(frozen=True)
class Placed:
    """One object of a picture.

    Args:
        shape: one of `SHAPES`.
        paint: red, green and blue, 0 to 255.
        x: centre from the left edge, as a part of the picture's side.
        y: centre from the top edge, likewise.
        radius: of the circle around the object, likewise.
        turn: rotation in radians.
    """

    shape: str
    paint: tuple[int, int, int]
    x: float
    y: float
    radius: float
    turn: float


def scene(random: np.random.Generator, *, held_out: bool = False) -> Scene:
    """Draws a scene.

    Args:
        random: where the chance comes from.
        held_out: whether exactly one group shows one of `HELD_OUT_PAIRS`; else none does.
    """
    regions = [(region,) for region in REGIONS] if random.random() < _ONE_GROUP else FACING
    chosen = pick(regions, random)
    pairs = [pick(HELD_OUT_PAIRS if held_out else KNOWN_PAIRS, random)]
    while len(pairs) < len(chosen):
        pair = pick(KNOWN_PAIRS, random)
        if pair not in pairs:
            pairs.append(pair)
    if random.random() < 0.5:
        pairs.reverse()
    return Scene(
        tuple(
            Group(
                count=int(random.integers(1, MOST_OBJECTS + 1)),
                colour=colour,
                shape=shape,
                size=pick(tuple(SIZES), random),
                region=region,
            )
            for region, (colour, shape) in zip(chosen, pairs, strict=True)
        )
    )


def place(scene: Scene, random: np.random.Generator) -> list[Placed]:
    """Gives every object of a scene its place, exact size, rotation and paint.

    No two objects touch, and every object lies inside its group's region. A group is centred along
    the edge that it lies at, so that "on the left" never means a corner.
    """
    return [placed for group in scene.groups for placed in _place_group(group, random)]


def pick(options, random: np.random.Generator):
    """One of a sequence, each equally likely."""
    return options[int(random.integers(len(options)))]


def _place_group(group: Group, random: np.random.Generator) -> list[Placed]:
    radii = random.uniform(*SIZES[group.size], size=group.count)
    centres = None
    while centres is None:
        centres = _scatter(radii, _box(group), random)
    free_axes = {"left": (1,), "right": (1,), "top": (0,), "bottom": (0,), "middle": (0, 1)}
    for axis in free_axes[group.region]:
        edges = REGIONS[group.region][axis], REGIONS[group.region][axis + 2]
        centres[:, axis] += _shift_to_centre(centres[:, axis], radii, edges, random)
    paints = np.clip(COLOURS[group.colour] + random.integers(-12, 13, (group.count, 3)), 0, 255)
    turns = random.uniform(0, 2 * np.pi, size=group.count)
    return [
        Placed(group.shape, tuple(paint.tolist()), float(x), float(y), float(radius), float(turn))
        for paint, (x, y), radius, turn in zip(paints, centres, radii, turns, strict=True)
    ]


def _box(group: Group) -> tuple[float, float, float, float]:
    """The part of a group's region to scatter it in: no deeper than its objects need.

    So a lone object "on the left" lies clearly left of the middle.
    """
    left, top, right, bottom = REGIONS[group.region]
    big_depth = 0.38 if group.count <= 2 else 0.465
    depth = 0.3 if group.size == "small" else big_depth
    return {
        "left": (left, top, left + depth, bottom),
        "right": (right - depth, top, right, bottom),
        "top": (left, top, right, top + depth),
        "bottom": (left, bottom - depth, right, bottom),
        "middle": (left, top, right, bottom),
    }[group.region]


def _scatter(
    radii: np.ndarray, box: tuple[float, ...], random: np.random.Generator
) -> np.ndarray | None:
    """Centres [objects, 2] of circles that do not touch, or None if one found no room."""
    left, top, right, bottom = box
    centres: list[tuple[float, float]] = []
    for radius in radii.tolist():
        for _ in range(_TRIES):
            x = left + radius + random.random() * (right - left - 2 * radius)
            y = top + radius + random.random() * (bottom - top - 2 * radius)
            if all(
                (x - u) ** 2 + (y - v) ** 2 > (radius + other + _GAP) ** 2
                for (u, v), other in zip(centres, radii.tolist(), strict=False)
            ):
                centres.append((x, y))
                break
        else:
            return None
    return np.array(centres)


def _shift_to_centre(
    centres: np.ndarray, radii: np.ndarray, edges: tuple[float, float], random: np.random.Generator
) -> float:
    """How far to move a group along one axis to bring its middle near the picture's middle."""
    first, last = float((centres - radii).min()), float((centres + radii).max())
    wanted = 0.5 - (first + last) / 2 + random.uniform(-_OFF_CENTRE, _OFF_CENTRE)
    return float(np.clip(wanted, edges[0] - first, edges[1] - last))
