import math

import numpy as np
import pytest
from pycocoevalcap.bleu.bleu import Bleu

from s_cnn_rnn.caption_metrics import quick_scores, score_captions
from s_cnn_rnn.caption_metrics.corpus_figures import (
    bleu_from_sums,
    figures_from_sums,
    meteor_from_sums,
    meteor_statistics,
)

_WORDS = ("a", "the", "dog", "man", "runs", "jumps", "over", "red", "ball", "grass", "in", "two")


def _random_corpus(photographs: int, seed: int) -> tuple[dict, dict]:
    random = np.random.default_rng(seed)

    def sentence():
        return " ".join(random.choice(_WORDS, size=random.integers(1, 9)))

    captions = {i: sentence() for i in range(photographs)}
    return captions, {i: [sentence() for _ in range(3)] for i in range(photographs)}


def test_bleu_by_hand():
    # "the cat sat down" against "the cat sat on the mat" and "a cat sat": 3 of 4 words match,
    # 2 of 3 pairs, 1 of 2 triples, 0 of 1 quadruples; the closest lengths are 3 (|4-3| < |4-6|).
    captions = {1: "the cat sat down"}
    references = {1: ["the cat sat on the mat", "a cat sat"]}
    scores = score_captions(captions, references, meteor=False)
    np.testing.assert_array_equal(scores.statistics["BLEU"], [[4, 3, 4, 3, 2, 1, 3, 2, 1, 0]])
    assert scores.values["BLEU-1"] == pytest.approx(3 / 4, abs=1e-6)
    assert scores.values["BLEU-2"] == pytest.approx(math.sqrt(3 / 4 * 2 / 3), abs=1e-6)
    assert scores.values["BLEU-3"] == pytest.approx((3 / 4 * 2 / 3 * 1 / 2) ** (1 / 3), abs=1e-6)
    assert scores.values["BLEU-4"] == pytest.approx(0, abs=1e-3)


def test_short_captions_pay_the_brevity_penalty():
    sums = np.array([3.0, 6, 3, 2, 1, 0, 3, 2, 1, 0])
    assert bleu_from_sums(sums)["BLEU-1"] == pytest.approx(math.exp(1 - 6 / 3), abs=1e-6)


def test_a_tie_of_lengths_takes_the_shorter_reference():
    scores = score_captions({1: "a b c d"}, {1: ["a b c d e", "a b c"]}, meteor=False)
    assert scores.statistics["BLEU"][0, 1] == 3


@pytest.mark.parametrize("seed", range(5))
def test_bleu_of_summed_counts_is_the_official_figure(seed):
    captions, references = _random_corpus(40, seed)
    scores = score_captions(captions, references, meteor=False)
    recomputed = bleu_from_sums(scores.statistics["BLEU"].sum(axis=0))
    official, _ = Bleu(4).compute_score(references, {i: [c] for i, c in captions.items()}, 0)
    for n in range(1, 5):
        assert recomputed[f"BLEU-{n}"] == pytest.approx(official[n - 1], abs=1e-9)
        assert scores.values[f"BLEU-{n}"] == official[n - 1]


def test_bleu_of_each_photograph_is_the_official_figure():
    captions, references = _random_corpus(30, seed=9)
    scores = score_captions(captions, references, meteor=False)
    each = bleu_from_sums(scores.statistics["BLEU"])
    for metric in ("BLEU-1", "BLEU-2", "BLEU-3", "BLEU-4"):
        np.testing.assert_allclose(each[metric], scores.per_photograph[metric], atol=1e-12)


def test_empty_captions_score_nothing():
    scores = score_captions({1: "", 2: ""}, {1: ["a dog"], 2: ["a cat"]}, meteor=False)
    assert scores.values["BLEU-1"] == pytest.approx(0, abs=1e-6)
    assert scores.values["CIDEr"] == 0


def test_means_are_sums_over_photographs():
    assert figures_from_sums("CIDEr", np.array([3.0]), 4) == {"CIDEr": 0.75}
    assert figures_from_sums("ROUGE", np.array([1.0]), 4) == {"ROUGE-L": 0.25}


def test_meteor_by_hand():
    # Two of three caption words ("dog" content, "a" function) match exactly two of four reference
    # words, in two chunks: precision = recall's numerator = .75 + .25.
    printed = np.zeros((1, 23))
    printed[0, :4] = [3, 4, 1, 1]
    printed[0, 4:8] = 1  # exact stage: content and function words, caption and reference
    printed[0, -3:] = [2, 2, 2]
    precision, recall = 1 / (0.75 * 2 + 0.25), 1 / (0.75 * 3 + 0.25)
    f_mean = 1 / (0.15 / precision + 0.85 / recall)
    expected = f_mean * (1 - 0.6 * (2 / 2) ** 0.2)
    score = meteor_from_sums(meteor_statistics(printed))["METEOR"]
    np.testing.assert_allclose(score, [expected], rtol=1e-12)


def test_meteor_of_a_perfect_caption_is_one_and_of_no_match_nought():
    printed = np.zeros((2, 23))
    printed[:, :4] = [2, 2, 1, 1]
    printed[0, 4:8] = 1
    printed[0, -3:] = [1, 2, 2]
    score = meteor_from_sums(meteor_statistics(printed))["METEOR"]
    np.testing.assert_array_equal(score, [1, 0])


def test_quick_scores_are_the_official_ones_where_words_are_split_alike():
    captions, references = _random_corpus(40, seed=3)
    official = score_captions(captions, references, meteor=False).values
    quick = quick_scores(captions, references)
    assert quick == {"BLEU-4": official["BLEU-4"], "CIDEr": official["CIDEr"]}
