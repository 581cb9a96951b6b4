"""Messages between tags and concepts against NumPy."""

import numpy as np
import pytest

from s_cnn_rnn.model.message_layer import SURE, MessageLayer, activation_of_observed


@pytest.fixture
def layer():
    layer = MessageLayer(3, prior=[0.2, 0.5, 0.7])
    layer.build((None, 6), (None, 4))
    random = np.random.default_rng(1)
    for weight in layer.weights:
        weight.assign(random.normal(size=weight.shape))
    return layer


def message(part, activation):
    agreeing, contradicting = (
        np.asarray(part.agreeing.kernel),
        np.asarray(part.contradicting.kernel),
    )
    return np.maximum(activation @ agreeing, 0) - np.maximum(activation @ contradicting, 0)


def test_two_passes_of_messages(layer):
    random = np.random.default_rng(0)
    features = random.normal(size=(5, 6)).astype("float32")
    tags = (random.random((5, 4)) < 0.5).astype("float32")
    kernel, bias = (np.asarray(w) for w in layer.own.weights)
    own = features @ kernel + bias
    down = own + message(layer.within_down, own)
    up = own + message(layer.from_tags, tags * np.log(SURE / (1 - SURE)))
    up = up + message(layer.within_up, own)
    expected = (
        down @ np.asarray(layer.down.kernel)
        + np.asarray(layer.down.bias)
        + up @ np.asarray(layer.up.kernel)
    )
    np.testing.assert_allclose(layer(features, tags), expected, rtol=1e-4, atol=1e-4)


def test_without_tags_no_message_comes_from_them(layer):
    features = np.random.default_rng(0).normal(size=(5, 6)).astype("float32")
    kernel, bias = (np.asarray(w) for w in layer.own.weights)
    own = features @ kernel + bias
    down, up = own + message(layer.within_down, own), own + message(layer.within_up, own)
    (wd, bd), [wu] = ([np.asarray(w) for w in part.weights] for part in (layer.down, layer.up))
    logits = layer(features, np.zeros((5, 4), "float32"))
    np.testing.assert_allclose(logits, down @ wd + bd + up @ wu, rtol=1e-4, atol=1e-4)


def test_observed_tags_are_nearly_sure_and_others_unknown():
    activation = np.asarray(activation_of_observed(np.array([0.0, 1.0])))
    np.testing.assert_allclose(1 / (1 + np.exp(-activation)), [0.5, 0.99], rtol=1e-6)


def test_it_starts_near_what_the_photograph_says():
    layer = MessageLayer(3, prior=[0.2, 0.5, 0.7])
    features = np.random.default_rng(0).normal(size=(5, 6)).astype("float32")
    logits = layer(features, np.zeros((5, 4), "float32"))
    np.testing.assert_allclose(logits, layer.own(features), atol=0.1)
