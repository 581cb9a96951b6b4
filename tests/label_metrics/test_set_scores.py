import hypothesis
import hypothesis.strategies as st
import numpy as np
import pytest
import sklearn.metrics
from label_sets import LABEL_SETS, sets

from s_cnn_rnn.bootstrap import bootstrap, bootstrap_difference
from s_cnn_rnn.label_metrics import SCORES, label_scores

# Class 3 is nobody's label; the fifth photograph has none; the fourth prediction is empty; class 2
# is never predicted.
TRUTH = sets({0, 1}, {0}, {1, 2}, {2}, ())
PREDICTED = sets({0}, {0, 1}, {1, 3}, (), {0})


def test_label_scores_worked_by_hand():
    values = label_scores(PREDICTED, TRUTH).values
    # Class 0: true 2, predicted 3, right 2. Class 1: 2, 2, 1. Class 2: 2, 0, 0.
    assert values["C-R"] == pytest.approx((1 + 1 / 2 + 0) / 3)
    assert values["C-P"] == pytest.approx((2 / 3 + 1 / 2 + 0) / 3)
    assert values["C-F1"] == pytest.approx(2 * (1 / 2) * (7 / 18) / (1 / 2 + 7 / 18))
    # Photographs 1 to 4: right 1 1 1 0, true 2 1 2 1, predicted 1 2 2 0.
    assert values["O-R"] == pytest.approx((1 / 2 + 1 + 1 / 2 + 0) / 4)
    assert values["O-P"] == pytest.approx((1 + 1 / 2 + 1 / 2 + 0) / 4)
    assert values["O-F1"] == pytest.approx(1 / 2)
    # All pairs: 3 right of 6 true and of 6 predicted.
    assert values["micro-R"] == pytest.approx(3 / 6)
    assert values["micro-P"] == pytest.approx(3 / 6)
    assert values["micro-F1"] == pytest.approx(1 / 2)
    assert tuple(values) == SCORES


def test_special_cases_are_counted():
    assert label_scores(PREDICTED, TRUTH).special_cases == {
        "absent labels": 1,
        "photographs without labels": 1,
        "labels never predicted": 1,
        "empty predictions": 1,
    }


def test_each_photograph_has_an_f1_of_its_own():
    found = label_scores(PREDICTED, TRUTH).photograph_f1
    # 2 right / (true + predicted); the fifth has nothing to be right about.
    np.testing.assert_allclose(found, [2 / 3, 2 / 3, 2 / 4, 0, np.nan])


def test_nothing_predicted_scores_zero():
    scores = label_scores(sets((), ()), sets({0}, {1}))
    assert set(scores.values.values()) == {0.0}
    assert scores.special_cases["empty predictions"] == 2
    assert scores.special_cases["labels never predicted"] == 2


def test_perfect_prediction_scores_one():
    truth = sets({0, 2}, {1}, ())
    assert set(label_scores(truth, truth).values.values()) == {1.0}


@hypothesis.settings(deadline=None)
@hypothesis.given(LABEL_SETS)
def test_label_scores_are_those_of_scikit_learn(pair):
    predicted, truth = pair
    hypothesis.assume(truth.any())
    values = label_scores(predicted, truth).values
    occurs, labelled = truth.any(axis=0), truth.any(axis=1)
    for average, prefix, rows, columns in (
        ("macro", "C", slice(None), occurs),
        ("samples", "O", labelled, slice(None)),
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
        assert values[f"{prefix}-R"] == pytest.approx(recall)
        assert values[f"{prefix}-P"] == pytest.approx(precision)
        f1 = 0 if recall + precision == 0 else 2 * recall * precision / (recall + precision)
        assert values[f"{prefix}-F1"] == pytest.approx(f1)


@hypothesis.settings(deadline=None)
@hypothesis.given(LABEL_SETS, st.randoms())
def test_label_scores_do_not_depend_on_the_order(pair, random):
    predicted, truth = pair
    hypothesis.assume(truth.any())
    rows, columns = (random.sample(range(n), n) for n in truth.shape)
    moved = label_scores(predicted[rows][:, columns], truth[rows][:, columns])
    here = label_scores(predicted, truth)
    assert moved.values == pytest.approx(here.values)
    assert moved.special_cases == here.special_cases


@pytest.fixture(scope="module")
def guesses():
    """60 photographs with up to 5 labels (some none), and guesses that are right three in four."""
    random = np.random.default_rng(5)
    truth = random.random((60, 5)) < (0.6, 0.3, 0.2, 0.1, 0.02)
    truth[7, 4] = True
    return truth ^ (random.random(truth.shape) < 0.25), truth


def test_a_resample_is_scored_like_photographs_of_its_own(guesses):
    predicted, truth = guesses
    random = np.random.default_rng(9)
    drawn = random.integers(0, 60, (40, 60))
    counts = np.stack([np.bincount(row, minlength=60) for row in drawn]).astype(float)
    found = label_scores(predicted, truth).figures(counts)
    slow = [label_scores(predicted[row], truth[row]).values for row in drawn]
    assert any(not truth[row][:, 4].any() for row in drawn)  # the rare class is missing from some
    for name in SCORES:
        np.testing.assert_allclose(found[name], [values[name] for values in slow], rtol=1e-12)


def test_intervals_hold_the_value_and_differences_are_paired(guesses):
    predicted, truth = guesses
    scores = label_scores(predicted, truth)
    for name, (low, high) in bootstrap(scores, 200).items():
        assert low < scores.values[name] < high
    better = predicted.copy()
    better[:20] = truth[:20]
    low, high = bootstrap_difference(label_scores(better, truth), scores, 200)["O-F1"]
    assert 0 < low < label_scores(better, truth).values["O-F1"] - scores.values["O-F1"] < high


def test_a_draw_without_labels_says_nothing_about_them():
    scores = label_scores(sets({0}, {1}), sets({0}, ()))
    found = scores.figures(np.array([[2.0, 0.0], [0.0, 2.0]]))
    assert found["O-F1"][0] == found["C-F1"][0] == 1
    assert np.isnan([found["O-F1"][1], found["C-F1"][1]]).all()
    assert bootstrap(scores, 50)["O-F1"] == (1, 1)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: label_scores(sets({0}), sets(())), "none of the 1 photographs"),
        (lambda: label_scores(sets({0}), sets({0}, {1})), "one shape"),
        (lambda: label_scores(np.array([[0.2, 0.9]]), np.array([[0, 1]])), "only 0 and 1"),
    ],
)
def test_what_cannot_be_scored_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
