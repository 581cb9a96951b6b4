import io

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from s_cnn_rnn.data.photographs import read_photograph
from s_cnn_rnn.export.orientation import exif_orientation, upright


def _jpeg(orientation: int | None, little_endian: bool = False) -> bytes:
    """A JPEG with coarse blocks of its own on every side."""
    colours = np.random.default_rng(1).integers(0, 256, (2, 3, 3), np.uint8)
    picture = Image.fromarray(colours.repeat(16, axis=0).repeat(16, axis=1))
    content, exif = io.BytesIO(), Image.Exif()
    exif.endian = "<" if little_endian else ">"
    exif[0x010F] = "maker"  # an entry before that of the orientation
    if orientation is not None:
        exif[0x0112] = orientation
    picture.save(content, "JPEG", quality=95, exif=exif.tobytes())
    return content.getvalue()


@pytest.mark.parametrize("little_endian", [False, True])
def test_every_orientation_is_turned_as_pillow_does(little_endian):
    for orientation in range(1, 9):
        jpeg = _jpeg(orientation, little_endian)
        assert (b"II*" in jpeg[:64]) == little_endian
        found = exif_orientation(tf.constant(jpeg))
        assert int(found) == orientation
        pixels = tf.io.decode_jpeg(jpeg, channels=3, dct_method="INTEGER_ACCURATE")
        turned = upright(pixels, found).numpy()
        np.testing.assert_array_equal(turned, read_photograph(jpeg))


def test_what_says_nothing_is_upright():
    plain = io.BytesIO()
    Image.new("RGB", (8, 8)).save(plain, "JPEG")
    for jpeg in (plain.getvalue(), _jpeg(None), _jpeg(0), _jpeg(9), b"", b"Exif\0\0"):
        assert int(exif_orientation(tf.constant(jpeg))) == 1


def test_a_damaged_directory_is_passed_over():
    jpeg = _jpeg(6)
    start = jpeg.index(b"Exif\0\0") + 6
    far = jpeg[: start + 4] + b"\0\0\xff\xff" + jpeg[start + 8 :]  # the directory's place
    assert int(exif_orientation(tf.constant(far))) == 1
    assert int(exif_orientation(tf.constant(jpeg[: start + 9]))) == 1  # cut off
