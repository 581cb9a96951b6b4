"""A depthwise convolution whose kernel has a gradient of its own, for training on CPUs.

TensorFlow hands convolutions to oneDNN, whose gradient of a depthwise kernel takes 5 to 12 times as
long as the convolution where the kernel is larger than 3 x 3: a quarter of a training step of
EfficientNet-Lite0. TensorFlow's own gradient takes half of that, and it is the one used where the
padding is spelt out instead of named. `tests/encoders/test_depthwise_gradient.py` holds the two
equal.
"""

import tensorflow as tf

ONEDNN_IS_QUICK = 3
"""The largest kernel, in pixels, whose gradient oneDNN finds as quickly as the convolution."""


def depthwise_convolution(inputs, kernel, strides: int):
    """Convolves each channel by itself, with "same" padding as TensorFlow defines it.

    Args:
        inputs: float32 [B,H,W,C], H and W known.
        kernel: float32 [k,k,C,1].
        strides: step of the kernel, in pixels.

    Returns:
        float32 [B, H / strides, W / strides, C], sides rounded up.
    """
    steps = [1, strides, strides, 1]
    explicit = [(0, 0), *(_padding(side, kernel.shape[0], strides) for side in inputs.shape[1:3])]
    explicit = [pixels for pair in (*explicit, (0, 0)) for pixels in pair]

    @tf.custom_gradient
    def convolved(inputs, kernel):
        def gradient(upstream):
            at_inputs = tf.raw_ops.DepthwiseConv2dNativeBackpropInput(
                input_sizes=tf.shape(inputs),
                filter=kernel,
                out_backprop=upstream,
                strides=steps,
                padding="SAME",
            )
            at_kernel = tf.raw_ops.DepthwiseConv2dNativeBackpropFilter(
                input=inputs,
                filter_sizes=kernel.shape,
                out_backprop=upstream,
                strides=steps,
                padding="EXPLICIT",
                explicit_paddings=explicit,
            )
            return at_inputs, at_kernel

        return tf.nn.depthwise_conv2d(inputs, kernel, steps, "SAME"), gradient

    return convolved(inputs, kernel)


def pays(kernel_size: int, dtype: str) -> bool:
    """Whether that is quicker than what TensorFlow derives by itself."""
    on_cpu = not tf.config.list_physical_devices("GPU")
    return on_cpu and dtype == "float32" and kernel_size > ONEDNN_IS_QUICK


def _padding(side: int, kernel_size: int, strides: int) -> tuple[int, int]:
    """Rows (or columns) of zeros before and after, of "same" padding."""
    pixels = max((-(-side // strides) - 1) * strides + kernel_size - side, 0)
    return pixels // 2, pixels - pixels // 2
