import numpy as np
import pytest

from s_cnn_rnn.explaining.shown_maps import PALEST, above_average, region, shown_map


def test_a_map_is_shown_against_its_average_place():
    values = np.array([[0.0, 1.0], [2.0, 5.0]])
    np.testing.assert_allclose(above_average(values), [[0, 0], [0, 3]])
    np.testing.assert_allclose(shown_map(values, 3.0), [[0, 0], [0, 1]])


def test_weak_maps_stay_pale_and_even_ones_show_nothing():
    values = np.array([[0.0, 1.0], [2.0, 5.0]])
    assert shown_map(values, 30.0).max() == pytest.approx(3 / (PALEST * 30))
    assert shown_map(np.full((2, 3), 7.0), 0.0).tolist() == [[0, 0, 0], [0, 0, 0]]


@pytest.mark.parametrize(
    ("place", "words"),
    [
        ((0, 0), "at the top, on the left"),
        ((3, 3), "half way down, in the middle"),
        ((6, 6), "at the bottom, on the right"),
    ],
)
def test_the_strongest_place_in_words(place, words):
    values = np.zeros((7, 7))
    values[place] = 1
    assert region(values) == words
