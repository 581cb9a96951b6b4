"""Photographs from outside a data set, as a model sees them, a batch at a time."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
from absl import logging

from s_cnn_rnn.annotating.photograph_batches import Photograph, ReadPhotograph, read_batches
from s_cnn_rnn.annotating.user_tags import TagInputs
from s_cnn_rnn.data.model_inputs import ModelInputs
from s_cnn_rnn.data.photographs import DamagedPhotograph
from s_cnn_rnn.decoding.writing import look_together
from s_cnn_rnn.model.annotation_model import AnnotationModel
from s_cnn_rnn.model.ensemble import Ensemble


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

    def images(self, side: int) -> np.ndarray:
        """The photographs as an encoder takes them, uint8 [size, side, side, 3]."""
        return _filled_up([pixels[side] for pixels in self.pixels], self.size)


def log_damaged(damaged: DamagedPhotograph) -> None:
    """Warns of a photograph that was skipped."""
    logging.warning("skipped %s", damaged)


def image_sizes(model: AnnotationModel | Ensemble) -> set[int]:
    """The sides of the pictures that a model's encoders take, in pixels."""
    return {member.encoder.input_shape[1] for member in model.members}


def looks(
    model: AnnotationModel | Ensemble,
    photographs: Iterable[Photograph],
    batch: int,
    on_damaged: Callable[[DamagedPhotograph], None],
    *,
    tag_inputs: TagInputs,
    tags: Iterable[Iterable[str]] | None = None,
) -> Iterator[Looked]:
    """What a model sees of the photographs that can be read.

    Args:
        model: the system, or an ensemble.
        photographs: files of any kind that Pillow knows, or their content.
        batch: photographs at once; the first batch says for which size the model is compiled.
        on_damaged: called with each photograph that cannot be read.
        tag_inputs: of the model.
        tags: the user tags of each photograph; None: its own keywords.
    """
    options = {"sizes": image_sizes(model), "batch": batch, "on_damaged": on_damaged}
    for size, read in read_batches(photographs, tags=tags, **options):
        yield look_at(model, read, size, tag_inputs)


def look_at(
    model: AnnotationModel | Ensemble,
    read: Sequence[ReadPhotograph],
    size: int,
    tag_inputs: TagInputs,
) -> Looked:
    """What a model sees of photographs that are read already.

    Args:
        model: the system, or an ensemble.
        read: at least one, at most ``size``.
        size: to which they are filled up.
        tag_inputs: of the model.
    """
    inputs, encoded = [], {}
    for number, member in enumerate(model.members):
        tags = tag_inputs.indicators(number, read, size) if "tags" in member.shapes else None
        # Members of an ensemble may share an encoder: it looks once for those that see the same.
        key = id(member.encoder), tuple(sorted(member.encoded.output))
        if key not in encoded:
            side = member.encoder.input_shape[1]
            images = _filled_up([each.pixels[side] for each in read], size)
            encoded[key] = member.settled.predict_on_batch(images)
        inputs.append(_inputs(encoded[key], tags))
    seen, concepts = look_together(model, inputs)
    names, pixels = zip(*((each.name, each.pixels) for each in read), strict=True)
    return Looked(names, pixels, inputs, seen, concepts, size)


def _inputs(encoded: dict[str, np.ndarray], tags: np.ndarray | None) -> ModelInputs:
    maps = (encoded["feature_map"],) if "feature_map" in encoded else None
    return ModelInputs(encoded["features"][:, None], maps, tags=tags)


def _filled_up(pixels: Sequence[np.ndarray], size: int) -> np.ndarray:
    """Photographs [side, side, 3] and black ones, so many: another shape is compiled anew."""
    images = np.zeros((size, *pixels[0].shape), np.uint8)
    images[: len(pixels)] = pixels
    return images
