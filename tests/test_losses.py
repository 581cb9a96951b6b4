"""Lu and Lr against sums written out by hand: the paper's normalisation."""

import keras
import numpy as np
import pytest

from s_cnn_rnn.losses import concept_loss, word_loss


def test_concept_loss_sums_over_concepts_and_averages_over_photographs():
    concepts = np.array([[1, 0, 1], [0, 0, 1]], "float32")
    logits = np.array([[0.3, -2.0, 1.0], [4.0, 0.0, -1.0]], "float32")
    s_hat = 1 / (1 + np.exp(-logits.astype("float64")))
    expected = -(concepts * np.log(s_hat) + (1 - concepts) * np.log(1 - s_hat)).sum() / 2
    assert np.mean(concept_loss(concepts, logits)) == pytest.approx(expected, rel=1e-6)
    keras_mean = keras.losses.BinaryCrossentropy(from_logits=True)(concepts, logits)
    assert np.mean(concept_loss(concepts, logits)) == pytest.approx(3 * float(keras_mean), rel=1e-6)


def test_concept_loss_stays_finite_for_sure_and_wrong_predictions():
    assert np.mean(concept_loss(np.array([[1.0, 0.0]]), np.array([[-200.0, 300.0]]))) == 500.0


def test_word_loss_sums_over_steps_and_averages_over_sequences():
    words = np.array([[[1, 5, 2, 0], [1, 2, 0, 0]], [[1, 6, 7, 2], [0, 0, 0, 0]]])
    likelihood = np.array(
        [[[-1.0, -2.0, 0.0], [-0.5, 0.0, 0.0]], [[-3.0, -1.0, -0.5], [0.0, 0.0, 0.0]]], "float32"
    )
    # Three sequences: the one of padding alone is none.
    assert np.mean(word_loss(words, likelihood)) == pytest.approx(8.0 / 3, rel=1e-6)
