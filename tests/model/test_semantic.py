"""The semantic layer."""

import numpy as np
import pytest

from s_cnn_rnn.model.losses import concept_loss
from s_cnn_rnn.model.semantic import SemanticLayer


def test_starts_at_the_marginal_frequencies():
    prior = np.array([0.5, 0.02, 0.9])
    layer = SemanticLayer(3, prior=prior)
    logits = np.asarray(layer(np.zeros((1, 7), "float32")))
    np.testing.assert_allclose(1 / (1 + np.exp(-logits[0])), prior, atol=1e-6)
    entropy = -(prior * np.log(prior) + (1 - prior) * np.log(1 - prior)).sum()
    concepts = (np.random.default_rng(0).random((20000, 3)) < prior).astype("float32")
    loss = np.mean(concept_loss(concepts, np.repeat(logits, len(concepts), axis=0)))
    assert loss == pytest.approx(entropy, abs=0.03)


def test_never_seen_concepts_start_finite():
    logits = np.asarray(SemanticLayer(2, prior=[0.0, 1.0])(np.zeros((1, 4), "float32")))
    assert np.all(np.isfinite(logits))


def test_dropout_acts_in_training_only():
    layer = SemanticLayer(3, dropout=0.5)
    features = np.ones((4, 50), "float32")
    np.testing.assert_array_equal(layer(features), layer(features))
    assert not np.allclose(layer(features, training=True), layer(features, training=True))
