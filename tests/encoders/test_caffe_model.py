"""The reader of `.caffemodel` files against files written by Caffe's own definitions."""

import numpy as np
import pytest
from caffe_files import FORMATS, write_caffemodel

from s_cnn_rnn.encoders.caffe_model import read_caffemodel


@pytest.fixture
def layers():
    random = np.random.default_rng(0)
    shapes = {"conv1": [(4, 3, 5, 5), (4,)], "fc8": [(2, 7), (2,)]}
    return {
        name: [random.normal(size=shape).astype("float32") for shape in of_layer]
        for name, of_layer in shapes.items()
    }


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("doubles", [False, True])
def test_every_version_of_the_format_is_read(layers, format, doubles, tmp_path):
    write_caffemodel(tmp_path / "net.caffemodel", layers, format=format, doubles=doubles)
    read = read_caffemodel(tmp_path / "net.caffemodel")
    assert list(read) == ["conv1", "fc8"]
    for name, blobs in layers.items():
        for found, expected in zip(read[name], blobs, strict=True):
            assert found.dtype == np.float32
            old = (1,) * (4 - expected.ndim) + expected.shape
            assert found.shape == (expected.shape if format == "LayerParameter" else old)
            np.testing.assert_array_equal(found.reshape(expected.shape), expected)


def test_what_is_no_caffemodel_is_told_by_file(layers, tmp_path):
    with pytest.raises(FileNotFoundError, match=r"absent\.caffemodel"):
        read_caffemodel(tmp_path / "absent.caffemodel")
    text = tmp_path / "deploy.caffemodel"
    text.write_text('name: "CaffeNet"\nlayer {\n  name: "data"\n}\n')
    with pytest.raises(ValueError, match=r"deploy\.caffemodel: not a whole .*not a \.prototxt"):
        read_caffemodel(text)
    write_caffemodel(tmp_path / "empty.caffemodel", {})
    with pytest.raises(ValueError, match=r"empty\.caffemodel: .*none of its layers has any"):
        read_caffemodel(tmp_path / "empty.caffemodel")
    whole = tmp_path / "whole.caffemodel"
    write_caffemodel(whole, layers)
    whole.write_bytes(whole.read_bytes()[:-30])
    with pytest.raises(ValueError, match=r"whole\.caffemodel: not a whole \.caffemodel"):
        read_caffemodel(whole)


def test_numbers_that_do_not_fill_their_shape_are_told_by_layer(layers, tmp_path):
    write_caffemodel(tmp_path / "net.caffemodel", layers, claims={"conv1": (4, 3, 5, 6)})
    expected = (
        r"net\.caffemodel: layer 'conv1', blob 0: its shape \(4, 3, 5, 6\) needs 1440 bytes .* 1200"
    )
    with pytest.raises(ValueError, match=expected):
        read_caffemodel(tmp_path / "net.caffemodel")
