"""Photographs from disk to a batch of pixels: ours, Pillow alone, tf.data as its guide has it."""

import time
from collections.abc import Callable, Iterator, Mapping

import keras
import numpy as np
import tensorflow as tf
from PIL import Image

from benchmarks import captioners
from benchmarks.captions import turns
from benchmarks.reading import timed_reading
from benchmarks.sides.tensorflow_joint import compiled_stage
from s_cnn_rnn.data.batches import training_batches
from s_cnn_rnn.data.encoded_split import encode_split
from s_cnn_rnn.data.prepared import PreparedData
from s_cnn_rnn.model.annotation_model import build_model
from s_cnn_rnn.settings import StageSettings

STEPS = 10**6  # more than are ever taken


def contestants(workload: Mapping) -> dict[str, Callable[[], object]]:
    """Each reads some batches; or, with "trains", runs training steps on them."""
    if workload.get("trains"):
        return {
            "joint steps on photographs": _training(workload),
            "joint steps on one batch": _training(workload, reads=False),
        }
    return {
        "ours": _reading(our_batches(workload), workload),
        "Pillow in one process": _reading(_pillow(workload), workload),
        "tf.data, AUTOTUNE": _reading(_tf_data(workload, tf.data.AUTOTUNE), workload),
        "tf.data, plain map": _reading(_tf_data(workload, None), workload),
    }


def our_batches(workload: Mapping) -> Iterator:
    """As a training stage reads them: (inputs, targets)."""
    prepared = PreparedData(workload["prepared"])
    vocabulary = prepared.vocabulary("captions")
    data = encode_split(prepared, "train", vocabulary, longest=workload["steps"] - 1)
    stage = StageSettings(steps=STEPS, photographs=workload["batch"])
    return iter(
        training_batches(
            data,
            stage,
            inputs=("image", "words"),
            outputs=("concepts", "words"),
            first_step=0,
            steps=STEPS,
            seed=0,
            image_size=workload["image size"],
        )
    )


def _pillow(workload: Mapping) -> Iterator:
    """The plainest way: one file after the other."""
    size, files = workload["image size"], turns(workload["files"])
    while True:
        batch = []
        for _ in range(workload["batch"]):
            with Image.open(next(files)) as picture:
                resized = picture.convert("RGB").resize((size, size), Image.Resampling.BILINEAR)
            batch.append(np.asarray(resized))
        yield np.stack(batch)


def _tf_data(workload: Mapping, calls: int | None) -> Iterator:
    """tf.data's guide: read_file, decode_jpeg, resize (not antialiased), batch, prefetch.

    Two batches are fetched ahead: a buffer that tunes itself fills while others are measured, and
    then gives batches that nobody timed.
    """
    size = workload["image size"]

    def read(path):
        pixels = tf.io.decode_jpeg(tf.io.read_file(path), channels=3)
        return tf.cast(tf.image.resize(pixels, [size, size]), tf.uint8)

    files = tf.data.Dataset.from_tensor_slices(list(workload["files"])).repeat()
    batches = files.map(read, num_parallel_calls=calls).batch(workload["batch"])
    return iter(batches.prefetch(2) if calls else batches)


def _reading(batches: Iterator, workload: Mapping) -> Callable[[], dict]:
    return lambda: timed_reading(batches, workload)


def _training(workload: Mapping, *, reads: bool = True) -> Callable[[], dict]:
    """Steps of the joint stage; gives the share of their time spent waiting for photographs."""
    keras.config.set_dtype_policy("float32")
    prepared = PreparedData(workload["prepared"])
    vocabulary = prepared.vocabulary("captions")
    model = build_model(captioners.settings(workload), vocabulary)
    stage = compiled_stage(model, "joint", workload)
    batches = our_batches(workload)
    first = next(batches)

    def run() -> dict:
        waiting, started = 0.0, time.perf_counter()
        for _ in range(workload["batches"]):
            asked = time.perf_counter()
            inputs, targets = next(batches) if reads else first
            waiting += time.perf_counter() - asked
            stage.train_on_batch(inputs, targets)
        return {"waiting": waiting / (time.perf_counter() - started)}

    return run
