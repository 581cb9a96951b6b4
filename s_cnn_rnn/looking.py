"""Photographs from outside a data set, as a model sees them, a batch at a time."""

import concurrent.futures
import itertools
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
from absl import logging

from s_cnn_rnn.annotation_model import AnnotationModel
from s_cnn_rnn.ensemble import Ensemble
from s_cnn_rnn.model_inputs import ModelInputs
from s_cnn_rnn.photographs import DamagedPhotograph, read_photograph
from s_cnn_rnn.writing import look_together

Photograph = str | os.PathLike | bytes


class Looked(NamedTuple):
    """What the model sees of a batch of photographs.

    Args:
        names: of the photographs that could be read.
        pixels: of each of these, uint8 [H, W, 3] by image size.
        inputs: of each member, filled up to ``size``.
        seen: what the decoders write from.
        concepts: s_hat, float32 [size, k]; None where no concepts are learnt.
        size: the shape that the models are compiled for.
    """

    names: tuple[str, ...]
    pixels: tuple[dict[int, np.ndarray], ...]
    inputs: list[ModelInputs]
    seen: dict[str, np.ndarray]
    concepts: np.ndarray | None
    size: int


def log_damaged(damaged: DamagedPhotograph) -> None:
    """Warns of a photograph that was skipped."""
    logging.warning("skipped %s", damaged)


def looks(
    model: AnnotationModel | Ensemble,
    photographs: Iterable[Photograph],
    batch: int,
    on_damaged: Callable[[DamagedPhotograph], None],
) -> Iterator[Looked]:
    """What a model sees of the photographs that can be read.

    Args:
        model: the system, or an ensemble.
        photographs: files of any kind that Pillow knows, or their content.
        batch: photographs at once; the first batch says for which size the model is compiled.
        on_damaged: called with each photograph that cannot be read.
    """
    numbered = enumerate(photographs, start=1)
    sizes = {member.encoder.input_shape[1] for member in model.members}
    size = 0
    while chunk := list(itertools.islice(numbered, batch)):
        size = size or len(chunk)
        read = list(_read(chunk, sizes, on_damaged))
        if read:
            names, pixels = zip(*read, strict=True)
            inputs = [_inputs(member, pixels, size) for member in model.members]
            seen, concepts = look_together(model, inputs)
            yield Looked(names, pixels, inputs, seen, concepts, size)


def _read(chunk, sizes: set[int], on_damaged) -> Iterator[tuple[str, dict[int, np.ndarray]]]:
    """(name, pixels by image size) of each photograph that can be read."""

    def one(numbered):
        number, photograph = numbered
        is_file = not isinstance(photograph, bytes)
        name = os.fspath(photograph) if is_file else f"photograph {number}"
        try:
            return name, {
                size: read_photograph(photograph, image_size=size, name=name) for size in sizes
            }
        except DamagedPhotograph as damaged:
            return damaged

    with concurrent.futures.ThreadPoolExecutor() as pool:
        for result in pool.map(one, chunk):
            if isinstance(result, DamagedPhotograph):
                on_damaged(result)
            else:
                yield result


def _inputs(member: AnnotationModel, pixels: Sequence[dict], size: int) -> ModelInputs:
    """What a model sees of photographs, filled up to so many: another shape is compiled anew."""
    image_size = member.encoder.input_shape[1]
    images = np.zeros((size, image_size, image_size, 3), np.uint8)
    images[: len(pixels)] = [by_size[image_size] for by_size in pixels]
    encoded = member.encoded.predict_on_batch(images)
    maps = (encoded["feature_map"],) if "feature_map" in encoded else None
    tags = None
    if "tags" in member.shapes:  # photographs from outside a data set come without user tags
        tags = np.zeros((size, *member.shapes["tags"]), np.uint8)
    return ModelInputs(encoded["features"][:, None], maps, tags=tags)
