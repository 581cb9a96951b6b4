"""The last layer's own gradient against automatic differentiation of the plain way."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from s_cnn_rnn.model import packed_softmax
from s_cnn_rnn.model.decoder import Decoder
from s_cnn_rnn.vocabulary import FIRST_OUTPUT

UNITS, OUTPUTS = 5, 7


def build_decoder(smoothing=0.0, scale=1.0, dtype=None):
    decoder = Decoder(
        OUTPUTS + FIRST_OUTPUT,
        units=UNITS,
        word_embedding=UNITS,
        label_smoothing=smoothing,
        dtype=dtype,
    )
    decoder.build()
    random = np.random.default_rng(1)
    for weight in decoder.output_layer.weights:
        weight.assign(scale * random.normal(size=weight.shape))
    return decoder


def values_and_gradients(run, decoder, words, *, training=True):
    """Log p of words, and the gradients of a weighted sum of them."""
    random = np.random.default_rng(0)
    seen = tf.constant(random.normal(size=(len(words), UNITS)), "float32")
    weights = tf.constant(random.normal(size=len(words)), "float32")
    with tf.GradientTape() as tape:
        tape.watch(seen)
        found = run(seen, tf.constant(words, "int32"), training)
        loss = tf.reduce_sum(weights * found)
    variables = [weight.value for weight in decoder.output_layer.weights]
    return [found.numpy(), *(np.array(g) for g in tape.gradient(loss, [seen, *variables]))]


def both_ways(decoder, words, **options):
    ways = (decoder.packed_log_likelihood, decoder.log_likelihood)
    found = (values_and_gradients(way, decoder, words, **options) for way in ways)
    return zip(*found, strict=True)


@given(
    words=st.lists(st.integers(FIRST_OUTPUT, OUTPUTS + FIRST_OUTPUT - 1), min_size=1, max_size=6),
    smoothing=st.sampled_from([0.0, 0.1]),
    training=st.booleans(),
)
@settings(max_examples=30, deadline=None)
def test_as_the_plain_way(words, smoothing, training):
    for ours, plain in both_ways(build_decoder(smoothing), words, training=training):
        np.testing.assert_allclose(ours, plain, rtol=1e-5, atol=1e-5)


def test_words_that_cannot_be():
    """Logits hundreds apart: the probability is 0 in float32, its logarithm is not lost."""
    found = list(both_ways(build_decoder(scale=500.0), [2, 3, 4, 5, 6, 7, 8]))
    assert found[0][1].min() < -500
    for ours, plain in found:
        np.testing.assert_allclose(ours, plain, rtol=1e-5, atol=1e-3)


def test_a_word_by_hand():
    """Two outputs alike, a third e times as likely: p = 1, 1, e over 2 + e; eps = .3."""
    layer = keras.layers.Dense(3)
    layer.build((None, 1))
    layer.set_weights([np.array([[0.0, 0.0, 1.0]], "float32"), np.zeros(3, "float32")])
    seen = tf.constant([[1.0]])
    with tf.GradientTape() as tape:
        found = packed_softmax.log_likelihood(layer, seen, tf.constant([2]), 0.3)
    p = np.array([1, 1, np.e]) / (2 + np.e)
    np.testing.assert_allclose(found, [1 - np.log(2 + np.e) - 0.3 * (1 - 1 / 3)], rtol=1e-6)
    of_bias = tape.gradient(found, layer.bias.value)
    np.testing.assert_allclose(of_bias, [0.1 - p[0], 0.1 - p[1], 0.8 - p[2]], rtol=1e-5)


def test_in_bfloat16():
    decoder = build_decoder(0.1, dtype="mixed_bfloat16")
    for ours, plain in both_ways(decoder, [3, 4, 4, 8]):
        np.testing.assert_allclose(ours, plain, rtol=2e-2, atol=2e-2)


@pytest.mark.parametrize("jit", [False, True])
def test_in_a_graph(jit):
    decoder = build_decoder(0.1)
    words = [2, 5, 8]
    compiled = tf.function(decoder.packed_log_likelihood, jit_compile=jit)
    ours = values_and_gradients(compiled, decoder, words)
    plain = values_and_gradients(decoder.log_likelihood, decoder, words)
    for mine, theirs in zip(ours, plain, strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-5, atol=1e-5)
