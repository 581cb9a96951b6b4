"""The tag layer against NumPy."""

import numpy as np
import pytest

from s_cnn_rnn.model.tag_layer import TagLayer


@pytest.fixture
def tags():
    return (np.random.default_rng(0).random((5, 7)) < 0.4).astype("float32")


def by_hand(layer, tags):
    w1, b1, w2, b2 = (np.asarray(w) for w in (*layer.hidden.weights, *layer.dense.weights))
    return np.maximum(tags @ w1 + b1, 0) @ w2 + b2


def test_logits_are_those_of_one_hidden_layer(tags):
    layer = TagLayer(3, units=4)
    np.testing.assert_allclose(layer(tags), by_hand(layer, tags), rtol=1e-5, atol=1e-6)


def test_the_papers_size(tags):
    layer = TagLayer(81)
    layer.build((None, 1000))
    trained = sum(np.prod(w.shape) for w in layer.trainable_weights)
    assert trained == 1000 * 256 + 256 + 256 * 81 + 81


def test_added_logits_count_the_prior_once(tags):
    prior = np.array([0.1, 0.5, 0.9])
    layer = TagLayer(3, units=4, prior=prior)
    layer.build(tags.shape)
    image = np.random.default_rng(1).normal(size=(5, 3)).astype("float32")
    expected = image + by_hand(layer, tags) - np.log(prior / (1 - prior))
    np.testing.assert_allclose(layer(tags, image), expected, rtol=1e-4, atol=1e-5)


def test_without_tags_it_adds_the_same_to_every_photograph(tags):
    """W2 relu(b1) + b2, learnt from the photographs without tags."""
    layer = TagLayer(3, units=4, prior=[0.1, 0.5, 0.9])
    layer(tags)
    layer.hidden.bias.assign([0.5, -1.0, 2.0, 0.1])
    image = np.random.default_rng(1).normal(size=(5, 3)).astype("float32")
    w2, b2 = (np.asarray(w) for w in layer.dense.weights)
    added = np.array([0.5, 0.0, 2.0, 0.1]) @ w2 + b2 - np.asarray(layer.prior_logits)
    np.testing.assert_allclose(layer(np.zeros_like(tags), image), image + added, atol=1e-5)


def test_the_prior_does_not_train(tags):
    layer = TagLayer(3, units=4, prior=[0.1, 0.5, 0.9])
    layer(tags)
    assert len(layer.trainable_weights) == 4
    assert len(layer.non_trainable_weights) == 1
