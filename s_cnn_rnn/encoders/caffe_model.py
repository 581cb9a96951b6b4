"""Weights out of a `.caffemodel`, without Caffe.

The file is one protocol buffer message, whose few fields that matter here are listed below with
their numbers in Caffe's own caffe.proto. Reading one executes no code of the file's.
"""

import functools
import pathlib

import numpy as np
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.message import DecodeError

_FIELD = descriptor_pb2.FieldDescriptorProto
_PACKAGE = "caffe_weights"
# message -> field -> (number, type). The packed numbers of a blob are declared as bytes, which
# look the same in the file: protobuf would make a Python object of each of 61 million.
_MESSAGES = {
    "BlobShape": {"dim": (1, "repeated int64")},
    "BlobProto": {
        "num": (1, "int64"),
        "channels": (2, "int64"),
        "height": (3, "int64"),
        "width": (4, "int64"),
        "data": (5, "repeated bytes"),
        "shape": (7, "BlobShape"),
        "double_data": (8, "repeated bytes"),
    },
    "LayerParameter": {"name": (1, "string"), "blobs": (7, "repeated BlobProto")},
    # Older nets hold these two, the second inside the first.
    "V1LayerParameter": {
        "layer": (1, "V0LayerParameter"),
        "name": (4, "string"),
        "blobs": (6, "repeated BlobProto"),
    },
    "V0LayerParameter": {"name": (1, "string"), "blobs": (50, "repeated BlobProto")},
    "NetParameter": {
        "layers": (2, "repeated V1LayerParameter"),
        "layer": (100, "repeated LayerParameter"),
    },
}


def read_caffemodel(path: str | pathlib.Path) -> dict[str, list[np.ndarray]]:
    """The weights of each layer that has any.

    Args:
        path: a `.caffemodel` of any version of Caffe.

    Returns:
        layer's name -> its blobs, float32: for convolutions [out, in / groups, h, w] and the bias,
        for fully connected layers [out, in] and the bias, perhaps with leading ones in the shape.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: another kind of file, or a damaged one; the message names file and layer.
    """
    path = pathlib.Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"{path}: no such file of encoder weights")
    try:
        net = _net_parameter().FromString(path.read_bytes())
    except DecodeError as error:
        raise ValueError(
            f"{path}: not a whole .caffemodel ({error}); it is the binary file of trained weights, "
            "not a .prototxt; fetch it again if it is"
        ) from error
    old = [layer.layer if layer.HasField("layer") else layer for layer in net.layers]
    layers = [layer for layer in (*net.layer, *old) if layer.blobs]
    if not layers:
        raise ValueError(f"{path}: not a .caffemodel with weights: none of its layers has any")
    return {
        layer.name: [
            _array(blob, f"{path}: layer '{layer.name}', blob {number}")
            for number, blob in enumerate(layer.blobs)
        ]
        for layer in layers
    }


def _array(blob, place: str) -> np.ndarray:
    if blob.HasField("shape"):
        shape = tuple(blob.shape.dim)
    else:
        shape = (blob.num, blob.channels, blob.height, blob.width)
    kind = "<f8" if blob.double_data else "<f4"
    content = b"".join(blob.double_data or blob.data)
    expected = int(np.prod(shape)) * np.dtype(kind).itemsize
    if len(content) != expected:
        raise ValueError(
            f"{place}: its shape {shape} needs {expected} bytes of numbers, the file holds "
            f"{len(content)}; fetch the file again"
        )
    return np.frombuffer(content, kind).astype(np.float32, copy=False).reshape(shape)


@functools.cache
def _net_parameter():
    """The message class of a whole net."""
    file = descriptor_pb2.FileDescriptorProto(
        name=f"{_PACKAGE}.proto", package=_PACKAGE, syntax="proto2"
    )
    for message, fields in _MESSAGES.items():
        described = file.message_type.add(name=message)
        for name, (number, kind) in fields.items():
            single = kind.removeprefix("repeated ")
            label = _FIELD.LABEL_OPTIONAL if single == kind else _FIELD.LABEL_REPEATED
            field = described.field.add(name=name, number=number, label=label)
            if single in _MESSAGES:
                field.type, field.type_name = _FIELD.TYPE_MESSAGE, f".{_PACKAGE}.{single}"
            else:
                field.type = getattr(_FIELD, f"TYPE_{single.upper()}")
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{_PACKAGE}.NetParameter"))
