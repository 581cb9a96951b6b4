"""Writes `.caffemodel` files as Caffe does, by Caffe's own message definitions (caffe.proto)."""

import functools
import pathlib

import numpy as np
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

FORMATS = ("LayerParameter", "V1LayerParameter", "V0LayerParameter")
_FIELD = descriptor_pb2.FieldDescriptorProto


@functools.cache
def _classes() -> dict:
    file = descriptor_pb2.FileDescriptorProto(name="caffe.proto", package="caffe", syntax="proto2")

    def message(name, *fields):
        described = file.message_type.add(name=name)
        for field_name, number, kind, *options in fields:
            field = described.field.add(name=field_name, number=number)
            field.label = _FIELD.LABEL_REPEATED if "repeated" in options else _FIELD.LABEL_OPTIONAL
            field.options.packed = "packed" in options
            if kind[0].isupper():
                field.type, field.type_name = _FIELD.TYPE_MESSAGE, f".caffe.{kind}"
            else:
                field.type = getattr(_FIELD, f"TYPE_{kind.upper()}")

    message("BlobShape", ("dim", 1, "int64", "repeated", "packed"))
    message(
        "BlobProto",
        *((name, n, "int64") for n, name in enumerate(("num", "channels", "height", "width"), 1)),
        ("data", 5, "float", "repeated", "packed"),
        ("diff", 6, "float", "repeated", "packed"),
        ("shape", 7, "BlobShape"),
        ("double_data", 8, "double", "repeated", "packed"),
    )
    blobs = ("BlobProto", "repeated")
    message("V0LayerParameter", ("name", 1, "string"), ("type", 2, "string"), ("blobs", 50, *blobs))
    message(
        "V1LayerParameter",
        ("layer", 1, "V0LayerParameter"),
        ("bottom", 2, "string", "repeated"),
        ("name", 4, "string"),
        ("type", 5, "int32"),
        ("blobs", 6, *blobs),
    )
    message("LayerParameter", ("name", 1, "string"), ("type", 2, "string"), ("blobs", 7, *blobs))
    message(
        "NetParameter",
        ("name", 1, "string"),
        ("layers", 2, "V1LayerParameter", "repeated"),
        ("layer", 100, "LayerParameter", "repeated"),
    )
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    find = lambda name: pool.FindMessageTypeByName(f"caffe.{name}")  # noqa: E731
    return {m.name: message_factory.GetMessageClass(find(m.name)) for m in file.message_type}


def write_caffemodel(
    path: pathlib.Path,
    layers: dict[str, list[np.ndarray]],
    *,
    format: str = "LayerParameter",
    doubles: bool = False,
    claims: dict[str, tuple[int, ...]] | None = None,
) -> None:
    """Writes a net with the blobs of each layer, and with layers that have none.

    Args:
        path: the file.
        layers: layer's name -> its blobs, as Caffe keeps them.
        format: one of `FORMATS`; the older two keep four sizes instead of a shape.
        doubles: whether the numbers are written as such.
        claims: shapes that the blobs of a layer are said to have, whatever they have.
    """
    net = _classes()["NetParameter"](name="CaffeNet")
    for name, blobs in {"data": [], **layers, "loss": []}.items():
        if format == "LayerParameter":
            layer = net.layer.add(name=name, type="Any")
        elif format == "V1LayerParameter":
            layer = net.layers.add(name=name, type=4, bottom=["data"])
        else:
            layer = net.layers.add().layer
            layer.name = name
        for array in blobs:
            shape = (claims or {}).get(name, array.shape)
            _fill(layer.blobs.add(), array, shape, format, doubles)
    path.write_bytes(net.SerializeToString())


def _fill(blob, array: np.ndarray, shape, format: str, doubles: bool) -> None:
    if format == "LayerParameter":
        blob.shape.dim.extend(shape)
    else:
        sizes = (1,) * (4 - len(shape)) + tuple(shape)
        blob.num, blob.channels, blob.height, blob.width = sizes
    numbers = blob.double_data if doubles else blob.data
    flat = array.reshape(-1)
    for start in range(0, len(flat), 1 << 20):
        numbers.extend(flat[start : start + (1 << 20)].tolist())
