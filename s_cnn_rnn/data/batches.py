"""Encoded split -> batches. Which photographs a step sees is a pure function of seed and step.

So training can go on after an interruption exactly where it stopped: nothing of the order is kept
anywhere, it is computed again.
"""

import dataclasses
import os
from collections.abc import Iterator, Sequence

import numpy as np
import tensorflow as tf

from s_cnn_rnn.data.encoded_split import EncodedSplit
from s_cnn_rnn.data.model_inputs import NOTHING_BESIDE, ModelInputs
from s_cnn_rnn.data.order import Order, choose_captions
from s_cnn_rnn.data.photographs import Augmentation, augment, decode_and_resize
from s_cnn_rnn.data.views import AS_SEEN, View
from s_cnn_rnn.settings import StageSettings


def training_batches(
    data: EncodedSplit,
    stage: StageSettings,
    *,
    inputs: tuple[str, ...],
    outputs: tuple[str, ...],
    first_step: int,
    steps: int,
    seed: int,
    image_size: int | None = None,
    model_inputs: ModelInputs = NOTHING_BESIDE,
    own_words: tuple[float, float] = (0.0, 0.0),
) -> tf.data.Dataset:
    """The batches of some steps: (inputs, targets), both dictionaries.

    Args:
        data: the training part.
        stage: batch size, captions, augmentation.
        inputs: of the stage's model, among "image", "features", "feature_map", "tags",
            "neighbours", "concepts", "words", "drawn", "told" (true concepts, `NOT_TOLD` for the
            others), "photograph" (its place in ``data``), "chances".
        outputs: of the stage's model, among "concepts", "words".
        first_step: number of the first step; the same number gives the same batch in any run.
        steps: how many.
        seed: of order and augmentation.
        image_size: side of the photographs, where they are among the inputs.
        model_inputs: features and side information, where they are among the inputs; of the views
            of the features one is taken at random, each time.
        own_words: which part of the words that the decoder reads it draws itself, 0 to 1, at the
            stage's first and at its last step, where "drawn" is among the inputs
            (`training.scheduled_sampling`).
    """
    reader = _StepReader(data, stage, seed, model_inputs, own_words)
    names = sorted({*inputs, *outputs} | ({"seed"} if "image" in inputs else set()))
    shapes = {name: [stage.photographs, *shape] for name, shape in reader.shapes().items()}

    @tf.autograph.experimental.do_not_convert
    def read(step):
        types = [_TYPES[name] for name in names]
        values = tf.numpy_function(lambda n: reader.read(int(n), names), [step], types)
        return {n: tf.ensure_shape(v, shapes[n]) for n, v in zip(names, values, strict=True)}

    @tf.autograph.experimental.do_not_convert
    def inputs_and_targets(batch):
        return {name: batch[name] for name in inputs}, {name: batch[name] for name in outputs}

    dataset = tf.data.Dataset.range(first_step, first_step + steps).map(read)
    if "image" in inputs:
        dataset = _decode(dataset, stage, image_size)
    dataset = dataset.map(inputs_and_targets).prefetch(2)
    return dataset.apply(tf.data.experimental.assert_cardinality(steps)).with_options(_in_order())


NOT_TOLD = -1.0

_TYPES = {
    "concepts": tf.float32,
    "words": tf.int32,
    "features": tf.float32,
    "feature_map": tf.float32,
    "tags": tf.float32,
    "neighbours": tf.float32,
    "image": tf.string,
    "seed": tf.int32,
    "drawn": tf.bool,
    "told": tf.float32,
    "photograph": tf.int32,
    "chances": tf.float32,
}


