import numpy as np
import pytest
from label_sets import sets

from s_cnn_rnn.label_metrics import predicted_above, predicted_top, ranked_top, written_sets


def test_top_takes_the_first_of_equal_scores():
    scores = np.array([[0.1, 0.3, 0.3, 0.3], [0.9, 0.1, 0.2, 0.3]])
    np.testing.assert_array_equal(predicted_top(scores, 2), sets({1, 2}, {0, 3}))
    assert predicted_top(scores).sum(axis=1).tolist() == [3, 3]
    assert ranked_top(scores, 3).tolist() == [[1, 2, 3], [0, 3, 2]]


def test_whole_numbers_are_scores_too():
    counts = np.array([[0, 2, 1], [3, 0, 1]], np.uint8)
    np.testing.assert_array_equal(predicted_top(counts, 1), sets({1}, {0}, classes=3))


def test_above_includes_the_threshold_and_takes_one_for_each_class():
    scores = np.array([[0.5, 0.4], [0.2, 0.6]])
    np.testing.assert_array_equal(predicted_above(scores, 0.5), sets({0}, {1}, classes=2))
    per_class = predicted_above(scores, np.array([0.1, 0.5]))
    np.testing.assert_array_equal(per_class, sets({0}, {0, 1}, classes=2))


def test_a_threshold_between_neighbouring_scores_stays_between():
    high = np.float32(0.3)
    low = np.nextafter(high, np.float32(0))
    between = (float(high) + float(low)) / 2
    assert predicted_above(np.array([[low, high]]), between).tolist() == [[False, True]]


def test_lists_are_scored_as_a_set():
    lists = [("b", "a", "b"), (), ("d",)]
    np.testing.assert_array_equal(written_sets(lists, "abcd"), sets({0, 1}, (), {3}))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: predicted_top(np.zeros((2, 3)), 4), "top 4 of 3"),
        (lambda: written_sets([("a",), ("e",)], "abcd"), r"photograph 1: \['e'\] are none"),
    ],
)
def test_what_cannot_be_predicted_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
