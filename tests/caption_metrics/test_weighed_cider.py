"""Weighed sums of CIDEr-D against the official code."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from pycocoevalcap.cider.cider_scorer import CiderScorer

from s_cnn_rnn.caption_metrics.fast_cider import FastScorer
from s_cnn_rnn.caption_metrics.weighed_cider import WeighedCider

CAPTION = st.lists(st.sampled_from([1, 2, 3, 4, 700]), max_size=9)


def as_text(caption) -> str:
    return " ".join(f"w{word}" for word in caption)


def official(references, caption):
    """CIDEr-D of one caption against each photograph's references, float64 [N]."""
    scorer = CiderScorer()
    for captions in references:
        scorer += (as_text(caption), [as_text(each) for each in captions])
    return scorer.compute_score()[1]


def padded(captions, length=12) -> np.ndarray:
    return np.array([caption + [0] * (length - len(caption)) for caption in captions])


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.lists(CAPTION, min_size=1, max_size=4), min_size=1, max_size=6),
    st.lists(CAPTION, min_size=1, max_size=4),
    st.integers(0, 2**32 - 1),
)
def test_they_are_sums_of_the_official_scores(references, captions, seed):
    assume(any(caption for each in references for caption in each))
    weights = np.random.default_rng(seed).normal(size=len(references))
    found = WeighedCider(FastScorer(references)).score(padded(captions), weights)
    expected = [weights @ official(references, caption) for caption in captions]
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)


def test_words_that_stand_twice_are_clipped():
    """By hand, N = 2: every n-gram weighs log 2; "1 1" against "1", and against "1 1 1".

    Words: min(2, 1) 1 / (2 * 1) and min(2, 3) 3 / (2 * 3); pairs: none, and min(1, 2) 2 / (1 * 2);
    one bigram too many, and one too few.
    """
    references = [[[1], [1, 1, 1]], [[2]]]
    found = WeighedCider(FastScorer(references)).score(np.array([[1, 1, 0]]), np.array([3.0, 0]))
    expected = 3 * 10 / 4 / 2 * (1 / 2 + (1 + 1)) * np.exp(-1 / 72)
    np.testing.assert_allclose(found, [expected], rtol=1e-6)


def test_an_empty_caption_and_unknown_words_score_nothing():
    scorer = WeighedCider(FastScorer([[[1, 2]], [[3]]]))
    np.testing.assert_array_equal(scorer.score(padded([[], [9, 9]]), np.ones(2)), [0, 0])
    with pytest.raises(ValueError, match="word ids from 0 to 65536"):
        scorer.score(np.array([[65536, 0]]), np.ones(2))
