"""The cache of F for a frozen encoder: each photograph passes through the CNN once.

A cache file is named after everything its content depends on: the photographs (by content), the
encoder, its weights, the preprocessing and the image size. Change one and another file is made, so
a cache is never stale.
"""

import hashlib
import json
import pathlib
from collections.abc import Callable

import keras
import numpy as np

from s_cnn_rnn.data import EncodedSplit, image_batches
from s_cnn_rnn.encoders import encoder_digest


def encode_photographs(
    encoder: keras.Model,
    data: EncodedSplit,
    *,
    mirrored: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> np.ndarray:
    """F of every photograph, in order: float32 [N, D]. Nothing is cached."""
    features = np.empty((len(data), encoder.output_shape[-1]), np.float32)
    _fill(features, encoder, data, mirrored, progress, first=0, on_part=None)
    return features


def cached_features(
    folder: pathlib.Path,
    encoder: keras.Model,
    encoder_name: str,
    data: EncodedSplit,
    *,
    views: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> np.ndarray:
    """F of every photograph from the cache, computed first where it is missing.

    Args:
        folder: of the cache.
        encoder: the frozen CNN.
        encoder_name: its row in `encoders.ENCODERS`.
        data: the photographs.
        views: 1: as seen; 2: as seen and mirrored.
        progress: called with (photographs done, photographs in all).

    Returns:
        float32 [N, views, D], mapped from disk.
    """
    digest = encoder_digest(encoder, encoder_name)
    paths = [
        _one_view(folder, encoder, digest, data, mirrored=bool(view), progress=progress)
        for view in range(views)
    ]
    return np.stack([np.load(path) for path in paths], axis=1)


def _one_view(folder, encoder, digest, data, *, mirrored, progress) -> pathlib.Path:
    content = hashlib.sha256()
    for annotation in data.annotations:
        content.update(annotation.photograph_sha256.encode())
    content.update(f"{digest} {encoder.input_shape} mirrored={mirrored}".encode())
    path = folder / f"{data.prepared.name}_{data.split}_{content.hexdigest()[:32]}.npy"
    if path.exists():
        return path
    folder.mkdir(parents=True, exist_ok=True)
    partial, done_path = path.with_suffix(".partial"), path.with_suffix(".done.json")
    shape = (len(data), encoder.output_shape[-1])
    done = 0
    if partial.exists() and done_path.exists():
        done = json.loads(done_path.read_text())["photographs"]
    mode = "r+" if done else "w+"
    features = np.lib.format.open_memmap(partial, mode, np.float32, shape)

    def remember(photographs: int) -> None:
        features.flush()
        temporary = done_path.with_suffix(".new")
        temporary.write_text(json.dumps({"photographs": photographs}))
        temporary.replace(done_path)

    _fill(features, encoder, data, mirrored, progress, first=done, on_part=remember)
    features.flush()
    partial.replace(path)
    done_path.unlink(missing_ok=True)
    return path


def _fill(features, encoder, data, mirrored, progress, *, first, on_part) -> None:
    size = encoder.input_shape[1]
    done = first
    for number, images in enumerate(
        image_batches(data, image_size=size, mirrored=mirrored, first=first), start=1
    ):
        features[done : done + len(images)] = encoder.predict(
            images, batch_size=len(images), verbose=0
        )
        done += len(images)
        if progress:
            progress(done, len(data))
        if on_part and number % 32 == 0:
            on_part(done)
