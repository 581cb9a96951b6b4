import dataclasses

import hypothesis
import hypothesis.extra.numpy as hnp
import hypothesis.strategies as st
import numpy as np
import pytest
import sklearn.metrics

from s_cnn_rnn.metrics import (
    LabelScores,
    average_precision,
    choose_threshold,
    label_scores,
    mean_average_precision,
    predicted_above,
    predicted_top,
    predicted_words,
)


def sets(*rows, classes=4):
    """Label sets given as class numbers."""
    table = np.zeros((len(rows), classes), bool)
    for row, numbers in enumerate(rows):
        table[row, list(numbers)] = True
    return table


def test_label_scores_worked_by_hand():
    # Class 3 is nobody's label; the fifth photograph has none; the fourth prediction is empty;
    # class 2 is never predicted.
    truth = sets({0, 1}, {0}, {1, 2}, {2}, ())
    predicted = sets({0}, {0, 1}, {1, 3}, (), {0})
    scores = label_scores(predicted, truth)
    # Class 0: true 2, predicted 3, right 2. Class 1: 2, 2, 1. Class 2: 2, 0, 0.
    assert scores.c_recall == pytest.approx((1 + 1 / 2 + 0) / 3)
    assert scores.c_precision == pytest.approx((2 / 3 + 1 / 2 + 0) / 3)
    assert scores.c_f1 == pytest.approx(2 * (1 / 2) * (7 / 18) / (1 / 2 + 7 / 18))
    # Photographs 1 to 4: right 1 1 1 0, true 2 1 2 1, predicted 1 2 2 0.
    assert scores.o_recall == pytest.approx((1 / 2 + 1 + 1 / 2 + 0) / 4)
    assert scores.o_precision == pytest.approx((1 + 1 / 2 + 1 / 2 + 0) / 4)
    assert scores.o_f1 == pytest.approx(1 / 2)
    # All pairs: 3 right of 6 true and of 6 predicted.
    assert scores.micro_recall == pytest.approx(3 / 6)
    assert scores.micro_precision == pytest.approx(3 / 6)
    assert scores.micro_f1 == pytest.approx(1 / 2)
    assert scores.absent_classes == 1
    assert scores.unlabelled_photographs == 1
    assert scores.never_predicted == 1
    assert scores.empty_predictions == 1


def test_scores_have_the_names_of_the_tables():
    numbers = [number / 10 for number in range(1, 10)]
    printed = LabelScores(*numbers, 0, 0, 0, 0).as_printed()
    names = ["C-R", "C-P", "C-F1", "O-R", "O-P", "O-F1", "micro-R", "micro-P", "micro-F1"]
    assert printed == dict(zip(names, numbers, strict=True))


def test_nothing_predicted_scores_zero():
    scores = label_scores(sets((), ()), sets({0}, {1}))
    assert set(scores.as_printed().values()) == {0.0}
    assert scores.empty_predictions == 2
    assert scores.never_predicted == 2


def test_perfect_prediction_scores_one():
    truth = sets({0, 2}, {1}, ())
    assert set(label_scores(truth, truth).as_printed().values()) == {1.0}


LABEL_SETS = hnp.arrays(bool, st.tuples(st.just(2), st.integers(1, 8), st.integers(1, 5)))


@hypothesis.settings(deadline=None)
@hypothesis.given(LABEL_SETS)
def test_label_scores_are_those_of_scikit_learn(pair):
    predicted, truth = pair
    hypothesis.assume(truth.any())
    scores = label_scores(predicted, truth)
    occurs, labelled = truth.any(axis=0), truth.any(axis=1)
    for average, prefix, rows, columns in (
        ("macro", "c", slice(None), occurs),
        ("samples", "o", labelled, slice(None)),
        ("micro", "micro", slice(None), slice(None)),
    ):
        # A column of one class is read as binary by scikit-learn; a column of nothing beside it
        # keeps it multi-label and changes neither sums over pairs nor sets.
        true, found = truth[rows][:, columns], predicted[rows][:, columns]
        if average != "macro":
            true, found = (np.pad(part, ((0, 0), (0, 1))) for part in (true, found))
        options = {"average": average, "zero_division": 0}
        if true.shape[1] == 1:
            options["average"] = "binary"
        recall = sklearn.metrics.recall_score(true, found, **options)
        precision = sklearn.metrics.precision_score(true, found, **options)
        assert getattr(scores, f"{prefix}_recall") == pytest.approx(recall)
        assert getattr(scores, f"{prefix}_precision") == pytest.approx(precision)
        f1 = 0 if recall + precision == 0 else 2 * recall * precision / (recall + precision)
        assert getattr(scores, f"{prefix}_f1") == pytest.approx(f1)


