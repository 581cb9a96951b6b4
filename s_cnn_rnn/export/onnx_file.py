"""ONNX: pixels of any size in, text out, with standard operators alone."""

import json
import logging
import pathlib
from collections.abc import Callable, Iterator

import numpy as np
import tensorflow as tf

from s_cnn_rnn.data.photographs import read_photograph
from s_cnn_rnn.export.resizing import resized
from s_cnn_rnn.export.runtime import Annotated
from s_cnn_rnn.export.whole_model import TEXT, WORD_IDS, WholeModel, text_pieces, words_by_id

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

    model = _translated(whole)
    for graph in _graphs(model.graph):
        _spell_out(graph)
    _require_standard(model.graph)
    model = onnx.version_converter.convert_version(model, OPERATORS)
    model.ir_version = min(model.ir_version, FORMAT_VERSION)
    _append_text(model.graph, whole)
    if precision == "float16":
        for graph in _graphs(model.graph):
            _store_in_16_bits(graph)
    _name_shapes(model.graph)
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


SPELLED_OUT = {"Expm1": ("Exp", "Sub"), "Log1p": ("Add", "Log")}
"""TensorFlow's operations of which the converter makes none: exp(x) - 1, log(x + 1)."""


def _spell_out(graph) -> None:
    """Puts two standard operators in the place of each of `SPELLED_OUT`."""
    from onnx import helper, numpy_helper

    nodes = []
    for node in graph.node:
        if node.op_type not in SPELLED_OUT:
            nodes.append(node)
            continue
        first, second = SPELLED_OUT[node.op_type]
        name, one = f"{node.output[0]}_{first}", f"{node.output[0]}_one"
        graph.initializer.append(numpy_helper.from_array(np.float32(1), one))
        takes_one = {"Add", "Sub"}
        nodes += [
            helper.make_node(first, [node.input[0], *([one] * (first in takes_one))], [name]),
            helper.make_node(second, [name, *([one] * (second in takes_one))], [node.output[0]]),
        ]
    del graph.node[:]
    graph.node.extend(nodes)


def _require_standard(graph) -> None:
    """The converter passes on what it does not know, without a word."""
    from onnx import defs

    nodes = [node for each in _graphs(graph) for node in each.node]
    strange = {n.op_type for n in nodes if n.domain or not defs.has(n.op_type)}
    if strange:
        raise ValueError(f"there is no standard operator of ONNX for {', '.join(sorted(strange))}")


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
