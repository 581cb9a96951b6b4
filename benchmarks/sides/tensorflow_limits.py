"""The parts of a training step, of a search, of one photograph's way to its caption, of reading."""

import functools
import io
import pathlib
from collections.abc import Callable, Mapping

import numpy as np
import tensorflow as tf
from PIL import Image

from benchmarks import captioners
from benchmarks.captions import batches, decoder_weights, first_states, real_steps
from benchmarks.sides import tensorflow_decoder
from benchmarks.sides.tensorflow_beam import drawn_decoder, our_search
from s_cnn_rnn.annotating.looking import Looked, image_sizes, look_at
from s_cnn_rnn.annotating.photograph_batches import ReadPhotograph, read_batches
from s_cnn_rnn.annotating.user_tags import TagInputs
from s_cnn_rnn.annotator import Annotator
from s_cnn_rnn.data.photographs import DamagedPhotograph, resize
from s_cnn_rnn.model.annotation_model import AnnotationModel, build_model

LARGEST_ALONE = 2  # photographs for which XLA compiles a search
DECODED = {"accurate": "INTEGER_ACCURATE", "quick": "INTEGER_FAST"}  # ours; tf.data's default


def contestants(workload: Mapping) -> dict[str, Callable[[], object]]:
    """Those of the workload's "part"."""
    parts = {
        "training": _training,
        "search": _search,
        "photograph": _photograph,
        "reading": _reading,
    }
    return parts[workload["part"]](workload)


def _training(workload: Mapping) -> dict[str, Callable[[], object]]:
    """A decoder's training step in float32, and what no way to take it does without.

    One batch, again and again: its products are of that batch's shapes.
    """
    count = workload["sequences"]
    [batch] = batches(workload, count, kinds=1)
    states, outputs = first_states(workload, count), workload["words"]
    step = tensorflow_decoder.our_step(workload, "float32", [batch], states)
    running = [int((real_steps(batch) > t).sum()) for t in range(workload["steps"])]
    return {
        "the step": step,
        **{
            name: _one_after_another(shapes)
            for name, shapes in products(running, workload["units"], outputs).items()
        },
        "one softmax of all real words": _softmax(sum(running), outputs),
        "the optimiser, dense weights": _optimiser(workload),
    }


def products(running: list[int], units: int, outputs: int) -> dict[str, list[tuple]]:
    """The matrix products of a training step as shapes (a, b, c), [a, b] times [b, c].

    Those of W_h go step by step, there and back, with the captions that are still running; all
    others take all real words at once.

    Args:
        running: captions that are still running at each step.
        units: U.
        outputs: V.
    """
    words, gates = sum(running), 4 * units
    there = [(n, units, gates) for n in running if n]
    back = [(n, gates, units) for n in running if n]
    of_weights = (units, words, gates)
    return {
        "its products with W_h, step by step": there + back,
        "its products with W_x, and W_h's gradient": [
            (words, units, gates),
            (words, gates, units),
            of_weights,
            of_weights,
        ],
        "its products with all words": [
            (words, units, outputs),
            (words, outputs, units),
            (units, words, outputs),
        ],
    }


def _one_after_another(shapes: list[tuple[int, int, int]]) -> Callable[[], None]:
    """Products of the shapes [a, b] times [b, c]."""
    sizes = {size for a, b, c in shapes for size in ((a, b), (b, c))}
    given = {size: tf.random.normal(size, seed=0) for size in sizes}

    def run() -> None:
        for a, b, c in shapes:
            tf.matmul(given[a, b], given[b, c])

    return run


def _softmax(words: int, outputs: int) -> Callable[[], None]:
    """Of logits [words, outputs]."""
    logits = tf.random.normal([words, outputs], seed=0)

    def run() -> None:
        tf.nn.softmax(logits)

    return run


def _optimiser(workload: Mapping) -> Callable[[], None]:
    """RMSProp's step for W_x, W_h and the output layer; the embedding's rows are few."""
    units, outputs = workload["units"], workload["words"]
    shapes = [(2 * units, 4 * units), (units, outputs)]
    weights = [tf.Variable(tf.random.normal(shape, seed=0)) for shape in shapes]
    slots = [[tf.Variable(tf.ones(shape)) for _ in range(2)] for shape in shapes]
    gradients = [tf.random.normal(shape, seed=1) for shape in shapes]

    @tf.function
    def run():
        for weight, (mean, momentum), gradient in zip(weights, slots, gradients, strict=True):
            tf.raw_ops.ResourceApplyRMSProp(
                var=weight.handle,
                ms=mean.handle,
                mom=momentum.handle,
                lr=1e-4,
                rho=0.9,
                momentum=0.0,
                epsilon=1e-10,
                grad=gradient,
            )

    return run


