"""Convolutions with normalization multiplied in, against Keras's separate layers."""

import keras
import numpy as np
import pytest

from s_cnn_rnn.encoders.stored_statistics import (
    NormalizedConvolution,
    NormalizedDepthwiseConvolution,
    Settled,
    StoredStatisticsNormalization,
)

CHANNELS, FILTERS = 4, 6
LAYERS = {
    "1 x 1": (
        lambda relu6: NormalizedConvolution(FILTERS, 1, relu6=relu6),
        lambda: keras.layers.Conv2D(FILTERS, 1, use_bias=False),
    ),
    "3 x 3, stride 2": (
        lambda relu6: NormalizedConvolution(FILTERS, 3, strides=2, relu6=relu6),
        lambda: keras.layers.Conv2D(FILTERS, 3, strides=2, padding="same", use_bias=False),
    ),
    "depthwise 5 x 5, stride 2": (
        lambda relu6: NormalizedDepthwiseConvolution(5, strides=2, relu6=relu6),
        lambda: keras.layers.DepthwiseConv2D(5, strides=2, padding="same", use_bias=False),
    ),
    "depthwise 3 x 3": (
        lambda relu6: NormalizedDepthwiseConvolution(3, relu6=relu6),
        lambda: keras.layers.DepthwiseConv2D(3, padding="same", use_bias=False),
    ),
}


def both(name, relu6, random):
    """The layer and its parts as two models with the same random weights."""
    make_ours, make_convolution = LAYERS[name]
    inputs = keras.Input((8, 10, CHANNELS))
    ours = keras.Model(inputs, make_ours(relu6)(inputs))
    x = make_convolution()(inputs)
    x = StoredStatisticsNormalization(epsilon=1e-3)(x)
    theirs = keras.Model(inputs, keras.layers.ReLU(6)(x) if relu6 else x)
    kernel, *normalization = [random.normal(size=w.shape) for w in ours.get_weights()]
    normalization[3] = np.exp(normalization[3])  # a variance
    for model in (ours, theirs):
        model.set_weights([kernel, *normalization])
        model.compile(keras.optimizers.SGD(0.01), "mse")
    return ours, theirs


@pytest.mark.parametrize("relu6", [True, False])
@pytest.mark.parametrize("name", LAYERS)
def test_values_and_gradients_are_those_of_the_separate_layers(name, relu6):
    random = np.random.default_rng(5)
    ours, theirs = both(name, relu6, random)
    inputs = random.normal(size=(3, 8, 10, CHANNELS)).astype("float32")
    expected = theirs.predict(inputs, verbose=0)
    np.testing.assert_allclose(ours.predict(inputs, verbose=0), expected, rtol=1e-4, atol=1e-4)
    before = ours.get_weights()
    target = random.normal(size=expected.shape).astype("float32")
    for model in (ours, theirs):
        model.train_on_batch(inputs, target)
    names = [variable.name for variable in ours.weights]
    changes = zip(names, before, ours.get_weights(), theirs.get_weights(), strict=True)
    for variable, start, ours_after, theirs_after in changes:
        np.testing.assert_allclose(ours_after, theirs_after, rtol=1e-4, atol=1e-5)
        assert np.array_equal(start, ours_after) == variable.startswith("moving_")


@pytest.mark.parametrize("name", LAYERS)
def test_settled_a_model_gives_the_same_and_sees_no_later_weights(name):
    random = np.random.default_rng(3)
    ours, _ = both(name, True, random)
    inputs = random.normal(size=(3, 8, 10, CHANNELS)).astype("float32")
    expected = ours.predict_on_batch(inputs)
    settled = Settled(ours)
    ours.set_weights([2 * weight for weight in ours.get_weights()])
    np.testing.assert_allclose(settled.predict_on_batch(inputs), expected, rtol=1e-5, atol=1e-5)
    assert not np.allclose(ours(inputs), expected)  # outside it the layers are as they were


def test_a_model_in_training_still_uses_the_stored_statistics():
    inputs = keras.Input((4, 4, CHANNELS))
    ours = keras.Model(inputs, StoredStatisticsNormalization()(inputs))
    ordinary = keras.Model(inputs, keras.layers.BatchNormalization()(inputs, training=False))
    values = np.random.default_rng(0).normal(3, 2, (5, 4, 4, CHANNELS)).astype("float32")
    used, trained = (np.asarray(ours(values, training=flag)) for flag in (False, True))
    np.testing.assert_array_equal(used, trained)
    # Why the layer exists; when this fails, Keras has changed and the layer can go.
    assert not np.allclose(ordinary(values, training=False), ordinary(values, training=True))


@pytest.mark.parametrize("name", LAYERS)
def test_layers_survive_saving(name, tmp_path):
    random = np.random.default_rng(1)
    ours, _ = both(name, True, random)
    ours.save(tmp_path / "layer.keras")
    again = keras.models.load_model(tmp_path / "layer.keras")
    inputs = random.normal(size=(2, 8, 10, CHANNELS)).astype("float32")
    np.testing.assert_array_equal(again.predict(inputs, verbose=0), ours.predict(inputs, verbose=0))


@pytest.mark.parametrize("name", LAYERS)
def test_mixed_precision_multiplies_in_float32(name):
    random = np.random.default_rng(2)
    ours, _ = both(name, False, random)
    inputs = random.normal(size=(2, 8, 10, CHANNELS)).astype("float32")
    config = {**ours.layers[1].get_config(), "dtype": "mixed_bfloat16"}
    layer = type(ours.layers[1]).from_config(config)
    layer.build(inputs.shape)
    layer.set_weights(ours.get_weights())
    mixed = layer(inputs)
    assert keras.backend.standardize_dtype(mixed.dtype) == "bfloat16"
    assert {variable.dtype for variable in layer.weights} == {"float32"}
    exact = ours.predict(inputs, verbose=0)
    mixed = np.asarray(keras.ops.cast(mixed, "float32"))
    # bfloat16 keeps 8 bits; a few roundings of inputs, kernel and sum
    assert np.abs(mixed - exact).max() < 0.03 * np.abs(exact).max()
