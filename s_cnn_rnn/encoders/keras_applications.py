"""Weights for the encoders whose originals are in `keras.applications`."""

import pathlib
from collections.abc import Callable

import keras

from s_cnn_rnn.encoders import local_weights


def build_with_weights(
    build_original: Callable[..., keras.Model],
    build_encoder: Callable[[keras.Model | None], keras.Model],
    weights: str | None,
) -> keras.Model:
    """Makes an encoder with the weights that the user names.

    Args:
        build_original: makes the `keras.applications` model; called with ``weights=``.
        build_encoder: makes the encoder from the original, whose weights it takes over; called
            with None: with random weights.
        weights: "pretrained": the ImageNet weights, which Keras downloads once into ~/.keras;
            a `.npz` of encoder weights (`local_weights.save`); a `.h5`, `.weights.h5` or `.keras`
            file of the original; None.

    Raises:
        FileNotFoundError: there is no such file.
        ConnectionError: the ImageNet weights could not be downloaded.
        ValueError: the file holds the weights of something else.
    """
    if weights is None:
        return build_encoder(None)
    if weights == "pretrained":
        return build_encoder(_downloaded(build_original))
    path = pathlib.Path(weights)
    if path.suffix == ".npz":
        encoder = build_encoder(None)
        local_weights.load(encoder, path)
        return encoder
    return build_encoder(_from_file(build_original, path))


def _downloaded(build_original) -> keras.Model:
    try:
        return build_original(weights="imagenet")
    except ValueError:
        raise
    except Exception as error:  # Keras itself raises a bare Exception here
        raise ConnectionError(
            f"the ImageNet weights could not be downloaded ({error}); fetch that file on another "
            "machine and give its path as the encoder's weights, or use efficientnet_lite0, whose "
            "weights are a pip package"
        ) from error


def _from_file(build_original, path: pathlib.Path) -> keras.Model:
    if not path.is_file():
        raise FileNotFoundError(f"{path}: no such file of encoder weights")
    original = build_original(weights=None)
    try:
        original.load_weights(path)
    except (ValueError, OSError, KeyError) as error:
        raise ValueError(
            f"{path}: not the weights of keras.applications' {original.name} with "
            f"{original.count_params():,} parameters and input {original.input_shape[1:]} "
            f"(.h5, .weights.h5 or .keras), nor a .npz of encoder weights: {error}"
        ) from error
    return original
