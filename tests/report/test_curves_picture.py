import math
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest
from PIL import Image

from s_cnn_rnn.report.curves_picture import learning_curves_picture, mean_and_range

CURVES = {
    "ours": [(100, 0.3), (200, 0.5), (100, 0.1), (200, 0.7)],
    "nic-f": [(100, 0.1), (200, 0.2)],
}


def test_points_of_several_seeds_are_averaged_where_their_passes_agree():
    passes, mean, low, high = mean_and_range([*CURVES["ours"], (150, 0.4), (300, math.nan)])
    np.testing.assert_array_equal(passes, [100, 150, 200])
    np.testing.assert_allclose(mean, [0.2, 0.4, 0.6])
    np.testing.assert_allclose(low, [0.1, 0.4, 0.5])
    np.testing.assert_allclose(high, [0.3, 0.4, 0.7])


def test_learning_curves_as_png_have_each_system(tmp_path):
    path = learning_curves_picture(tmp_path / "curves.png", CURVES, "Shapes", "CIDEr")
    with Image.open(path) as picture:
        assert picture.width > 1000
        colours = {colour for _, colour in picture.convert("RGB").getcolors(1 << 20)}
    assert {(0x0F, 0x5E, 0x73), (0x96, 0x64, 0x0F)} <= colours


def test_learning_curves_as_svg_are_the_same_bytes_again(tmp_path):
    first, second = (
        learning_curves_picture(tmp_path / name, CURVES, "Costs $1 and $2", "CIDEr").read_bytes()
        for name in ("1.svg", "2.svg")
    )
    assert first == second
    assert ElementTree.fromstring(first).tag.endswith("svg")


@pytest.mark.parametrize("curves", [{}, {"ours": []}, {"ours": [(1, math.nan)]}])
def test_curves_without_values_are_refused(tmp_path, curves):
    with pytest.raises(ValueError, match="expected"):
        learning_curves_picture(tmp_path / "curves.png", curves, "Shapes", "CIDEr")
