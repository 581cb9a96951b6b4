"""The cache of F for a frozen encoder: each photograph passes through the CNN once.

Where a system sees the feature map, that is kept as well, from the same pass. A cache file is named
after everything its content depends on: the photographs (by content), the encoder, its weights, the
preprocessing and the image size. Change one and another file is made, so a cache is never stale.
"""

import contextlib
import fcntl
import hashlib
import json
import math
import pathlib
import shutil
from collections.abc import Callable, Iterator, Sequence

import keras
import numpy as np

from s_cnn_rnn.data.batches import image_batches
from s_cnn_rnn.data.encoded_split import EncodedSplit
from s_cnn_rnn.data.model_inputs import Encoded
from s_cnn_rnn.data.photographs import WAY_TO_PIXELS
from s_cnn_rnn.data.views import AS_SEEN, View
from s_cnn_rnn.encoders import encoder_digest, encoder_outputs

_TYPES = {"features": np.float32, "feature_map": np.float16}


def encode_photographs(
    encoder: keras.Model,
    data: EncodedSplit,
    *,
    view: View = AS_SEEN,
    with_map: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> Encoded:
    """What the encoder makes of every photograph, in order, one view each. Nothing is cached."""
    outputs = encoder_outputs(encoder, _names(with_map))
    arrays = {
        name: np.empty((len(data), *output.shape[1:]), _TYPES[name])
        for name, output in outputs.output.items()
    }
    _fill(arrays, outputs, data, view, progress, first=0, on_part=None)
    return _encoded([arrays])


def cached_features(
    folder: pathlib.Path,
    encoder: keras.Model,
    encoder_name: str,
    data: EncodedSplit,
    *,
    views: Sequence[View] = (AS_SEEN,),
    with_map: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> Encoded:
    """What the encoder makes of every photograph from the cache, computed first where it misses.

    Args:
        folder: of the cache.
        encoder: the frozen CNN.
        encoder_name: its row in `encoders.ENCODERS`.
        data: the photographs.
        views: of each photograph, the first as it is.
        with_map: whether the feature map is wanted beside F.
        progress: called with (photographs done, photographs in all).

    Raises:
        OSError: the disk is too small.
    """
    digest = encoder_digest(encoder, encoder_name)
    made = [
        _one_view(folder, encoder, digest, data, _names(with_map), view, progress) for view in views
    ]
    return _encoded(
        [
            {
                # What is seldom read whole, and may not fit into memory, stays on disk.
                name: np.load(path, mmap_mode="r" if name == "feature_map" else None)
                for name, path in paths.items()
            }
            for paths in made
        ]
    )


def _names(with_map: bool) -> tuple[str, ...]:
    return ("features", "feature_map") if with_map else ("features",)


def _encoded(views: list[dict[str, np.ndarray]]) -> Encoded:
    features = np.stack([view["features"] for view in views], axis=1)
    maps = tuple(view["feature_map"] for view in views if "feature_map" in view)
    return Encoded(features, maps or None)


def _one_view(folder, encoder, digest, data, names, view, progress) -> dict:
    """The cache files of one view, by what is in them; those that are missing are made."""
    content = hashlib.sha256()
    for annotation in data.annotations:
        content.update(annotation.photograph_sha256.encode())
    seen = f"{digest} {encoder.input_shape} {view} {WAY_TO_PIXELS}"
    content.update(seen.encode())
    stem = f"{data.prepared.name}_{data.split}_{content.hexdigest()[:32]}"
    files = {"features": folder / f"{stem}.npy", "feature_map": folder / f"{stem}_map.npy"}
    with _locked(folder / f"{stem}.lock"):
        missing = {n: _Unfinished(files[n]) for n in names if not files[n].exists()}
        if missing:
            _make(missing, encoder, data, view, progress)
    return {name: files[name] for name in names}


def _make(missing, encoder, data, view, progress) -> None:
    """Computes what is missing, each photograph once."""
    outputs = encoder_outputs(encoder, tuple(missing))
    first = min(file.done for file in missing.values())
    arrays = {
        name: file.open((len(data), *outputs.output[name].shape[1:]), _TYPES[name])
        for name, file in missing.items()
    }

    def remember(photographs: int) -> None:
        for name, file in missing.items():
            arrays[name].flush()
            file.remember(photographs)

    _fill(arrays, outputs, data, view, progress, first=first, on_part=remember)
    for name, file in missing.items():
        arrays[name].flush()
        file.finish()


@contextlib.contextmanager
def _locked(path: pathlib.Path) -> Iterator[None]:
    """Held by one program at a time: runs side by side share the cache; the second one waits."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


class _Unfinished:
    """A cache file in the making, and how many of its photographs are done."""

    def __init__(self, path: pathlib.Path):
        self.path = path
        self.partial, self.done_path = path.with_suffix(".partial"), path.with_suffix(".done.json")
        self.done = 0
        if self.partial.exists() and self.done_path.exists():
            self.done = json.loads(self.done_path.read_text())["photographs"]

    def open(self, shape: tuple[int, ...], kind: type) -> np.ndarray:
        """The array, mapped to disk; what is done is kept."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        needed = math.prod(shape) * np.dtype(kind).itemsize
        free = shutil.disk_usage(self.path.parent).free
        if not self.done and free < needed:
            raise OSError(
                f"{self.path.parent}: {free / 1e6:.0f} MB free, but the features of {shape[0]} "
                f"photographs take {needed / 1e6:.0f} MB; free some room or use another folder "
                "(feature_cache)"
            )
        return np.lib.format.open_memmap(self.partial, "r+" if self.done else "w+", kind, shape)

    def remember(self, photographs: int) -> None:
        """Notes how many are done."""
        temporary = self.done_path.with_suffix(".new")
        temporary.write_text(json.dumps({"photographs": photographs}))
        temporary.replace(self.done_path)

    def finish(self) -> None:
        """All are done."""
        self.partial.replace(self.path)
        self.done_path.unlink(missing_ok=True)


def _fill(arrays, outputs, data, view, progress, *, first, on_part) -> None:
    size = outputs.input_shape[1]
    done = first
    for number, images in enumerate(
        image_batches(data, image_size=size, view=view, first=first), start=1
    ):
        found = outputs.predict_on_batch(images)
        for name, array in arrays.items():
            # On several devices each gives the whole batch, one after the other.
            array[done : done + len(images)] = found[name][: len(images)]
        done += len(images)
        if progress:
            progress(done, len(data))
        if on_part and number % 32 == 0:
            on_part(done)
