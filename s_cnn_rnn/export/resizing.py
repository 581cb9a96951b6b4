"""Warping photographs of any size to the encoder's, by operations that every format has.

The same filter as `photographs.decode_and_resize`: bilinear with antialiasing is linear in the
pixels, and rows and columns apart, so that it is two products with matrices.
"""

import tensorflow as tf


def resized(pixels: tf.Tensor, image_size: int) -> tf.Tensor:
    """Warps whole photographs to a square.

    Args:
        pixels: uint8 [B, H, W, 3], any H and W.
        image_size: side of the result, in pixels.

    Returns:
        uint8 [B, image_size, image_size, 3]; a value may differ by 1 from what
        `decode_and_resize` gives, where it lies halfway between two numbers.
    """
    batch, height, width = tf.unstack(tf.shape(pixels)[:3])
    rows = triangle_filter(height, image_size)[tf.newaxis]  # [1, S, H]
    columns = triangle_filter(width, image_size)[tf.newaxis]  # [1, S, W]
    values = tf.reshape(tf.cast(pixels, tf.float32), [batch, height, width * 3])
    values = tf.matmul(rows, values)  # [B, S, W * 3]
    values = tf.reshape(values, [batch * image_size, width, 3])
    values = tf.reshape(tf.matmul(columns, values), [batch, image_size, image_size, 3])
    return tf.cast(tf.clip_by_value(tf.round(values), 0.0, 255.0), tf.uint8)


def triangle_filter(length: tf.Tensor, size: int) -> tf.Tensor:
    """How much each of ``length`` pixels counts for each of ``size``, float32 [size, length].

    A triangle around the place that a pixel comes from, as wide as the reduction (one pixel to
    each side where there is none); its weights sum to 1.
    """
    length = tf.cast(length, tf.float32)
    scale = length / size
    centres = (tf.range(size, dtype=tf.float32) + 0.5) * scale
    distances = tf.abs(centres[:, tf.newaxis] - (tf.range(length)[tf.newaxis] + 0.5))
    weights = tf.nn.relu(1.0 - distances / tf.maximum(scale, 1.0))
    # Multiplied by the reciprocal, as TensorFlow's own resizing does: fewer halves fall elsewhere.
    return weights * (1.0 / tf.reduce_sum(weights, axis=1, keepdims=True))
