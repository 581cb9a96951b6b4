import hypothesis
import hypothesis.strategies as st
import numpy as np
import pytest
import sklearn.metrics
from label_sets import LABEL_SETS

from s_cnn_rnn.bootstrap import bootstrap
from s_cnn_rnn.label_metrics import RankingScores, average_precision, mean_average_precision


def test_average_precision_worked_by_hand():
    scores = np.array([[0.9, 0.5, 1.0], [0.8, 0.5, 2.0], [0.7, 0.5, 3.0], [0.6, 0.1, 4.0]])
    truth = np.array([[1, 1, 0], [0, 0, 0], [1, 0, 0], [0, 1, 0]])
    # Class 0: right at ranks 1 and 3. Class 1: 1 of the 3 that share a rank, then 2 of 4.
    expected = [(1 + 2 / 3) / 2, (1 / 3 + 2 / 4) / 2, np.nan]
    np.testing.assert_allclose(average_precision(scores, truth), expected)
    assert mean_average_precision(scores, truth) == pytest.approx(np.mean(expected[:2]))


def test_whole_numbers_are_scores_too():
    counts = np.array([[0, 2, 1], [3, 0, 1]], np.uint8)
    truth = np.array([[0, 1, 0], [1, 0, 1]])
    np.testing.assert_allclose(average_precision(counts, truth), [1, 1, 1 / 2])


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


@pytest.mark.parametrize("decimals", [1, 8])  # many equal scores; none
def test_a_resample_is_scored_like_photographs_of_its_own(decimals):
    random = np.random.default_rng(3)
    truth = random.random((50, 4)) < (0.5, 0.2, 0.04, 0.0)
    scores = np.round(random.random((50, 4)) + 0.3 * truth, decimals).astype(np.float32)
    drawn = random.integers(0, 50, (60, 50))
    counts = np.stack([np.bincount(row, minlength=50) for row in drawn]).astype(float)
    whole = RankingScores(tuple(range(50)), scores, truth)
    slow = [mean_average_precision(scores[row], truth[row]) for row in drawn]
    np.testing.assert_allclose(whole.figures(counts)["mAP"], slow, rtol=1e-12)
    low, high = bootstrap(whole, 200)["mAP"]
    assert low < whole.values["mAP"] < high


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: average_precision(np.array([[0.1], [np.nan]]), [[1], [0]]), "row 1"),
        (lambda: mean_average_precision(np.zeros((2, 3)), np.zeros((2, 3))), "none of the 3"),
    ],
)
def test_what_cannot_be_scored_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
