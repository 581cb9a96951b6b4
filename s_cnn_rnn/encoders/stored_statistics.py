"""Layers whose batch normalization always uses its stored statistics.

The statistics came with the pretrained weights and never change, also while gamma and beta train.
Calling `keras.layers.BatchNormalization` with ``training=False`` does not promise that: a
functional model that is called with ``training=True`` passes this on to every layer, whatever
they were first called with. The layers here do not ask.
"""

import keras
from keras import ops


@keras.saving.register_keras_serializable("s_cnn_rnn")
class StoredStatisticsNormalization(keras.layers.BatchNormalization):
    """`keras.layers.BatchNormalization` in inference mode, whoever calls it and however."""

    def call(self, inputs, training=None, mask=None):
        """Normalises [..., channels] by the stored statistics."""
        return super().call(inputs, training=False, mask=mask)


class _NormalizedConvolution(keras.layers.Layer):
    """A convolution, normalization by stored statistics and, if wanted, ReLU6, in one layer.

    With fixed statistics the normalization is linear, so it is multiplied into the kernel, which
    is much smaller than the picture: y = conv(x, kernel * a) + beta - mean * a with
    a = gamma / sqrt(variance + epsilon). Values and gradients are the same, in less time.
    """

    def __init__(self, kernel_size, strides=1, relu6=True, epsilon=1e-3, **kwargs):
        super().__init__(**kwargs)
        self.kernel_size = kernel_size
        self.strides = strides
        self.relu6 = relu6
        self.epsilon = epsilon

    def _add_variables(self, kernel_shape: tuple[int, ...], channels: int) -> None:
        self.kernel = self._add_variable("kernel", kernel_shape, _kernel_initializer())
        self.gamma = self._add_variable("gamma", (channels,), "ones")
        self.beta = self._add_variable("beta", (channels,), "zeros")
        self.moving_mean = self._add_variable("moving_mean", (channels,), "zeros", trainable=False)
        self.moving_variance = self._add_variable(
            "moving_variance", (channels,), "ones", trainable=False
        )

    def _add_variable(self, name, shape, initializer, trainable=True):
        # No automatic cast: under mixed precision the product below is still made in float32.
        return self.add_weight(
            name=name, shape=shape, initializer=initializer, trainable=trainable, autocast=False
        )

    def _kernel_and_shift(self, channels_shape: tuple[int, ...]):
        scale = self.gamma * ops.rsqrt(self.moving_variance + self.epsilon)
        kernel = self.kernel * ops.reshape(scale, channels_shape)
        shift = self.beta - self.moving_mean * scale
        return ops.cast(kernel, self.compute_dtype), ops.cast(shift, self.compute_dtype)

    def _finish(self, outputs, shift):
        outputs = ops.add(outputs, shift)
        return ops.relu6(outputs) if self.relu6 else outputs

    def get_config(self):
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "kernel_size": self.kernel_size,
            "strides": self.strides,
            "relu6": self.relu6,
            "epsilon": self.epsilon,
        }


def _kernel_initializer():
    return keras.initializers.VarianceScaling(
        2.0, mode="fan_out", distribution="untruncated_normal"
    )


@keras.saving.register_keras_serializable("s_cnn_rnn")
class NormalizedConvolution(_NormalizedConvolution):
    """Convolution [B,H,W,C] -> [B,H',W',filters], normalized by stored statistics.

    Args:
        filters: number of output channels.
        kernel_size: side of the kernel, in pixels.
        strides: step of the kernel, in pixels.
        relu6: whether min(max(y, 0), 6) follows.
        epsilon: added to the variance.
    """

    def __init__(self, filters, kernel_size, strides=1, relu6=True, epsilon=1e-3, **kwargs):
        super().__init__(kernel_size, strides, relu6, epsilon, **kwargs)
        self.filters = filters

    def build(self, input_shape):
        """Makes the kernel [k,k,C,filters], gamma, beta and the statistics [filters]."""
        kernel_shape = (self.kernel_size, self.kernel_size, input_shape[-1], self.filters)
        self._add_variables(kernel_shape, self.filters)

    def call(self, inputs):
        """Convolves with "same" padding as TensorFlow defines it."""
        kernel, shift = self._kernel_and_shift((self.filters,))
        if self.kernel_size == 1 and self.strides == 1:
            return self._multiply(inputs, kernel, shift)
        outputs = ops.conv(inputs, kernel, strides=self.strides, padding="same")
        return self._finish(outputs, shift)

    def _multiply(self, inputs, kernel, shift):
        # The same sum as the convolution's; its gradients take about 2/3 of the time on a CPU.
        height, width, channels = inputs.shape[1:]
        pixels = ops.reshape(inputs, (-1, channels))
        outputs = self._finish(ops.matmul(pixels, kernel[0, 0]), shift)
        return ops.reshape(outputs, (-1, height, width, self.filters))

    def get_config(self):
        """The constructor's arguments."""
        return {**super().get_config(), "filters": self.filters}


@keras.saving.register_keras_serializable("s_cnn_rnn")
class NormalizedDepthwiseConvolution(_NormalizedConvolution):
    """Convolution of each channel by itself, normalized by stored statistics.

    Args:
        kernel_size: side of the kernel, in pixels.
        strides: step of the kernel, in pixels.
        relu6: whether min(max(y, 0), 6) follows.
        epsilon: added to the variance.
    """

    def build(self, input_shape):
        """Makes the kernel [k,k,C,1], gamma, beta and the statistics [C]."""
        channels = input_shape[-1]
        self._add_variables((self.kernel_size, self.kernel_size, channels, 1), channels)

    def call(self, inputs):
        """Convolves with "same" padding as TensorFlow defines it."""
        kernel, shift = self._kernel_and_shift((inputs.shape[-1], 1))
        outputs = ops.depthwise_conv(inputs, kernel, strides=self.strides, padding="same")
        return self._finish(outputs, shift)
