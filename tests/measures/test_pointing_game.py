import numpy as np
import pytest

from s_cnn_rnn.explaining.explanation import Explanation, WordReasons
from s_cnn_rnn.measures.pointing_game import Box, covered, pointing_scores, strongest_place

CORNER = Box(0.0, 0.0, 0.5, 0.5)


def explanation(**maps):
    words = [WordReasons(word, -1.0, None, (), np.array(values)) for word, values in maps.items()]
    return Explanation(None, tuple(words), {})


def test_the_strongest_place_is_the_middle_of_a_cell():
    values = np.zeros((2, 4))
    values[1, 3] = 1
    assert strongest_place(values) == (7 / 8, 3 / 4)
    assert strongest_place(-np.eye(2)) == (3 / 4, 1 / 4)  # the least negative, the first of two


def test_covered_is_the_union():
    assert covered([CORNER]) == 0.25
    assert covered([CORNER, CORNER, Box(0.5, 0.0, 1.0, 0.5)]) == 0.5


def test_hits_by_hand():
    upper_left = [[1.0, 0.0], [0.0, 0.0]]
    lower_right = [[0.0, 0.0], [0.0, 1.0]]
    explanations = [
        explanation(a=upper_left, dog=upper_left, cat=lower_right),
        explanation(dog=lower_right),
        explanation(sky=upper_left),
    ]
    right_half = Box(0.5, 0.0, 1.0, 1.0)
    boxes = [
        {"dog": [CORNER], "cat": [CORNER]},  # hit, missed; the centre is on the corner's edge
        {"dog": [Box(0.6, 0.6, 0.9, 0.9), right_half]},  # hit
        {"dog": [CORNER]},  # not written
    ]
    scores = pointing_scores(explanations, boxes, [1, 2, 3])
    assert scores.values == {
        "pointing, map": pytest.approx(2 / 3),
        "pointing, centre": pytest.approx(1.0),
        "pointing, random": pytest.approx((0.25 + 0.25 + 0.5) / 3),
    }
    with pytest.raises(ValueError, match="no word that was written"):
        pointing_scores(explanations[2:], boxes[2:], [3])
