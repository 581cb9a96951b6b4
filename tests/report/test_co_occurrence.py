import numpy as np
import pytest

from s_cnn_rnn.report import CoOccurrence
from s_cnn_rnn.report.co_occurrence import co_occurrence_chart, surprising_pairs

LABELS = ("sky", "sea", "dog", "unicorn")
# sky and sea together in 3 photographs, sky alone in 1, dog alone in 2; nobody has a unicorn.
TRUTH = np.array([[1, 1, 0, 0]] * 3 + [[1, 0, 0, 0]] + [[0, 0, 1, 0]] * 2, bool)
# sky and sea together in 1, sky and dog in 2.
PREDICTED = np.array([[1, 1, 0, 0], [1, 0, 1, 0], [1, 0, 1, 0]] + [[0, 0, 1, 0]] * 3, bool)


@pytest.fixture(scope="module")
def counted():
    return CoOccurrence.of_sets(LABELS, PREDICTED, TRUTH)


def test_pairs_are_counted(counted):
    np.testing.assert_array_equal(
        counted.true, [[4, 3, 0, 0], [3, 3, 0, 0], [0, 0, 2, 0], [0, 0, 0, 0]]
    )
    np.testing.assert_array_equal(counted.predicted[:3, :3], [[3, 1, 2], [1, 1, 0], [2, 0, 5]])


def test_true_pairs_stand_above_the_diagonal_and_predicted_below(counted):
    chart = co_occurrence_chart(counted)
    assert list(chart.names) == ["sky", "sea", "dog"]  # the most frequent first, absent ones out
    cells = {(cell.row, cell.column): cell for cell in chart.cells}
    assert set(cells) == {(0, 1), (1, 0), (2, 0)}
    # Jaccard: true sky and sea 3 of 4; predicted sky and sea 1 of 3, sky and dog 2 of 6.
    assert chart.strongest == pytest.approx(3 / 4)
    assert cells[0, 1].strength == 1
    assert cells[1, 0].strength == pytest.approx((1 / 3) / (3 / 4))
    assert cells[2, 0].strength == pytest.approx((2 / 6) / (3 / 4))
    assert cells[2, 0].description == "dog and sky: true 0, predicted 2"
    assert "sky and sea: true 3, predicted 1" in chart.description


def test_the_same_labels_make_a_mirror_image():
    chart = co_occurrence_chart(CoOccurrence.of_sets(LABELS, TRUTH, TRUTH))
    strengths = {(cell.row, cell.column): cell.strength for cell in chart.cells}
    assert strengths == {(column, row): s for (row, column), s in strengths.items()}


def test_surprising_pairs_are_those_that_differ_most(counted):
    often, rarely = surprising_pairs(counted)
    assert often == [("sky", "dog", 0, 2)]
    assert rarely == [("sky", "sea", 3, 1)]
    assert surprising_pairs(CoOccurrence.of_sets(LABELS, TRUTH, TRUTH)) == ([], [])


def test_a_picture_of_less_than_two_labels_is_none():
    alone = np.array([[1, 0, 0, 0]], bool)
    assert co_occurrence_chart(CoOccurrence.of_sets(LABELS, PREDICTED[:1], alone)) is None


def test_many_labels_make_a_wide_picture_of_legible_names():
    random = np.random.default_rng(0)
    names = [f"label number {n} with a name too long to stand" for n in range(81)]
    sets = random.random((400, 81)) < 0.3
    chart = co_occurrence_chart(CoOccurrence.of_sets(names, sets, sets))
    assert chart.is_wide
    assert chart.cell >= 12
    assert max(map(len, chart.names)) <= 18


def test_labels_that_never_stand_together_make_an_empty_square():
    apart = np.eye(3, dtype=bool)
    chart = co_occurrence_chart(CoOccurrence.of_sets(LABELS[:3], apart, apart))
    assert list(chart.cells) == []