@hypothesis.settings(deadline=None)
@hypothesis.given(LABEL_SETS, st.randoms())
def test_label_scores_do_not_depend_on_the_order(pair, random):
    predicted, truth = pair
    hypothesis.assume(truth.any())
    rows, columns = (random.sample(range(n), n) for n in truth.shape)
    moved = label_scores(predicted[rows][:, columns], truth[rows][:, columns])
    for name, value in dataclasses.asdict(label_scores(predicted, truth)).items():
        assert getattr(moved, name) == pytest.approx(value)


def test_average_precision_worked_by_hand():
    scores = np.array([[0.9, 0.5, 1.0], [0.8, 0.5, 2.0], [0.7, 0.5, 3.0], [0.6, 0.1, 4.0]])
    truth = np.array([[1, 1, 0], [0, 0, 0], [1, 0, 0], [0, 1, 0]])
    # Class 0: right at ranks 1 and 3. Class 1: 1 of the 3 that share a rank, then 2 of 4.
    expected = [(1 + 2 / 3) / 2, (1 / 3 + 2 / 4) / 2, np.nan]
    np.testing.assert_allclose(average_precision(scores, truth), expected)
    assert mean_average_precision(scores, truth) == pytest.approx(np.mean(expected[:2]))


@hypothesis.settings(deadline=None)
@hypothesis.given(LABEL_SETS, st.integers(0, 1000), st.booleans())
def test_average_precision_is_that_of_scikit_learn(pair, seed, with_ties):
    truth = pair[0]
    scores = np.random.default_rng(seed).normal(size=truth.shape)
    if with_ties:
        scores = np.round(scores)
    found = average_precision(scores, truth)
    for number in range(truth.shape[1]):
        if truth[:, number].any():
            expected = sklearn.metrics.average_precision_score(truth[:, number], scores[:, number])
            assert found[number] == pytest.approx(expected)
        else:
            assert np.isnan(found[number])


def test_top_takes_the_first_of_equal_scores():
    scores = np.array([[0.1, 0.3, 0.3, 0.3], [0.9, 0.1, 0.2, 0.3]])
    np.testing.assert_array_equal(predicted_top(scores, 2), sets({1, 2}, {0, 3}))
    assert predicted_top(scores).sum(axis=1).tolist() == [3, 3]


def test_whole_numbers_are_scores_too():
    counts = np.array([[0, 2, 1], [3, 0, 1]], np.uint8)
    np.testing.assert_array_equal(predicted_top(counts, 1), sets({1}, {0}, classes=3))
    truth = np.array([[0, 1, 0], [1, 0, 1]])
    np.testing.assert_allclose(average_precision(counts, truth), [1, 1, 1 / 2])


def test_above_includes_the_threshold_and_takes_one_for_each_class():
    scores = np.array([[0.5, 0.4], [0.2, 0.6]])
    np.testing.assert_array_equal(predicted_above(scores, 0.5), sets({0}, {1}, classes=2))
    per_class = predicted_above(scores, np.array([0.1, 0.5]))
    np.testing.assert_array_equal(per_class, sets({0}, {0, 1}, classes=2))


def test_words_are_scored_as_a_set():
    # ids: 0 padding, 1 START, 2 END, then the labels.
    words = [[4, 3, 4, 2, 0], [2, 0, 0, 0, 0], [6, 2, 0, 0, 0]]
    predicted = predicted_words(words, first_word=3, classes=4)
    np.testing.assert_array_equal(predicted, sets({0, 1}, (), {3}))


def test_threshold_is_the_best_one_tried():
    truth = sets({0}, {1}, {0, 1}, classes=2)
    scores = np.array([[0.8, 0.3], [0.25, 0.7], [0.6, 0.62]])
    # From above .3 to .6 every set is right; lower adds wrong labels, higher loses right ones.
    assert choose_threshold(scores, truth) == pytest.approx(0.35)
    assert choose_threshold(scores, truth, thresholds=(0.1, 0.61, 0.9)) == pytest.approx(0.61)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: label_scores(sets({0}), sets(())), "none of the 1 photographs"),
        (lambda: label_scores(sets({0}), sets({0}, {1})), "one shape"),
        (lambda: label_scores(np.array([[0.2, 0.9]]), np.array([[0, 1]])), "only 0 and 1"),
        (lambda: average_precision(np.array([[0.1], [np.nan]]), [[1], [0]]), "row 1"),
        (lambda: mean_average_precision(np.zeros((2, 3)), np.zeros((2, 3))), "none of the 3"),
        (lambda: predicted_top(np.zeros((2, 3)), 4), "top 4 of 3"),
        (lambda: predicted_words([[7]], first_word=3, classes=4), "another vocabulary"),
    ],
)
def test_what_cannot_be_scored_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
