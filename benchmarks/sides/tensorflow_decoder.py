"""One training step of the decoder: ours, stock Keras, and TensorFlow's own matrix product."""

from collections.abc import Callable, Mapping

import keras
import numpy as np
import tensorflow as tf

from benchmarks.captions import (
    FIRST_OUTPUT,
    PADDING,
    batches,
    decoder_weights,
    first_states,
    real_steps,
    turns,
)
from s_cnn_rnn.model.decoder import Decoder
from s_cnn_rnn.model.losses import word_loss
from s_cnn_rnn.settings import StageSettings
from s_cnn_rnn.training.optimisers import build_optimiser

RATE = 1e-4
POLICIES = {"f32": "float32", "bf16": "mixed_bfloat16"}


def contestants(workload: Mapping) -> dict[str, Callable[[], object]]:
    """Each runs one step on the next batch and gives its loss, a sum over words, a mean over N."""
    drawn = batches(workload, workload["sequences"])
    states = first_states(workload, workload["sequences"])
    found: dict[str, Callable[[], object]] = {}
    precisions = workload.get("precisions", tuple(POLICIES))
    for precision in precisions:
        policy = POLICIES[precision]
        found[f"ours {precision}"] = our_step(workload, policy, drawn, states)
        found[f"Keras LSTM + Dense {precision}"] = _steps(
            keras_model(workload, policy), _as_keras(drawn, states)
        )
    if workload.get("xla", True):
        compiled = keras_model(workload, "float32", jit_compile=True)
        found["Keras LSTM + Dense f32, XLA"] = _steps(compiled, _as_keras(drawn, states))
    words = int(np.mean([real_steps(batch).sum() for batch in drawn]))
    for precision in precisions:
        found[f"TensorFlow matrix product {precision}"] = _product(workload, words, precision)
    return found


def our_step(workload: Mapping, policy: str, drawn: list, states: Mapping) -> Callable[[], float]:
    """Runs one step of ours on the next of the batches, and gives its loss."""
    return _steps(our_model(workload, policy), _as_ours(drawn, states))


def our_model(workload: Mapping, policy: str) -> keras.Model:
    """Our decoder with its loss and optimiser, starting from the drawn weights."""
    keras.config.set_dtype_policy(policy)
    units, length = workload["units"], workload["steps"] + 1
    decoder = Decoder(
        workload["words"] + FIRST_OUTPUT, units=units, word_embedding=units, name="decoder"
    )
    words = keras.Input((1, length), dtype="int32", name="words")
    opening = {name: keras.Input((units,), name=name) for name in ("h", "c")}
    likelihood = decoder(words, opening, training=True)
    model = keras.Model({"words": words, **opening}, {"words": likelihood})
    model.compile(
        build_optimiser(StageSettings(steps=1000, learning_rate=RATE)),
        loss={"words": word_loss},
        jit_compile=False,
    )
    set_our_weights(decoder, decoder_weights(workload))
    return model


def set_our_weights(decoder: Decoder, weights: Mapping[str, np.ndarray]) -> None:
    """Gates i, f, g, o -> ours, i, g, f, o; BasicLSTMCell's forget bias is no weight."""
    order = [0, 2, 1, 3]
    units = weights["bias"].shape[1]
    bias = weights["bias"].copy()
    bias[1] -= decoder.cell.forget_bias
    decoder.embedding.set_weights([weights["embedding"]])
    decoder.cell.set_weights(
        [
            weights["input"][:, order].reshape(units, 4 * units),
            weights["recurrent"][:, order].reshape(units, 4 * units),
            bias[order].reshape(-1),
        ]
    )
    decoder.output_layer.set_weights([weights["output"], weights["output bias"]])


def keras_model(workload: Mapping, policy: str, *, jit_compile: bool = False) -> keras.Model:
    """What a user of Keras would write: Embedding, LSTM(relu), Dense, padded sequences."""
    keras.config.set_dtype_policy(policy)
    units = workload["units"]
    words = keras.Input((workload["steps"],), dtype="int32", name="words")
    states = [keras.Input((units,), name=name) for name in ("h", "c")]
    embedding = keras.layers.Embedding(workload["words"] + FIRST_OUTPUT, units)
    lstm = keras.layers.LSTM(units, activation="relu", return_sequences=True)
    dense = keras.layers.Dense(workload["words"])
    logits = dense(lstm(embedding(words), initial_state=states))
    model = keras.Model({"words": words, "h": states[0], "c": states[1]}, logits)
    model.compile(
        keras.optimizers.RMSprop(RATE, rho=0.9, epsilon=1e-10),
        loss=masked_loss,
        jit_compile=jit_compile,
    )
    weights, flat = decoder_weights(workload), (units, 4 * units)
    embedding.set_weights([weights["embedding"]])
    kernels = [weights[name].reshape(flat) for name in ("input", "recurrent")]
    lstm.set_weights([*kernels, weights["bias"].reshape(-1)])
    dense.set_weights([weights["output"], weights["output bias"]])
    return model


def masked_loss(targets, logits):
    """The negative log likelihood of each caption's real words, summed: [N]."""
    real = tf.cast(targets != PADDING, tf.float32)
    outputs = tf.maximum(targets, FIRST_OUTPUT) - FIRST_OUTPUT
    each = keras.losses.sparse_categorical_crossentropy(
        outputs, tf.cast(logits, tf.float32), from_logits=True
    )
    return tf.reduce_sum(each * real, axis=-1)


def _as_ours(drawn, states) -> list:
    return [({"words": batch[:, None], **states}, {"words": batch[:, None]}) for batch in drawn]


def _as_keras(drawn, states) -> list:
    return [({"words": batch[:, :-1], **states}, batch[:, 1:]) for batch in drawn]


def _steps(model: keras.Model, given: list) -> Callable[[], float]:
    rest = turns(given)

    def step() -> float:
        return float(np.ravel(model.train_on_batch(*next(rest)))[0])

    return step


def _product(workload: Mapping, words: int, precision: str) -> Callable[[], None]:
    """The output layer's product of all real words of a batch: [words, U] times [U, V]."""
    dtype = tf.float32 if precision == "f32" else tf.bfloat16
    random = tf.random.Generator.from_seed(0)
    left = tf.cast(random.normal([words, workload["units"]]), dtype)
    right = tf.cast(random.normal([workload["units"], workload["words"]]), dtype)
    product = tf.function(lambda: tf.matmul(left, right)[0, 0])

    def run() -> None:
        product().numpy()

    return run
