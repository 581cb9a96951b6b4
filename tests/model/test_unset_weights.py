import keras
import numpy as np
import pytest

from s_cnn_rnn.model.unset_weights import unset_weights


def built(layer):
    layer.build((None, 3))
    return layer


def test_weights_are_zero_within_and_drawn_after():
    with unset_weights():
        dense = built(keras.layers.Dense(4, bias_initializer="ones"))
        normalization = built(keras.layers.BatchNormalization())
    for weight in dense.weights + normalization.weights:
        np.testing.assert_array_equal(weight, np.zeros(weight.shape))
    again = built(keras.layers.Dense(4, bias_initializer="ones"))
    assert np.all(np.asarray(again.kernel) != 0)
    assert np.all(np.asarray(again.bias) == 1)


def test_weights_are_drawn_again_after_an_error():
    with pytest.raises(ValueError, match="elsewhere"), unset_weights():
        raise ValueError("elsewhere")
    assert np.any(np.asarray(built(keras.layers.Dense(4)).kernel) != 0)
