"""Layers as Caffe defines them, for the CNNs that were trained with it."""

import keras
import numpy as np
from keras import ops

VGG_MEAN = (103.939, 116.779, 123.68)


@keras.saving.register_keras_serializable("s_cnn_rnn")
class CaffePixels(keras.layers.Layer):
    """RGB pixels [B,H,W,3], 0 to 255 -> BGR less the mean of ImageNet, as Caffe's models want.

    Args:
        mean: of blue, green and red.
    """

    def __init__(self, mean: tuple[float, float, float] = VGG_MEAN, **kwargs):
        super().__init__(**kwargs)
        self.mean = tuple(mean)

    def call(self, inputs):
        """Swaps the channels and subtracts each one's mean."""
        bgr = ops.flip(ops.cast(inputs, self.compute_dtype), axis=-1)
        return bgr - ops.convert_to_tensor(self.mean, dtype=self.compute_dtype)

    def get_config(self):
        """The constructor's arguments."""
        return {**super().get_config(), "mean": self.mean}


@keras.saving.register_keras_serializable("s_cnn_rnn")
class GroupedConvolution(keras.layers.Layer):
    """Convolution whose groups of output channels each see a group of the inputs; ReLU follows.

    `keras.layers.Conv2D` has groups, too, but on CPUs TensorFlow takes five times longer for them
    than for the same convolutions one by one. Padding is "same", the stride is 1.

    Args:
        filters: output channels of all groups together.
        kernel_size: side of the kernel, in pixels.
        groups: into which inputs [B,H,W,C] and outputs [B,H,W,filters] are cut, in their order.
    """

    def __init__(self, filters: int, kernel_size: int, groups: int = 2, **kwargs):
        super().__init__(**kwargs)
        self.filters = filters
        self.kernel_size = kernel_size
        self.groups = groups

    def build(self, input_shape):
        """Makes the kernel [k,k,C / groups,filters] and the bias [filters]."""
        inputs = input_shape[-1] // self.groups
        self.kernel = self.add_weight(
            name="kernel",
            shape=(self.kernel_size, self.kernel_size, inputs, self.filters),
            initializer="glorot_uniform",
        )
        self.bias = self.add_weight(name="bias", shape=(self.filters,), initializer="zeros")

    def call(self, inputs):
        """Convolves group by group."""
        parts = ops.split(inputs, self.groups, axis=-1)
        kernels = ops.split(self.kernel, self.groups, axis=-1)
        outputs = [
            ops.conv(part, kernel, padding="same")
            for part, kernel in zip(parts, kernels, strict=True)
        ]
        return ops.relu(ops.concatenate(outputs, axis=-1) + self.bias)

    def compute_output_shape(self, input_shape):
        """[B,H,W,filters]."""
        return (*input_shape[:-1], self.filters)

    def get_config(self):
        """The constructor's arguments."""
        own = {name: getattr(self, name) for name in ("filters", "kernel_size", "groups")}
        return {**super().get_config(), **own}


@keras.saving.register_keras_serializable("s_cnn_rnn")
class LocalResponseNormalization(keras.layers.Layer):
    """Divides each value by the size of those of the channels around it (Krizhevsky et al. 2012).

    y_c = x_c / (k + alpha / n * sum of x_i^2 over the n channels around c)^beta; beyond the first
    and the last channel there are zeros. Caffe divides alpha by n, others do not.

    Args:
        size: n, odd.
        alpha: see above.
        beta: see above.
        k: see above.
    """

    def __init__(
        self, size: int = 5, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0, **kwargs
    ):
        super().__init__(**kwargs)
        self.size, self.alpha, self.beta, self.k = size, alpha, beta, k

    def call(self, inputs):
        """Normalises [B,H,W,C]."""
        # A product with a band of ones sums over the window: quicker than shifting and adding.
        channels = np.arange(inputs.shape[-1])
        near = np.abs(channels[:, None] - channels) <= self.size // 2
        window = ops.convert_to_tensor(near.astype("float32"), dtype=self.compute_dtype)
        sums = ops.matmul(ops.square(inputs), window)
        return inputs * ops.power(self.k + self.alpha / self.size * sums, -self.beta)

    def compute_output_shape(self, input_shape):
        """As the input's."""
        return input_shape

    def get_config(self):
        """The constructor's arguments."""
        own = {name: getattr(self, name) for name in ("size", "alpha", "beta", "k")}
        return {**super().get_config(), **own}


@keras.saving.register_keras_serializable("s_cnn_rnn")
class CeilMaxPooling(keras.layers.Layer):
    """Maxima of windows of 3 x 3 in steps of 2; the last window may hang over the edge.

    Caffe rounds the number of windows up where Keras rounds it down: ceil((size - 3) / 2) + 1.
    """

    def call(self, inputs):
        """[B,H,W,C] -> [B,H',W',C]."""
        # The edge is filled with less than any value, so that a window's maximum is of its inside.
        rest = [(0, (size - 3) % 2) for size in inputs.shape[1:3]]
        padded = ops.pad(inputs, [(0, 0), *rest, (0, 0)], constant_values=-np.inf)
        return ops.max_pool(padded, 3, strides=2, padding="valid")

    def compute_output_shape(self, input_shape):
        """[B,H',W',C]."""
        sides = (-(-(size - 3) // 2) + 1 for size in input_shape[1:3])
        return (input_shape[0], *sides, input_shape[3])
