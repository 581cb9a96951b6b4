"""Inception v3, the CNN of the paper's captioning systems (section 5.1; arXiv 1512.00567)."""

import functools

import keras

from s_cnn_rnn.encoders.keras_applications import build_with_weights
from s_cnn_rnn.encoders.stored_statistics import StoredStatisticsNormalization

WIDTH = 2048
_LAST_CONCATENATION = "mixed10"


def build(name: str, *, image_size: int, weights: str | None) -> keras.Model:
    """Inception v3 as an encoder.

    Args:
        name: "inception_v3".
        image_size: height and width of the photographs, in pixels; at least 75.
        weights: "pretrained", the path of a `.npz`, `.h5`, `.weights.h5` or `.keras` file
            (of `keras.applications.InceptionV3(include_top=False)`), or None.

    Returns:
        Model "encoder": uint8 [B,H,W,3] -> F float32 [B,2048], the last pooling layer.
    """
    image = keras.Input((image_size, image_size, 3), dtype="uint8", name="image")
    scaled = keras.layers.Rescaling(1 / 127.5, offset=-1.0, name="scale_pixels")(image)
    original = functools.partial(
        keras.applications.InceptionV3, include_top=False, input_tensor=scaled
    )
    return build_with_weights(original, functools.partial(_encoder, image, original), weights)


def _encoder(image, build_original, original: keras.Model | None) -> keras.Model:
    """Copies the original, with names that do not depend on what was built before."""
    source = original or build_original(weights=None)
    names = _stable_names(source)
    copies = {}

    def copy(layer):
        kind = type(layer)
        if isinstance(layer, keras.layers.BatchNormalization):
            kind = StoredStatisticsNormalization
        copies[layer] = kind.from_config({**layer.get_config(), "name": names[layer]})
        return copies[layer]

    copied = keras.models.clone_model(source, clone_function=copy)
    for layer, its_copy in copies.items():
        its_copy.set_weights(layer.get_weights())
    features = keras.layers.GlobalAveragePooling2D(name="features", dtype="float32")(copied.output)
    return keras.Model(copied.inputs[0], features, name="encoder")


def _stable_names(model: keras.Model) -> dict[keras.layers.Layer, str]:
    """Numbers the layers anew, kind by kind: Keras counts on over all models of the process."""
    counts = {}
    names = {}
    for layer in model.layers:
        kind = type(layer).__name__.lower()
        if layer.name.startswith("mixed") or layer.name in ("image", "scale_pixels"):
            names[layer] = layer.name
            continue
        counts[kind] = counts.get(kind, 0) + 1
        names[layer] = f"{kind}_{counts[kind]}"
    names[model.get_layer(_LAST_CONCATENATION)] = "feature_map"
    return names
