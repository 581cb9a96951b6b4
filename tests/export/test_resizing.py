import numpy as np
import pytest
import tensorflow as tf

from s_cnn_rnn.data.photographs import resize
from s_cnn_rnn.export.resizing import resized, triangle_filter


@pytest.mark.parametrize(("height", "width", "size"), [(61, 90, 32), (20, 33, 48), (32, 32, 32)])
def test_as_the_pipeline_resizes(height, width, size):
    pixels = np.random.default_rng(0).integers(0, 256, (2, height, width, 3), np.uint8)
    expected = np.stack([resize(tf.constant(one), size).numpy() for one in pixels])
    found = resized(tf.constant(pixels), size).numpy()
    difference = np.abs(found.astype(int) - expected)
    assert found.dtype == np.uint8
    assert difference.max() <= 1  # halves may be rounded to either side
    assert (difference > 0).mean() < 0.002


def test_the_filter_by_hand():
    # Four pixels to two: each spans two pixels to both sides of 1.0 and 3.0.
    weights = triangle_filter(4, 2).numpy()
    raw = np.array([0.75, 0.75, 0.25])  # at distances 0.5, 0.5, 1.5 of a triangle of half-width 2
    np.testing.assert_allclose(weights[0], [*(raw / raw.sum()), 0], rtol=1e-6)
    np.testing.assert_allclose(weights[1], weights[0, ::-1], rtol=1e-6)
