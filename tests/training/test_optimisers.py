"""Optimiser steps against NumPy: TF1's RMSProp, repeated words, learning rates per part."""

import keras
import numpy as np
import pytest

from s_cnn_rnn.settings import StageSettings
from s_cnn_rnn.training.optimisers import (
    OPTIMISERS,
    RMSProp,
    WarmUpThen,
    averaged_weights,
    build_optimiser,
)


def variable(values, part):
    with keras.name_scope(part):
        return keras.Variable(np.array(values, "float32"), name="w")


def test_rmsprop_starts_at_ones_as_tensorflow_1_did():
    weight = variable([1.0, -2.0], "part")
    optimiser = RMSProp(0.01)
    gradients = [np.array([0.5, -0.001]), np.array([-1.0, 0.002])]
    expected, mean_square = np.array([1.0, -2.0]), np.ones(2)
    for gradient in gradients:
        optimiser.apply([keras.ops.convert_to_tensor(gradient, "float32")], [weight])
        mean_square = 0.9 * mean_square + 0.1 * gradient**2
        expected -= 0.01 * gradient / np.sqrt(mean_square + 1e-10)
    np.testing.assert_allclose(weight.numpy(), expected, rtol=1e-5)


@pytest.mark.parametrize("name", OPTIMISERS)
def test_a_word_that_occurs_twice_steps_as_if_its_gradients_were_added_up(name):
    """Notices keras#18692 in our classes, whatever Keras does with slices."""
    results = []
    for repeats in (1, 4):
        keras.utils.set_random_seed(0)
        words = keras.Input((repeats,), dtype="int32")
        table = keras.layers.Embedding(3, 2, name="table")
        total = keras.layers.Lambda(lambda x, r=repeats: keras.ops.sum(x, axis=1) / r)(table(words))
        model = keras.Model(words, total)
        model.compile(OPTIMISERS[name](0.1), loss=lambda y, p: keras.ops.sum(p))
        model.train_on_batch(np.full((1, repeats), 1), np.zeros((1, 2)))
        results.append(table.embeddings.numpy())
    np.testing.assert_allclose(results[0], results[1], rtol=1e-5)


def test_the_encoder_has_its_own_learning_rate():
    encoder, decoder = variable([1.0], "encoder"), variable([1.0], "decoder")
    stage = StageSettings(steps=1, learning_rate=0.1, encoder_learning_rate_factor=0.25)
    optimiser = build_optimiser(stage, [encoder])
    one = keras.ops.ones((1,))
    optimiser.apply([one, one], [encoder, decoder])
    assert 1 - encoder.numpy()[0] == pytest.approx((1 - decoder.numpy()[0]) / 4, rel=1e-5)


def test_schedule_warms_up_and_falls_to_zero():
    schedule = WarmUpThen(2.0, warm_up=4, steps=14, shape="cosine")
    rates = [float(schedule(step)) for step in range(15)]
    assert rates[:4] == pytest.approx([0.5, 1.0, 1.5, 2.0])
    assert rates[9] == pytest.approx(1.0)
    assert rates[14] == pytest.approx(0.0, abs=1e-6)
    constant = WarmUpThen(2.0, warm_up=0, steps=14, shape="constant")
    assert float(constant(0)) == float(constant(13)) == 2.0


def test_weight_average_is_what_numpy_says_and_fit_does_not_assign_it():
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, use_bias=False)])
    optimiser = build_optimiser(StageSettings(steps=3, learning_rate=0.1, weight_average=0.9))
    model.compile(optimiser, loss="mse")
    seen = []
    for _ in range(3):
        model.fit(np.ones((1, 1)), np.zeros((1, 1)), verbose=0)
        seen.append(float(model.weights[0].numpy()[0, 0]))
    average = seen[0]
    for value in seen[1:]:
        average = 0.9 * average + 0.1 * value
    with averaged_weights(optimiser, model.trainable_variables):
        assert float(model.weights[0].numpy()[0, 0]) == pytest.approx(average, rel=1e-5)
    assert float(model.weights[0].numpy()[0, 0]) == seen[-1]


def test_unknown_names_are_refused():
    with pytest.raises(ValueError, match=r"optimiser 'sgd'.*rmsprop"):
        build_optimiser(StageSettings(steps=1, optimiser="sgd"))
    with pytest.raises(ValueError, match="schedule 'square'"):
        build_optimiser(StageSettings(steps=1, schedule="square"))
    with pytest.raises(ValueError, match="weight_decay"):
        build_optimiser(StageSettings(steps=1, weight_decay=0.1))
