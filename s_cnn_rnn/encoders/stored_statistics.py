"""Layers whose batch normalization always uses its stored statistics.

The statistics came with the pretrained weights and never change, also while gamma and beta train.
Calling `keras.layers.BatchNormalization` with ``training=False`` does not promise that: a
functional model that is called with ``training=True`` passes this on to every layer, whatever
they were first called with. The layers here do not ask.
"""

import contextlib
import contextvars
import types
from collections.abc import Iterator, Sequence

import keras
from keras import ops

# layer -> its kernel and shift
_SETTLED = contextvars.ContextVar("settled", default=types.MappingProxyType({}))


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

    def kernel_and_shift(self):
        """The kernel with the normalization multiplied in, and what is added [channels]."""
        if self in _SETTLED.get():
            return _SETTLED.get()[self]
        scale = self.gamma * ops.rsqrt(self.moving_variance + self.epsilon)
        kernel = self.kernel * ops.reshape(scale, self._channels_shape())
        shift = self.beta - self.moving_mean * scale
        return ops.cast(kernel, self.compute_dtype), ops.cast(shift, self.compute_dtype)

    def _side(self, length: int | None) -> int | None:
        """A side of the result, in pixels."""
        return None if length is None else -(-length // self.strides)

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

    def _channels_shape(self):
        return (self.filters,)

    def call(self, inputs):
        """Convolves with "same" padding as TensorFlow defines it."""
        kernel, shift = self.kernel_and_shift()
        # Settled, nothing trains, and TensorFlow joins the three operations that are left to one.
        if self.kernel_size == 1 and self.strides == 1 and self not in _SETTLED.get():
            return self._multiply(inputs, kernel, shift)
        outputs = ops.conv(inputs, kernel, strides=self.strides, padding="same")
        return self._finish(outputs, shift)

    def compute_output_shape(self, input_shape):
        """[B, H', W', filters]. Without it Keras would trace every layer as it builds a model."""
        batch, height, width, _ = input_shape
        return batch, self._side(height), self._side(width), self.filters

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

    def _channels_shape(self):
        return (self.kernel.shape[2], 1)

    def call(self, inputs, training=False):
        """Convolves with "same" padding as TensorFlow defines it."""
        kernel, shift = self.kernel_and_shift()
        return self._finish(self._convolve(inputs, kernel, training), shift)

    def _convolve(self, inputs, kernel, training):
        if training and keras.backend.backend() == "tensorflow":
            from s_cnn_rnn.encoders import depthwise_gradient

            if depthwise_gradient.pays(self.kernel_size, self.compute_dtype):
                return depthwise_gradient.depthwise_convolution(inputs, kernel, self.strides)
        return ops.depthwise_conv(inputs, kernel, strides=self.strides, padding="same")

    def compute_output_shape(self, input_shape):
        """[B, H', W', C]; see `NormalizedConvolution.compute_output_shape`."""
        batch, height, width, channels = input_shape
        return batch, self._side(height), self._side(width), channels


class Settled(keras.Model):
    """A model whose weights no longer change, for photographs that it only looks at.

    The normalization is multiplied into the kernels once, not in every call: for one photograph a
    third of the time, and in compiling the larger part of all operations.

    Args:
        model: with layers of this module, or without. Weights that are set later are not seen.
    """

    def __init__(self, model: keras.Model):
        super().__init__(name="settled")
        self.model = model
        self.kernels = _Kernels(model.layers)

    def call(self, inputs):
        """What the model gives outside training."""
        with self.kernels.in_place():
            return self.model(inputs, training=False)


class _Kernels:
    """Kernels and shifts of the normalized convolutions among some layers."""

    def __init__(self, layers: Sequence[keras.layers.Layer]):
        convolutions = [layer for layer in layers if isinstance(layer, _NormalizedConvolution)]
        self._settled = {layer: layer.kernel_and_shift() for layer in convolutions}

    @contextlib.contextmanager
    def in_place(self) -> Iterator[None]:
        """Has the layers use them."""
        before = _SETTLED.set(self._settled)
        try:
            yield
        finally:
            _SETTLED.reset(before)
