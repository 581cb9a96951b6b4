"""Values and gradients of the depthwise convolution, against what TensorFlow derives by itself."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from s_cnn_rnn.encoders import depthwise_gradient
from s_cnn_rnn.encoders.stored_statistics import NormalizedDepthwiseConvolution

SHAPES = [(8, 10, 5, 1), (8, 10, 5, 2), (7, 7, 5, 2), (9, 6, 3, 2), (2, 2, 5, 1)]


def with_gradients(convolve, inputs, kernel, weights):
    with tf.GradientTape() as tape:
        tape.watch([inputs, kernel])
        outputs = convolve(inputs, kernel)
        loss = tf.reduce_sum(outputs * weights)
    return outputs, *tape.gradient(loss, [inputs, kernel])


@pytest.mark.parametrize("jit_compile", [False, True])
@pytest.mark.parametrize(("height", "width", "size", "strides"), SHAPES)
def test_values_and_gradients_are_those_that_tensorflow_derives(
    height, width, size, strides, jit_compile
):
    random = np.random.default_rng(size + strides)
    inputs = tf.constant(random.normal(size=(3, height, width, 4)), tf.float32)
    kernel = tf.constant(random.normal(size=(size, size, 4, 1)), tf.float32)
    steps = [1, strides, strides, 1]
    plain = lambda x, w: tf.nn.depthwise_conv2d(x, w, steps, "SAME")  # noqa: E731
    ours = lambda x, w: depthwise_gradient.depthwise_convolution(x, w, strides)  # noqa: E731
    weights = tf.constant(random.normal(size=plain(inputs, kernel).shape), tf.float32)
    compiled = tf.function(with_gradients, jit_compile=jit_compile)
    for found, expected in zip(
        compiled(ours, inputs, kernel, weights),
        with_gradients(plain, inputs, kernel, weights),
        strict=True,
    ):
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)


def test_a_kernel_gradient_by_hand():
    # [B,H,W,C] = [1,3,3,1]; the loss is the sum, so each tap's gradient is the sum of what it sees.
    inputs = tf.reshape(tf.range(9, dtype=tf.float32), (1, 3, 3, 1))
    kernel = tf.zeros((5, 5, 1, 1))
    convolve = lambda x, w: depthwise_gradient.depthwise_convolution(x, w, 1)  # noqa: E731
    _, _, at_kernel = with_gradients(convolve, inputs, kernel, 1.0)
    padded = np.pad(np.arange(9.0).reshape(3, 3), 2)
    expected = [[padded[i : i + 3, j : j + 3].sum() for j in range(5)] for i in range(5)]
    np.testing.assert_allclose(at_kernel[:, :, 0, 0], expected)


def test_it_is_used_in_training_alone_and_for_large_kernels_alone(monkeypatch):
    used = []
    real = depthwise_gradient.depthwise_convolution
    monkeypatch.setattr(
        depthwise_gradient,
        "depthwise_convolution",
        lambda *arguments: used.append(arguments[1].shape[0]) or real(*arguments),
    )
    photographs = np.random.default_rng(1).normal(size=(2, 8, 8, 3)).astype("float32")
    for size in (3, 5):
        inputs = keras.Input((8, 8, 3))
        model = keras.Model(inputs, NormalizedDepthwiseConvolution(size)(inputs))
        used.clear()
        looked_at = model(photographs, training=False)
        assert not used
        trained = model(photographs, training=True)
        on_gpu = bool(tf.config.list_physical_devices("GPU"))
        assert used == ([5] if size == 5 and not on_gpu else [])
        np.testing.assert_allclose(trained, looked_at, rtol=1e-5, atol=1e-6)
