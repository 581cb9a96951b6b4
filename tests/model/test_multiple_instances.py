"""Concepts detected place by place, against NumPy in double precision."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from s_cnn_rnn.model.multiple_instances import MultipleInstances, noisy_or

RANDOM = np.random.default_rng(0)


def by_hand(logits):
    """Log-odds of 1 - prod_i (1 - p_i), [P] in long double."""
    logits = np.asarray(logits, np.longdouble)
    absent = np.sum(np.log1p(np.exp(-np.abs(logits))) + np.maximum(logits, 0))
    return absent + np.log(-np.expm1(-absent))


@pytest.mark.parametrize(
    "logits",
    [
        [0.3, -1.2, 2.0],
        [-9.0, -9.5, -30.0],  # around where the other formula takes over
        [-12.0, -11.0, -12.5],
        [-80.0, -81.0, -300.0],
        [90.0, -3.0, 200.0],
        [-11.5] * 49,
        [40.0] * 49,
    ],
)
def test_noisy_or_is_exact_and_its_gradient_is_finite(logits):
    given = tf.constant(np.array(logits, "float32")[:, None])
    with tf.GradientTape() as tape:
        tape.watch(given)
        found = noisy_or(given)
    exact = by_hand(np.array(logits, "float32"))
    assert float(found[0]) == pytest.approx(float(exact), rel=1e-5, abs=1e-5)
    # d log-odds / d l_i = sigmoid(l_i) / (1 - exp(-S))
    p = 1 / (1 + np.exp(-np.array(logits, np.longdouble)))
    absent = np.logaddexp(0, np.array(logits, np.longdouble)).sum()
    gradient = np.asarray(tape.gradient(found, given))[:, 0]
    expected = (p / -np.expm1(-absent)).astype(float)
    np.testing.assert_allclose(gradient, expected, rtol=1e-3, atol=1e-30)


def test_one_place_is_its_own_photograph():
    logits = np.linspace(-60, 60, 25, dtype="float32")
    np.testing.assert_allclose(noisy_or(logits[None]), logits, rtol=1e-4, atol=1e-5)


def test_a_concept_is_there_if_it_is_at_any_place():
    layer = MultipleInstances(3)
    layer.build((None, 9), (None, 4, 5))
    weights = [RANDOM.normal(size=weight.shape) for weight in layer.dense.weights]
    layer.dense.set_weights(weights)
    feature_map = RANDOM.normal(size=(2, 4, 5)).astype("float32")
    found = np.asarray(layer(np.zeros((2, 9), "float32"), feature_map))
    p = 1 / (1 + np.exp(-(feature_map @ weights[0] + weights[1])))
    s_hat = 1 - np.prod(1 - p, axis=1)
    np.testing.assert_allclose(1 / (1 + np.exp(-found)), s_hat, rtol=1e-4)


def test_it_starts_at_the_prior_whatever_is_seen():
    prior = np.array([0.97, 0.3, 0.004])
    layer = MultipleInstances(3, prior=prior)
    layer.build((None, 9), (None, 49, 5))
    feature_map = RANDOM.normal(size=(2, 49, 5)).astype("float32")
    logits = layer(np.zeros((2, 9), "float32"), feature_map)
    np.testing.assert_allclose(keras.ops.sigmoid(logits), [prior, prior], rtol=1e-4)


def test_channels_are_dropped_at_all_places_at_once():
    layer = MultipleInstances(1, dropout=0.5)
    layer.build((None, 9), (None, 6, 4))
    layer.dense.set_weights([np.ones((4, 1)), np.zeros(1)])
    feature_map = np.broadcast_to(np.array([1, 10, 100, 1000], "float32"), (1, 6, 4))
    dropped = np.asarray(layer.dropout(feature_map, training=True))[0]
    assert all(np.array_equal(place, dropped[0]) for place in dropped)
    assert set(dropped[0]) <= {0.0, 2.0, 20.0, 200.0, 2000.0}
