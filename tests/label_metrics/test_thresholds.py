import hypothesis
import hypothesis.strategies as st
import numpy as np
import pytest
import sklearn.metrics
from label_sets import LABEL_SETS, sets

from s_cnn_rnn.label_metrics import (
    best_label_thresholds,
    best_threshold,
    label_scores,
    predicted_above,
)


def test_a_threshold_worked_by_hand():
    truth = sets({0}, {1}, {0, 1}, classes=2)
    scores = np.array([[0.8, 0.3], [0.25, 0.7], [0.6, 0.62]])
    # Down to .6 every set is right and whole; the next score below, .3, is wrong.
    assert best_threshold(scores, truth) == pytest.approx((0.6 + 0.3) / 2)
    # Class 0: .8 and .6 are right, then .25 is wrong. Class 1: .7 and .62, then .3.
    expected = [(0.6 + 0.25) / 2, (0.62 + 0.3) / 2]
    np.testing.assert_allclose(best_label_thresholds(scores, truth), expected)


def _random_scores(shape, seed, with_ties):
    scores = np.random.default_rng(seed).normal(size=shape)
    return np.round(scores) if with_ties else scores


@hypothesis.settings(deadline=None)
@hypothesis.given(LABEL_SETS, st.integers(0, 1000), st.booleans())
def test_no_other_threshold_is_better(pair, seed, with_ties):
    truth = pair[0]
    hypothesis.assume(truth.any())
    scores = _random_scores(truth.shape, seed, with_ties)
    tried = [
        label_scores(predicted_above(scores, threshold), truth).values["O-F1"]
        for threshold in np.unique(scores)
    ]
    chosen = predicted_above(scores, best_threshold(scores, truth))
    assert label_scores(chosen, truth).values["O-F1"] == pytest.approx(max(tried))


@hypothesis.settings(deadline=None)
@hypothesis.given(LABEL_SETS, st.integers(0, 1000), st.booleans())
def test_each_labels_f1_is_the_best_on_scikit_learns_curve(pair, seed, with_ties):
    truth = pair[0]
    scores = _random_scores(truth.shape, seed, with_ties)
    predicted = predicted_above(scores, best_label_thresholds(scores, truth))
    for true, found, of_label in zip(truth.T, predicted.T, scores.T, strict=True):
        if not true.any():
            assert not found.any()
            continue
        precision, recall, _ = sklearn.metrics.precision_recall_curve(true, of_label)
        best = np.max(2 * precision * recall / (precision + recall + 1e-300))
        assert sklearn.metrics.f1_score(true, found) == pytest.approx(best)


def test_photographs_without_labels_do_not_move_the_threshold():
    truth = sets({0}, {1}, (), classes=2)
    scores = np.array([[0.8, 0.3], [0.25, 0.7], [0.65, 0.64]])
    assert best_threshold(scores, truth) == best_threshold(scores[:2], truth[:2])


def test_scores_of_any_range_have_a_threshold():
    truth = sets({0}, {1}, classes=2)
    scores = np.array([[120.0, -40.0], [-70.0, 90.0]])
    assert best_threshold(scores, truth) == pytest.approx((90 - 40) / 2)
    everything = np.ones((1, 2), bool)
    assert best_threshold(np.array([[3.0, 1.0]]), everything) == 1.0


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: best_threshold(np.zeros((1, 2)), np.zeros((1, 2))), "no photograph has"),
        (lambda: best_label_thresholds(np.zeros((1, 2)), np.zeros((1, 3))), "one shape"),
    ],
)
def test_what_has_no_threshold_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