@dataclasses.dataclass
class _StepReader:
    """Reads what a step learns from, as arrays; photographs as JPEGs, with a seed each."""

    data: EncodedSplit
    stage: StageSettings
    seed: int
    model_inputs: ModelInputs
    own_words: tuple[float, float]

    def __post_init__(self):
        count, annotations, _ = self.data.words.shape
        self.order = Order(count, self.stage.photographs, self.seed)
        # So that a short stage sees all annotations, of some photographs each.
        random = np.random.default_rng((self.seed, 3))
        self.first = random.integers(max(1, annotations), size=count)

    def shapes(self) -> dict[str, list[int]]:
        """Shape of one photograph's part of each array."""
        _, captions, length = self.data.words.shape
        shapes = {
            "concepts": [self.data.concepts.shape[1]],
            "words": [self.stage.captions or captions, length],
            "image": [],
            "seed": [2],
            "drawn": [self.stage.captions or captions, length - 1],
            "told": [self.data.concepts.shape[1]],
            "photograph": [],
            "chances": [self.stage.samples, length - 1],
        }
        shapes |= {name: list(shape) for name, shape in self.model_inputs.shapes().items()}
        return shapes

    def read(self, step: int, names: Sequence[str]) -> list[np.ndarray]:
        """The named arrays of a step; a pure function of its number."""
        photographs, epochs = self.order.step(step)
        random = np.random.default_rng((self.seed, step, 1))
        chosen = random.integers(self.model_inputs.views, size=len(photographs))
        seeds = random.integers(2**31 - 1, size=(len(photographs), 2), dtype=np.int32)
        make = {
            "concepts": lambda: self.data.concepts[photographs].astype(np.float32),
            "words": lambda: choose_captions(
                self.data.words[photographs],
                epochs,
                self.stage.captions,
                self.first[photographs],
            ),
            "image": lambda: np.array(self.data.photographs(photographs), object),
            "seed": lambda: seeds,
            "drawn": lambda: self._drawn(step),
            "told": lambda: self._told(step, photographs),
            "photograph": lambda: photographs.astype(np.int32),
            "chances": lambda: self._chances(step),
        }
        read = self.model_inputs.read(photographs, views=chosen, random=random)
        return [read[name] if name in read else make[name]() for name in names]

    def _drawn(self, step: int) -> np.ndarray:
        """Which words the decoder draws itself (scheduled sampling), more of them at each step."""
        first, last = self.own_words
        part = first + (last - first) * min(1.0, step / max(1, self.stage.steps - 1))
        random = np.random.default_rng((self.seed, step, 2))
        return random.random((self.stage.photographs, *self.shapes()["drawn"])) < part

    def _told(self, step: int, photographs: np.ndarray) -> np.ndarray:
        """The true concepts that the decoder is told, `NOT_TOLD` for those it is not."""
        random = np.random.default_rng((self.seed, step, 4))
        told = random.random(len(photographs)) < self.stage.told_concepts
        chance = told * random.random(len(photographs))
        concepts = self.data.concepts[photographs].astype(np.float32)
        return np.where(
            random.random(concepts.shape) < chance[:, None], concepts, np.float32(NOT_TOLD)
        )

    def _chances(self, step: int) -> np.ndarray:
        """By which captions are sampled (`sampling.sample`)."""
        random = np.random.default_rng((self.seed, step, 3))
        shape = (self.stage.photographs, *self.shapes()["chances"])
        return random.random(shape, dtype=np.float32)


def _decode(dataset, stage: StageSettings, image_size: int) -> tf.data.Dataset:
    """JPEGs of whole batches -> pixels, photograph by photograph on all cores."""
    variation = Augmentation(flip=stage.flip, crop=(stage.smallest_crop, 1.0))

    @tf.autograph.experimental.do_not_convert
    def one(example):
        pixels = augment(
            decode_and_resize(example["image"], image_size), example["seed"], variation
        )
        return {**example, "image": pixels}

    one_by_one = dataset.unbatch().map(one, num_parallel_calls=os.cpu_count())
    return one_by_one.batch(stage.photographs, drop_remainder=True)


def _in_order() -> tf.data.Options:
    options = tf.data.Options()
    options.deterministic = True
    # With it, ending an iterator waits for a thread that sleeps for seconds; a stage ends many.
    options.autotune.enabled = False
    # Every replica takes its part of each batch; files are not split between workers.
    options.experimental_distribute.auto_shard_policy = tf.data.experimental.AutoShardPolicy.OFF
    return options


def image_batches(
    data: EncodedSplit, *, image_size: int, batch: int = 32, view: View = AS_SEEN, first: int = 0
) -> Iterator[np.ndarray]:
    """All photographs of a split in order, from number ``first`` on: uint8 [<= batch, S, S, 3]."""
    starts = tf.data.Dataset.range(first, len(data), batch)

    def read(start):
        indices = np.arange(start, min(start + batch, len(data)))
        return np.array(data.photographs(indices), object)

    @tf.autograph.experimental.do_not_convert
    def one(photograph, jpeg):
        return view.see(decode_and_resize(jpeg, image_size), photograph)

    jpegs = starts.map(lambda start: tf.numpy_function(read, [start], tf.string)).unbatch()
    jpegs = jpegs.map(lambda jpeg: tf.ensure_shape(jpeg, [])).enumerate(first)
    images = jpegs.map(one, num_parallel_calls=os.cpu_count()).batch(batch).prefetch(2)
    return images.with_options(_in_order()).as_numpy_iterator()
