"""COCO's instances format -> where each photograph's things are, by their names."""

import json
import pathlib
from collections.abc import Iterator
from typing import NamedTuple

from s_cnn_rnn.measures.pointing_game import Box

WHOLE = 0.98
"""A box that covers more than this part of both sides says that a thing is there, not where."""


class BoxedPhotograph(NamedTuple):
    """A photograph with boxes.

    Args:
        image_id: COCO's.
        path: its file.
        boxes: name of a thing -> where such things are.
    """

    image_id: int
    path: pathlib.Path
    boxes: dict[str, list[Box]]


def boxed_photographs(instances: pathlib.Path, source: pathlib.Path) -> Iterator[BoxedPhotograph]:
    """The photographs of which some thing has a box that says where it is.

    A thing is known by its category's name and, where that has several words, by the last as well
    ("dining table": "table"). Things one of whose boxes is the whole photograph are left out.

    Args:
        instances: the JSON file.
        source: folder of the photographs.

    Raises:
        ValueError: there is none; or the file is not of that format.
    """
    content = json.loads(instances.read_text("utf-8"))
    try:
        names = {each["id"]: each["name"].lower() for each in content["categories"]}
        images = {each["id"]: each for each in content["images"]}
        found: dict[int, dict[str, list[Box]]] = {}
        for each in content["annotations"]:
            image = images[each["image_id"]]
            box = _box(each["bbox"], image["width"], image["height"])
            name = names[each["category_id"]]
            for word in {name, name.split()[-1]}:
                found.setdefault(image["id"], {}).setdefault(word, []).append(box)
    except (KeyError, TypeError) as error:
        raise ValueError(
            f"{instances}: expected COCO's instances format (images with width and height, "
            f"categories, annotations with bbox); missing: {error}"
        ) from error
    some = False
    for image_id, boxes in found.items():
        known = {word: of for word, of in boxes.items() if not any(map(_is_whole, of))}
        if known:
            some = True
            yield BoxedPhotograph(image_id, source / images[image_id]["file_name"], known)
    if not some:
        raise ValueError(
            f"{instances}: every box is a whole photograph; these annotations say what is in "
            "photographs, not where. The pointing game needs drawn boxes, such as those of COCO's "
            "own instances_val2014.json"
        )


def _box(bbox: list[float], width: int, height: int) -> Box:
    left, top, wide, high = bbox  # pixels
    return Box(left / width, top / height, (left + wide) / width, (top + high) / height)


def _is_whole(box: Box) -> bool:
    return box.right - box.left > WHOLE and box.bottom - box.top > WHOLE
