import numpy as np
import pytest
import tensorflow as tf
from fabricated_photographs import USABLE, encoded, jpeg, pixels
from PIL import Image

from s_cnn_rnn.data.photographs import read_photograph, resize
from s_cnn_rnn.export.picture_decoding import decoded

DECODED = [name for name in USABLE if name.endswith((".jpg", ".png")) and name != "large.jpg"]


def see_through() -> Image.Image:
    """A picture that is less and less transparent from left to right."""
    picture = Image.fromarray(pixels(6, 256, 40))
    picture.putalpha(Image.fromarray(np.tile(np.arange(256, dtype=np.uint8), (40, 1))))
    return picture


@pytest.mark.parametrize("name", DECODED)
def test_pixels_are_those_that_the_run_reads(name):
    content = USABLE[name]()
    found = decoded(tf.constant(content)).numpy()
    np.testing.assert_array_equal(found, read_photograph(content))


@pytest.mark.parametrize(
    "picture",
    [see_through(), see_through().convert("LA"), see_through().quantize(64)],
    ids=["RGBA", "grey with alpha", "palette with alpha"],
)
def test_what_is_transparent_is_laid_over_white(picture):
    content = encoded(picture, "PNG")
    found = decoded(tf.constant(content)).numpy()
    np.testing.assert_array_equal(found, read_photograph(content))
    assert found[:, 0].min() > 235  # by hand: almost nothing of the colours is left
    opaque = np.asarray(picture.convert("RGB"))[:, -1].astype(int)
    np.testing.assert_allclose(found[:, -1], opaque, atol=30)  # a palette is coarse


def test_a_large_jpeg_is_read_whole_where_the_run_takes_a_fraction():
    """Resized, no value is further off than 1 (docs/export.md)."""
    content = jpeg(7, width=4100, height=4000)
    whole = decoded(tf.constant(content))
    assert whole.shape == (4000, 4100, 3)
    found = resize(whole, 64).numpy().astype(int)
    assert np.abs(found - read_photograph(content, image_size=64)).max() <= 1


def test_other_kinds_of_files_are_refused():
    for content in (b"no picture", USABLE["animation.gif"]()[:6]):
        with pytest.raises(tf.errors.InvalidArgumentError):
            decoded(tf.constant(content))
