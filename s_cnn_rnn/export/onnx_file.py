"""ONNX: pixels of any size in, text out, with standard operators alone."""

import json
import logging
import pathlib
from collections.abc import Callable, Iterator

import numpy as np
import tensorflow as tf

from s_cnn_rnn.export.resizing import resized
from s_cnn_rnn.export.runtime import Annotated
from s_cnn_rnn.export.whole_model import TEXT, WORD_IDS, WholeModel, text_pieces, words_by_id
from s_cnn_rnn.photographs import read_photograph

IMAGE = "image"
TRANSLATED = 18  # the newest operator set that the converter writes
OPERATORS = 20  # the first that joins strings
FORMAT_VERSION = 10  # of the file; runtimes older than the operator set need not read it
HALVED = 1024  # values from which on a constant is stored in 16 bits


def write(whole: WholeModel, path: pathlib.Path, precision: str) -> None:
    """Writes one ONNX file: "image", uint8 [B, H, W, 3] (upright, RGB) -> `WholeModel`, "text".

    Its metadata hold "words" and "concepts" (JSON lists) and "description" (JSON).

    Args:
        whole: the model.
        path: of the file.
        precision: "float32"; "float16": weights are stored in 16 bits and used in 32.

    Raises:
        ValueError: an operation has no standard operator.
    """
    import onnx

    model = onnx.version_converter.convert_version(_translated(whole), OPERATORS)
    model.ir_version = min(model.ir_version, FORMAT_VERSION)
    _append_text(model.graph, whole)
    if precision == "float16":
        for graph in _graphs(model.graph):
            _store_in_16_bits(graph)
    _name_shapes(model.graph)
    strange = {node.domain for graph in _graphs(model.graph) for node in graph.node} - {""}
    if strange:
        raise ValueError(f"operators outside the standard would be needed, of {sorted(strange)}")
    properties = {
        "words": words_by_id(whole.vocabulary),
        "concepts": whole.model.learnt_concepts,
        "description": whole.description(),
    }
    texts = {name: json.dumps(each, ensure_ascii=False) for name, each in properties.items()}
    onnx.helper.set_model_props(model, texts)
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, path)


def _translated(whole: WholeModel):
    import tf2onnx

    logging.getLogger("tf2onnx").setLevel(logging.ERROR)
    spec = [tf.TensorSpec([None, None, None, 3], tf.uint8, name=IMAGE)]

    @tf.function(input_signature=spec)
    def annotate(image):
        return whole({size: resized(image, size) for size in whole.image_sizes})

    model, _ = tf2onnx.convert.from_function(annotate, input_signature=spec, opset=TRANSLATED)
    return model


def _append_text(graph, whole: WholeModel) -> None:
    """Word by word: Gather on a table of texts, then StringConcat."""
    from onnx import TensorProto, helper

    first, following = text_pieces(whole.vocabulary)
    for name, pieces in (("first_pieces", first), ("following_pieces", following)):
        encoded = [piece.encode("utf-8") for piece in pieces]
        table = helper.make_tensor(name, TensorProto.STRING, [len(pieces)], encoded)
        graph.initializer.append(table)
    ids = next(output for output in graph.output if output.name == WORD_IDS)
    length = ids.type.tensor_type.shape.dim[1].dim_value
    for t in range(length):
        table = "following_pieces" if t else "first_pieces"
        graph.initializer.append(helper.make_tensor(f"place_{t}", TensorProto.INT64, [], [t]))
        graph.node.append(helper.make_node("Gather", [WORD_IDS, f"place_{t}"], [f"id_{t}"], axis=1))
        graph.node.append(helper.make_node("Gather", [table, f"id_{t}"], [f"piece_{t}"]))
        so_far = [f"text_{t - 1}", f"piece_{t}"] if t else ["piece_0"]
        name = TEXT if t == length - 1 else f"text_{t}"
        graph.node.append(helper.make_node("StringConcat" if t else "Identity", so_far, [name]))
    graph.output.append(helper.make_tensor_value_info(TEXT, TensorProto.STRING, [None]))


def _graphs(graph) -> Iterator:
    """A graph and those inside its operators: loops have bodies of their own."""
    yield graph
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.HasField("g"):
                yield from _graphs(attribute.g)


def _store_in_16_bits(graph) -> None:
    """Large constants become 16-bit ones and a Cast, which runtimes fold when they load."""
    from onnx import TensorProto, helper, numpy_helper

    casts = []
    for number, constant in enumerate(graph.initializer):
        if constant.data_type != TensorProto.FLOAT:
            continue
        values = numpy_helper.to_array(constant)
        halves = values.astype(np.float16)
        if values.size < HALVED or not np.isfinite(halves).all():
            continue
        name = constant.name
        graph.initializer[number].CopyFrom(numpy_helper.from_array(halves, f"{name}_16_bits"))
        casts.append(helper.make_node("Cast", [f"{name}_16_bits"], [name], to=TensorProto.FLOAT))
    nodes = [*casts, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)


def _name_shapes(graph) -> None:
    """Says what the open dimensions are."""
    for value in [*graph.input, *graph.output]:
        dimensions = value.type.tensor_type.shape.dim
        names = ["photographs", "height", "width"] if value.name == IMAGE else ["photographs"]
        for dimension, name in zip(dimensions, names, strict=False):
            dimension.dim_param = name


def read(path: pathlib.Path) -> Callable[[bytes], Annotated]:
    """Loads what `write` wrote into onnxruntime, to annotate one JPEG file after the other."""
    import onnxruntime

    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])

    def run(jpeg: bytes) -> Annotated:
        pixels = read_photograph(jpeg)[np.newaxis]
        text, ids = session.run([TEXT, WORD_IDS], {IMAGE: pixels})
        return Annotated(text[0], tuple(ids[0].tolist()))

    return run
