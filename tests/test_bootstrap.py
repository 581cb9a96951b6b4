import numpy as np
import pytest

from s_cnn_rnn.bootstrap import Ratios, bootstrap, bootstrap_difference, mean_values
from s_cnn_rnn.caption_metrics import CaptionScores, score_captions
from s_cnn_rnn.caption_metrics.corpus_figures import bleu_from_sums
from s_cnn_rnn.caption_metrics.scoring import OFFICIAL_TOKENISER
from s_cnn_rnn.label_metrics import RankingScores

_WORDS = ("a", "the", "dog", "man", "runs", "jumps", "over", "red", "ball", "grass", "in", "two")


def _scores_of(photographs: int, seed: int) -> CaptionScores:
    """Scores of random captions against references that depend on the photographs alone."""
    random, other = np.random.default_rng(seed), np.random.default_rng(0)

    def sentence(source):
        return " ".join(source.choice(_WORDS, size=source.integers(4, 9)))

    references = {i: [sentence(other) for _ in range(3)] for i in range(photographs)}
    captions = {i: sentence(random) for i in range(photographs)}
    return score_captions(captions, references, meteor=False)


def _mean_scores(
    column: np.ndarray, ids: tuple | None = None, tokeniser: str = OFFICIAL_TOKENISER
) -> CaptionScores:
    """Scores with CIDEr alone."""
    return CaptionScores(
        image_ids=ids or tuple(range(len(column))),
        values={"CIDEr": float(column.mean())},
        per_photograph={"CIDEr": column},
        statistics={"CIDEr": column[:, np.newaxis]},
        tokeniser=tokeniser,
        missing={},
    )


@pytest.fixture(scope="module")
def system():
    return _scores_of(120, seed=1)


@pytest.fixture(scope="module")
def other_system():
    return _scores_of(120, seed=2)


def test_every_metric_has_an_interval(system):
    intervals = bootstrap(system, resamples=20)
    assert set(intervals) == {m for m, value in system.values.items() if value is not None}


@pytest.mark.parametrize("metric", ["ROUGE-L", "CIDEr"])
def test_intervals_of_means_are_as_wide_as_their_standard_error_says(system, metric):
    scores = system.per_photograph[metric]
    error = scores.std() / np.sqrt(len(scores))
    low, high = bootstrap(system)[metric]
    assert low == pytest.approx(scores.mean() - 1.96 * error, abs=0.25 * error)
    assert high == pytest.approx(scores.mean() + 1.96 * error, abs=0.25 * error)


def test_the_seed_decides(system):
    assert bootstrap(system, 100, seed=4) == bootstrap(system, 100, seed=4)
    assert bootstrap(system, 100, seed=4) != bootstrap(system, 100, seed=5)


def test_resamples_beyond_one_block_are_all_drawn(system):
    few, many = bootstrap(system, 100, seed=4)["CIDEr"], bootstrap(system, 250, seed=4)["CIDEr"]
    assert few != many


def test_bleu_is_resampled_from_counts(system):
    """The interval equals one made slowly, photograph by photograph, from the same draws."""
    counts, n = system.statistics["BLEU"], len(system.image_ids)
    drawn = np.random.default_rng(7).integers(0, n, (80, n))
    figures = [bleu_from_sums(counts[row].sum(axis=0))["BLEU-2"] for row in drawn]
    bias = np.mean(figures) - system.values["BLEU-2"]
    expected = np.quantile(figures, [0.025, 0.975]) - bias
    np.testing.assert_allclose(bootstrap(system, 80, seed=7)["BLEU-2"], expected, rtol=1e-12)


def test_a_system_does_not_differ_from_itself(system):
    for interval in bootstrap_difference(system, system, resamples=50).values():
        assert interval == (0, 0)


def test_differences_are_paired():
    random = np.random.default_rng(3)
    shared = random.normal(1, 5, 200)
    better = _mean_scores(shared + 0.1 + random.normal(0, 0.1, 200))
    low, high = bootstrap_difference(better, _mean_scores(shared), 500)["CIDEr"]
    assert 0 < low < 0.1 < high < 0.2  # unpaired, the interval would be two wide


def test_the_difference_turns_its_sign_with_the_order(system, other_system):
    there = bootstrap_difference(system, other_system, 100)["CIDEr"]
    back = bootstrap_difference(other_system, system, 100)["CIDEr"]
    np.testing.assert_allclose(there, (-back.high, -back.low))


