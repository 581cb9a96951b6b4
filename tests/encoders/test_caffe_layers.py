"""Caffe's layers against NumPy."""

import keras
import numpy as np
import pytest

from s_cnn_rnn.encoders.caffe_layers import (
    CaffePixels,
    CeilMaxPooling,
    GroupedConvolution,
    LocalResponseNormalization,
)


def normal(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def test_pixels_are_those_of_keras_applications_in_caffe_mode():
    images = np.random.default_rng(0).integers(0, 256, (2, 5, 7, 3), dtype=np.uint8)
    expected = keras.applications.vgg16.preprocess_input(images.astype("float32"))
    np.testing.assert_allclose(CaffePixels()(images), expected, atol=1e-4)
    other = CaffePixels((104.0, 117.0, 123.0))(images)
    np.testing.assert_array_equal(other[0, 0, 0], images[0, 0, 0, ::-1] - [104.0, 117.0, 123.0])


@pytest.mark.parametrize("groups", [1, 2, 4])
def test_each_group_of_outputs_sees_its_group_of_inputs(groups):
    inputs = normal(2, 6, 5, 8)
    layer = GroupedConvolution(12, 3, groups=groups)
    layer.build(inputs.shape)
    layer.bias.assign(normal(12, seed=1))
    kernel, bias = (np.asarray(w) for w in layer.weights)
    assert kernel.shape == (3, 3, 8 // groups, 12)
    padded = np.pad(inputs, [(0, 0), (1, 1), (1, 1), (0, 0)])
    expected = np.empty((2, 6, 5, 12))
    for output in range(12):
        group = output // (12 // groups)
        seen = padded[..., group * (8 // groups) : (group + 1) * (8 // groups)]
        for y in range(6):
            for x in range(5):
                window = seen[:, y : y + 3, x : x + 3]  # [B, 3, 3, C / groups]
                expected[:, y, x, output] = np.tensordot(window, kernel[..., output], 3)
    np.testing.assert_allclose(layer(inputs), np.maximum(expected + bias, 0), atol=1e-5)


def test_groups_are_those_of_keras_with_gradients():
    inputs = normal(2, 6, 5, 8)
    ours = GroupedConvolution(12, 3, groups=2)
    theirs = keras.layers.Conv2D(12, 3, padding="same", groups=2, activation="relu")
    changes = []
    for layer in (ours, theirs):
        model = keras.Sequential([layer])
        model.build(inputs.shape)
        layer.set_weights([normal(3, 3, 4, 12, seed=1), normal(12, seed=2)])
        model.compile(keras.optimizers.SGD(0.1), "mse")
        model.train_on_batch(inputs, normal(2, 6, 5, 12, seed=3))
        changes.append(layer.get_weights())
    for first, second in zip(*changes, strict=True):
        np.testing.assert_allclose(first, second, atol=1e-5)


def test_normalization_divides_by_the_channels_around():
    inputs = 100 * normal(2, 3, 4, 7)
    settings = {"size": 5, "alpha": 1e-4, "beta": 0.75, "k": 1.0}
    expected = np.empty_like(inputs)
    for channel in range(7):
        near = inputs[..., max(channel - 2, 0) : channel + 3]
        scale = 1.0 + 1e-4 / 5 * (near.astype("float64") ** 2).sum(axis=-1)
        expected[..., channel] = inputs[..., channel] * scale**-0.75
    found = LocalResponseNormalization(**settings)(inputs)
    np.testing.assert_allclose(found, expected, rtol=1e-5)
    assert np.abs(found / inputs).max() < 0.95  # at this size the division does something


@pytest.mark.parametrize("size", [(5, 5), (6, 6), (8, 7), (2, 3)])
def test_the_last_window_may_hang_over_the_edge(size):
    inputs = normal(2, *size, 3) - 5  # below zero: an edge of zeros would show
    steps = [int(np.ceil((side - 3) / 2)) + 1 for side in size]
    expected = np.empty((2, *steps, 3))
    for y in range(steps[0]):
        for x in range(steps[1]):
            window = inputs[:, 2 * y : 2 * y + 3, 2 * x : 2 * x + 3]
            expected[:, y, x] = window.max(axis=(1, 2))
    layer = CeilMaxPooling()
    np.testing.assert_array_equal(layer(inputs), expected.astype("float32"))
    assert layer.compute_output_shape(inputs.shape) == expected.shape


@pytest.mark.parametrize(
    "layer",
    [
        CaffePixels((1.0, 2.0, 3.0)),
        GroupedConvolution(6, 3, groups=3),
        LocalResponseNormalization(3, 0.5, 0.6, 2.0),
        CeilMaxPooling(),
    ],
    ids=lambda layer: type(layer).__name__,
)
def test_layers_are_rebuilt_from_their_settings(layer):
    inputs = normal(1, 6, 6, 3)
    again = type(layer).from_config(layer.get_config())
    expected = np.asarray(layer(inputs))
    again.build(inputs.shape)
    again.set_weights(layer.get_weights())
    np.testing.assert_array_equal(again(inputs), expected)
