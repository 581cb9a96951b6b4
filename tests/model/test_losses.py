"""Lu and Lr against sums written out by hand: the paper's normalisation."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from s_cnn_rnn.model.losses import (
    CONCEPT_LOSSES,
    asymmetric_loss,
    concept_loss,
    softmax_loss,
    warp_loss,
    word_loss,
)


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


def test_softmax_loss_is_cross_entropy_with_the_normalised_label_vector():
    concepts = np.array([[1, 0, 1], [0, 1, 0], [0, 0, 0]], "float32")
    logits = np.array([[0.3, -2.0, 1.0], [4.0, 0.0, -1.0], [1.0, 2.0, 3.0]], "float32")
    log_p = logits - np.log(np.exp(logits).sum(axis=-1, keepdims=True))
    expected = [-(log_p[0, 0] + log_p[0, 2]) / 2, -log_p[1, 1], 0.0]
    np.testing.assert_allclose(softmax_loss(concepts, logits), expected, rtol=1e-5)


@pytest.mark.parametrize("true", [0.0, 1.0])
def test_asymmetric_loss_has_a_gradient_where_it_is_sure(true):
    """At a logit of 20 a float32 probability is exactly 1."""
    logits = tf.Variable([[-90.0, -20.0, 0.0, 20.0, 90.0]])
    with tf.GradientTape() as tape:
        loss = asymmetric_loss(tf.fill([1, 5], true), logits)
    gradient = tape.gradient(loss, logits).numpy()
    assert np.isfinite(gradient).all()
    if true:  # log sigmoid's: p - 1
        p = 1 / (1 + np.exp(-np.clip(logits.numpy().astype(float), -500, 500)))
        np.testing.assert_allclose(gradient, p - 1, atol=1e-6)


def test_asymmetric_loss_focuses_negatives_alone():
    concepts = np.array([[1, 0, 0]], "float32")
    logits = np.array([[-0.5, 1.0, -4.0]], "float32")
    p = 1 / (1 + np.exp(-logits[0].astype("float64")))
    shifted = p[1] - 0.05
    assert p[2] < 0.05  # below the margin: no loss at all
    expected = -np.log(p[0]) - shifted**4 * np.log(1 - shifted)
    assert float(asymmetric_loss(concepts, logits)[0]) == pytest.approx(expected, rel=1e-5)


def warp_by_hand(concepts, logits, noise):
    """Weston et al.'s algorithm 1, label by label, trial by trial."""
    k, total = len(logits), 0.0
    for j in np.flatnonzero(concepts):
        false = [n for n in np.argsort(noise[j]) if not concepts[n]]
        for trial, n in enumerate(false, start=1):
            hinge = 1 - logits[j] + logits[n]
            if hinge > 0:
                rank = (k - 1) // trial
                total += sum(1 / r for r in range(1, rank + 1)) * hinge
                break
    return total


def test_warp_samples_until_a_violation_and_weighs_by_the_estimated_rank():
    random = np.random.default_rng(0)
    concepts = (random.random((40, 9)) < 0.3).astype("float32")
    concepts[0] = 0  # no label: nothing to rank
    concepts[1] = 1  # no false label
    logits = random.normal(scale=2, size=(40, 9)).astype("float32")
    noise = random.random((40, 9, 9)).astype("float32")
    expected = [warp_by_hand(*row) for row in zip(concepts, logits, noise, strict=True)]
    assert expected[0] == expected[1] == 0 < max(expected)
    np.testing.assert_allclose(warp_loss(concepts, logits, noise=noise), expected, rtol=1e-5)


def test_warp_draws_anew_each_time_from_its_own_state():
    loss = CONCEPT_LOSSES["warp"].loss
    concepts = np.tile(np.array([[1, 0, 0, 0, 0, 0]], "float32"), (20, 1))
    logits = np.tile(np.array([[0, 2, -2, 2, -2, -2]], "float32"), (20, 1))
    sampling = keras.random.SeedGenerator(1)
    first, second = (np.asarray(loss(concepts, logits, sampling=sampling)) for _ in range(2))
    assert not np.array_equal(first, second)
    again = loss(concepts, logits, sampling=keras.random.SeedGenerator(1))
    np.testing.assert_array_equal(first, again)
    # One or two false labels stand above: the first trial finds one with probability 2 in 5.
    assert len(set(np.round(first, 4).tolist())) > 1
