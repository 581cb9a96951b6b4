"""The fast scorer against the official code, on the same words."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from pycocoevalcap.bleu.bleu_scorer import BleuScorer
from pycocoevalcap.cider.cider import Cider

from s_cnn_rnn.caption_metrics.fast_cider import LARGEST_ID, FastScorer

WORDS = st.sampled_from([1, 2, 3, 4, 5, 700, LARGEST_ID])


def captions(least: int = 0):
    return st.lists(WORDS, min_size=least, max_size=9)


PHOTOGRAPH = st.tuples(
    st.lists(captions(), min_size=1, max_size=4),  # references
    st.lists(captions(), min_size=2, max_size=2),  # candidates
)


def as_text(caption) -> str:
    return " ".join(f"w{word}" for word in caption)


def official(references, written):
    """CIDEr [N] and BLEU [N, 4] of one caption a photograph, by pycocoevalcap."""
    human = {n: [as_text(r) for r in captions] for n, captions in enumerate(references)}
    texts = {n: [as_text(caption)] for n, caption in enumerate(written)}
    _, cider = Cider().compute_score(human, texts)
    scorer = BleuScorer(n=4)
    for n, captions in human.items():
        scorer += (texts[n][0], captions)
    _, bleu = scorer.compute_score(option="closest")
    return np.asarray(cider), np.array(bleu).T


def padded(written, length=12) -> np.ndarray:
    array = np.zeros((len(written), len(written[0]), length), np.int32)
    for n, captions in enumerate(written):
        for s, caption in enumerate(captions):
            array[n, s, : len(caption)] = caption
    return array


@settings(max_examples=100, deadline=None)
@given(st.lists(PHOTOGRAPH, min_size=1, max_size=6), st.randoms(use_true_random=False))
def test_cider_and_bleu_are_the_official_ones(photographs, random):
    references, written = zip(*photographs, strict=True)
    assume(any(caption for captions in references for caption in captions))
    order = list(range(len(photographs))) * 2  # a photograph may stand twice in a batch
    random.shuffle(order)
    scores = FastScorer(references).score(order, padded([written[n] for n in order]))
    for s in range(2):
        cider, bleu = official(references, [captions[s] for captions in written])
        np.testing.assert_allclose(scores.cider[:, s], cider[order], atol=1e-9)
        np.testing.assert_allclose(scores.bleu[:, s], bleu[order], atol=1e-9)


def test_of_many_photographs_too():
    """More than are counted at once."""
    random = np.random.default_rng(0)
    draw = lambda: (random.zipf(1.5, random.integers(1, 14)) % 40 + 1).tolist()  # noqa: E731
    references = [[draw() for _ in range(random.integers(1, 6))] for _ in range(1100)]
    written = [[draw()] for _ in references]
    scores = FastScorer(references).score(np.arange(1100), padded(written, 14))
    cider, bleu = official(references, [w for [w] in written])
    np.testing.assert_allclose(scores.cider[:, 0], cider, atol=1e-9)
    np.testing.assert_allclose(scores.bleu[:, 0], bleu, atol=1e-9)
    assert scores.cider.std() > 0.1


def test_a_case_by_hand():
    """Two photographs; "1 2" is in one, so log(N / df) is log 2 for all its n-grams but none for 3.

    The candidate "1 2 2" has unigrams 1, 2, 2 and the bigrams 12, 22: its cosine with "1 2" is
    (1 + 1) / (sqrt 2 sqrt 5) for words, 1 / sqrt 2 for bigrams, 0 beyond; one bigram too long.
    """
    scorer = FastScorer([[[1, 2]], [[3]]])
    scores = scorer.score([0], np.array([[[1, 2, 2, 0]]]))
    expected = 10 * (2 / 10**0.5 + 0.5**0.5) / 4 * np.exp(-1 / 72)
    np.testing.assert_allclose(scores.cider, [[expected]], rtol=1e-12)
    np.testing.assert_allclose(scores.bleu[0, 0, :2], [2 / 3, (2 / 3 / 2) ** 0.5], rtol=1e-6)


def test_what_cannot_be_scored_is_told():
    with pytest.raises(ValueError, match=r"2 photographs, 1 without \(first: \[1\]\)"):
        FastScorer([[[1]], []])
    with pytest.raises(ValueError, match="0 photographs"):
        FastScorer([])
    with pytest.raises(ValueError, match="every reference is empty"):
        FastScorer([[[]], [[]]])
    with pytest.raises(ValueError, match="word ids from 0 to 65536"):
        FastScorer([[[1]]]).score([0], np.array([[[65536, 0]]]))