def _search(workload: Mapping) -> dict[str, Callable[[], object]]:
    """Ways to search for a batch's captions, and the matrix products that all of them need."""
    batch = workload["batch"]
    decoder, states = drawn_decoder(workload), first_states(workload, batch)

    def search(*, settled: bool, alone: bool) -> Callable[[], object]:
        return our_search(decoder, workload, states, settled=settled, alone=alone)

    found = {
        "plain": search(settled=False, alone=False),
        "words projected once": search(settled=True, alone=False),
    }
    if batch <= LARGEST_ALONE:
        found["compiled by XLA"] = search(settled=False, alone=True)
        found["both"] = search(settled=True, alone=True)
    weights, units = decoder_weights(workload), workload["units"]
    rows, steps = batch * workload["width"], workload["longest"] + 1
    gates = weights["recurrent"].reshape(units, -1)
    found["its products with all words"] = _products(rows, weights["output"], steps)
    found["its products W_h h"] = _products(rows, gates, steps)
    return found


def _products(rows: int, matrix: np.ndarray, times: int) -> Callable[[], None]:
    h, matrix = tf.random.normal([rows, len(matrix)], seed=0), tf.constant(matrix)

    def run() -> None:
        for _ in range(times):
            tf.matmul(h, matrix)

    return run


def _photograph(workload: Mapping) -> dict[str, Callable[[], object]]:
    """One file to its caption, as usual and one by one, and the parts of that way."""
    settings = captioners.settings({**workload, "steps": workload["longest"] + 1})
    model = build_model(settings, captioners.vocabulary(workload))
    photograph, found = workload["photograph"], {}
    for name, one_by_one in (("as usual", False), ("one by one", True)):
        annotator = Annotator(model, settings, one_by_one=one_by_one)
        looked = annotator.keep(photograph).looked
        found[f"file to caption, {name}"] = functools.partial(_annotate, annotator, photograph)
        found[f"its search, {name}"] = functools.partial(_search_for, annotator, looked)
    read, no_tags = _read(photograph, model), TagInputs(settings.system)
    found["read and resize"] = lambda: len(_read(photograph, model))
    found["the encoder"] = lambda: len(look_at(model, read, 1, no_tags).names)
    return found


def _annotate(annotator: Annotator, photograph: str) -> int:
    return len(list(annotator.annotate([photograph], batch=1)))


def _search_for(annotator: Annotator, looked: Looked) -> int:
    return len(list(annotator.annotations_of(looked, 1)))


def _read(photograph: str, model: AnnotationModel) -> list[ReadPhotograph]:
    options = {"sizes": image_sizes(model), "batch": 1, "tags": None, "on_damaged": _refuse}
    [(_, read)] = read_batches([photograph], **options)
    return read


def _refuse(damaged: DamagedPhotograph) -> None:
    raise damaged


def _reading(workload: Mapping) -> dict[str, Callable[[], object]]:
    """Decoding a JPEG and resizing its pixels, our way and the peers', without a pipeline."""
    size = workload["image size"]
    jpeg = pathlib.Path(workload["photograph"]).read_bytes()
    pixels = tf.io.decode_jpeg(jpeg, channels=3)
    picture = Image.fromarray(pixels.numpy())
    ours = tf.function(functools.partial(resize, image_size=size))
    plain = tf.function(lambda pixels: tf.image.resize(pixels, [size, size]))

    def decode(method: str) -> None:
        tf.io.decode_jpeg(jpeg, channels=3, dct_method=method)

    def pillow_decode() -> None:
        Image.open(io.BytesIO(jpeg)).load()

    def pillow_resize() -> None:
        picture.resize((size, size), Image.Resampling.BILINEAR)

    return {
        **{f"decode, {name} DCT": functools.partial(decode, DECODED[name]) for name in DECODED},
        "decode, Pillow": pillow_decode,
        "resize, ours (antialiased)": lambda: ours(pixels) is None,
        "resize, tf.data's guide (not antialiased)": lambda: plain(pixels) is None,
        "resize, Pillow (antialiased)": pillow_resize,
    }
