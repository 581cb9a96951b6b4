"""Turning photographs upright inside a TensorFlow graph: its JPEG decoder passes over EXIF.

A JPEG's header may hold a TIFF directory (EXIF 2.3, section 4.6.4): entries of 12 bytes, each with
its tag, type, count and value, in the byte order that the TIFF header names.
"""

import tensorflow as tf

HEADER = 65536 + 64  # bytes searched; EXIF's segment stands first and has at most 65,533
_MARKER = b"Exif\0\0"
_TAG = 0x0112  # orientation
_ENTRY = 12  # bytes of an entry of the directory


def exif_orientation(jpeg: tf.Tensor) -> tf.Tensor:
    """How a photograph is to be turned, int32 from 1 (it is upright) to 8.

    Args:
        jpeg: string scalar; without EXIF, or with a damaged one, it is taken as upright.
    """
    header = tf.io.decode_raw(tf.strings.substr(jpeg, 0, HEADER), tf.uint8)
    header = tf.cast(tf.pad(header, [[0, len(_MARKER)]]), tf.int32)
    places = tf.shape(header)[0] - len(_MARKER)
    here = [header[n : n + places] == byte for n, byte in enumerate(_MARKER)]
    found = tf.where(tf.reduce_all(tf.stack(here), axis=0))[:, 0]
    return tf.cond(
        tf.size(found) > 0,
        lambda: _orientation_in(header, tf.cast(found[0], tf.int32) + len(_MARKER)),
        lambda: 1,
    )


def _orientation_in(header: tf.Tensor, tiff: tf.Tensor) -> tf.Tensor:
    """The orientation that the directory says; 1 where it says none."""
    little_endian = _byte(header, tiff) == ord("I")

    def number(place):  # of two bytes
        first, second = _byte(header, place), _byte(header, place + 1)
        return tf.where(little_endian, first + 256 * second, 256 * first + second)

    # The directory's place has four bytes; within a JPEG's segment the upper two are zero.
    directory = tiff + tf.where(little_endian, number(tiff + 4), number(tiff + 6))
    entries = directory + 2 + _ENTRY * tf.range(number(directory))
    values = number(entries + 8)
    says = (number(entries) == _TAG) & (values >= 1) & (values <= 8)
    return tf.concat([tf.boolean_mask(values, says), [1]], axis=0)[0]


def _byte(header: tf.Tensor, place: tf.Tensor) -> tf.Tensor:
    """Bytes at given places; what a damaged directory points at outside counts as the last one."""
    return tf.gather(header, tf.clip_by_value(place, 0, tf.size(header) - 1))


def upright(pixels: tf.Tensor, orientation: tf.Tensor) -> tf.Tensor:
    """Turns a photograph upright.

    Args:
        pixels: [H, W, 3].
        orientation: int32 scalar, 1 to 8, as EXIF has it.

    Returns:
        [H, W, 3], or [W, H, 3] where it was turned by a quarter.
    """

    def among(*numbers):
        return tf.reduce_any(orientation == tf.constant(numbers))

    pixels = tf.cond(orientation >= 5, lambda: tf.transpose(pixels, [1, 0, 2]), lambda: pixels)
    pixels = tf.cond(among(2, 3, 6, 7), lambda: tf.reverse(pixels, [1]), lambda: pixels)
    return tf.cond(among(3, 4, 7, 8), lambda: tf.reverse(pixels, [0]), lambda: pixels)
