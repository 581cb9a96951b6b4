"""Picture files -> pixels inside a TensorFlow graph: JPEG and PNG, as the run itself reads them."""

import tensorflow as tf

from s_cnn_rnn.export.orientation import exif_orientation, upright

_PNG = b"\x89PNG\r\n\x1a\n"


def decoded(content: tf.Tensor) -> tf.Tensor:
    """The pixels of one picture file, upright.

    Grey, palette and CMYK become RGB, 16 bits 8, and what is transparent is laid over white, as in
    `photographs.read_photograph`. Of other kinds of files TensorFlow raises an
    InvalidArgumentError. A JPEG of more than `photographs.DRAFT_PIXELS` is decoded whole, where
    `read_photograph` takes a fraction of it.

    Args:
        content: of a JPEG or PNG file, string scalar.

    Returns:
        uint8 [H, W, 3].
    """
    is_png = tf.strings.substr(content, 0, len(_PNG)) == _PNG
    return tf.cond(is_png, lambda: _png(content), lambda: _jpeg(content))


def _jpeg(content: tf.Tensor) -> tf.Tensor:
    pixels = tf.io.decode_jpeg(content, channels=3, dct_method="INTEGER_ACCURATE")
    return upright(pixels, exif_orientation(content))


def _png(content: tf.Tensor) -> tf.Tensor:
    """Each value is rounded to the nearest, as Pillow does."""
    pixels = tf.cast(tf.io.decode_png(content, channels=4), tf.int32)
    colours, alpha = pixels[..., :3], pixels[..., 3:]
    over_white = (colours * alpha + 255 * (255 - alpha) + 127) // 255
    return tf.cast(over_white, tf.uint8)