def test_intervals_cover_the_true_mean_about_as_often_as_they_say():
    random = np.random.default_rng(11)
    inside = 0
    for trial in range(300):
        low, high = bootstrap(_mean_scores(random.exponential(1.0, 150)), 200, seed=trial)["CIDEr"]
        inside += low <= 1.0 <= high
    assert 0.89 <= inside / 300 <= 0.98


def test_figures_that_draws_inflate_keep_their_value_inside():
    """Mean average precision of 40 labels with two photographs each: a draw may double one."""
    random = np.random.default_rng(0)
    truth = np.zeros((150, 40), bool)
    for label in range(40):
        truth[random.choice(150, 2, replace=False), label] = True
    scores = RankingScores(tuple(range(150)), truth * 0.5 + random.random((150, 40)), truth)
    drawn = scores.drawn(300, 0)["mAP"]
    value = scores.values["mAP"]
    assert np.mean(drawn) > value + 0.005
    low, high = bootstrap(scores, 300)["mAP"]
    assert low < value < high
    assert (low + high) / 2 == pytest.approx(value, abs=0.01)


def test_a_lower_confidence_is_narrower(system):
    wide, narrow = bootstrap(system, 200)["CIDEr"], bootstrap(system, 200, confidence=0.5)["CIDEr"]
    assert wide.low < narrow.low < narrow.high < wide.high


def test_seeds_are_meaned_on_the_same_photographs(system, other_system):
    assert mean_values([system, other_system])["CIDEr"] == pytest.approx(
        (system.values["CIDEr"] + other_system.values["CIDEr"]) / 2
    )
    first, second = (s.statistics["CIDEr"][:, 0] for s in (system, other_system))
    together = bootstrap(_mean_scores((first + second) / 2), 100, seed=2)["CIDEr"]
    np.testing.assert_allclose(bootstrap([system, other_system], 100, seed=2)["CIDEr"], together)


def test_a_single_seed_is_the_same_alone_or_in_a_list(system):
    assert bootstrap([system], 50) == bootstrap(system, 50)
    assert mean_values([system]) == mean_values(system)


def test_systems_may_have_different_numbers_of_seeds(system, other_system):
    low, high = bootstrap_difference([system, other_system], system, 200)["CIDEr"]
    difference = mean_values([system, other_system])["CIDEr"] - system.values["CIDEr"]
    assert low < difference < high


def test_a_metric_missing_from_one_seed_is_left_out(system):
    column = np.linspace(0, 1, 120)
    intervals = bootstrap([system, _mean_scores(column)], 50)
    assert set(intervals) == {"CIDEr"}
    assert mean_values([system, _mean_scores(column)])["BLEU-4"] is None
    assert mean_values([system])["METEOR"] is None


def test_other_photographs_are_refused(system):
    with pytest.raises(ValueError, match="not of the same photographs"):
        bootstrap_difference(system, _scores_of(119, seed=1))
    column = np.zeros(3)
    with pytest.raises(ValueError, match="2 are in one alone"):
        bootstrap([_mean_scores(column), _mean_scores(column, (0, 1, 5))])
    with pytest.raises(ValueError, match="at least one"):
        bootstrap([])


def test_other_tokenisers_are_refused(system):
    with pytest.raises(ValueError, match=r"made in different ways .*another"):
        bootstrap_difference(system, _mean_scores(np.zeros(120), tokeniser="another"))


def test_ratios_are_sums_over_sums():
    scores = Ratios(("a", "b", "c"), {"share": (np.array([1, 0, 3]), np.array([2, 0, 4]))})
    assert scores.values == {"share": 4 / 6}
    found = scores.figures(np.array([[3.0, 0, 0], [1.0, 0, 2], [0.0, 3, 0]]))["share"]
    np.testing.assert_allclose(found, [1 / 2, 7 / 10, np.nan])


def test_means_leave_out_what_does_not_count():
    rows = {"right": np.array([1.0, 0.0, np.nan, 0.5]), "none": np.full(4, np.nan)}
    scores = Ratios.of_means(tuple("abcd"), rows)
    assert scores.values == {"right": 0.5, "none": None}
    assert set(bootstrap(scores, 20)) == {"right"}
    assert mean_values([scores, scores]) == {"right": 0.5, "none": None}


def test_intervals_of_shares_are_those_of_the_normal_distribution():
    right = np.concatenate([np.arange(400) < 100, np.full(50, np.nan)])
    scores = Ratios.of_means(tuple(range(450)), {"right": right})
    low, high = bootstrap(scores)["right"]
    deviation = np.sqrt(0.25 * 0.75 / 400)
    assert low == pytest.approx(0.25 - 1.96 * deviation, abs=0.005)
    assert high == pytest.approx(0.25 + 1.96 * deviation, abs=0.005)
