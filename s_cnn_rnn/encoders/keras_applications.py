"""Weights for the encoders whose originals are in `keras.applications`."""

import functools
import pathlib
from collections.abc import Callable

import keras

from s_cnn_rnn.encoders import local_weights
from s_cnn_rnn.memory import is_out_of_memory


def build_with_weights(
    build_original: functools.partial,
    build_encoder: Callable[[keras.Model | None], keras.Model],
    weights: str | None,
) -> keras.Model:
    """Makes an encoder with the weights that the user names.

    Args:
        build_original: makes the `keras.applications` model; called with ``weights=``. Its
            function's name is the model's.
        build_encoder: makes the encoder from the original, whose weights it takes over; called
            with None: with random weights.
        weights: "pretrained": the ImageNet weights, which Keras downloads once into ~/.keras;
            a `.npz` of encoder weights (`local_weights.save`); a `.h5`, `.weights.h5` or `.keras`
            file of the original; None.

    Raises:
        FileNotFoundError: there is no such file.
        ConnectionError: the ImageNet weights could not be downloaded, or not whole.
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


def _downloaded(build_original: functools.partial) -> keras.Model:
    try:
        return build_original(weights="imagenet")
    except Exception as error:
        if not _is_of_download(error):
            raise
        raise ConnectionError(
            f"the ImageNet weights of {build_original.func.__name__} could not be fetched whole "
            f"({error}); the same command fetches them again where there is a network; or fetch "
            "that file elsewhere and give its path (--config.encoder.weights=FILE.h5), or take "
            "efficientnet_lite0, whose weights are a pip package"
        ) from error


_SAID_BY_KERAS = ("URL fetch failure", "Incomplete or corrupted file")
"""By a bare Exception where a download fails, by a ValueError where the file has another digest."""


def _is_of_download(error: Exception) -> bool:
    """Whether fetching, keeping or reading the file failed, and not what was made of it."""
    is_told = any(text in str(error) for text in _SAID_BY_KERAS)
    return is_told or (isinstance(error, OSError) and not is_out_of_memory(error))


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
