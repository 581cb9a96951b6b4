"""The hypothesis that the others agree with most, in the place of the most probable one.

What a beam finds are guesses at one annotation. The most probable is often the one that says least;
better is the one that is most like all of them, each counted by its probability: the one whose
expected score is highest if one of them were right (minimum Bayes risk, Kumar and Byrne 2004;
Mao et al. 2015, section 8, take the consensus with captions of similar photographs instead):

    votes(c) = sum_s p(s)^sharpness / Z * likeness(c, s).

Captions are as like as CIDEr says with all n-grams weighing the same, so that nothing but the
hypotheses is needed: exp(-(l_c - l_s)^2 / (2 SIGMA^2)) mean_n cos_n(c, s), cos_n of the counts of
n-grams, n = 1 to 4, and l the number of words. Their sharpness, chosen on the validation part of
Flickr8k, is below 1 so that one probable caption does not decide alone. Lists of labels are as like
as their sets' F1, 2 |c and s| / (|c| + |s|), and count by their probability.
"""

from collections.abc import Callable
from typing import NamedTuple

from keras import ops

from s_cnn_rnn.caption_metrics.corpus_figures import LONGEST_NGRAM
from s_cnn_rnn.caption_metrics.fast_cider import SIGMA
from s_cnn_rnn.decoding.beam import IMPOSSIBLE
from s_cnn_rnn.decoding.search import Decoded
from s_cnn_rnn.vocabulary import END


def in_consensus(decoded: Decoded, returned: int, kind: str) -> Decoded:
    """The hypotheses with the most votes, most first; ``scores`` are then the votes, 0 to 1.

    Args:
        decoded: R hypotheses of each photograph.
        returned: how many of them, 1 to R.
        kind: "captions" or "labels".
    """
    found = votes(decoded.words, decoded.log_probabilities, kind)
    _, best = ops.top_k(found, returned)
    words = ops.take_along_axis(decoded.words, best[:, :, None], axis=1)
    others = (decoded.log_probabilities, found, decoded.lengths)
    return Decoded(words, *(ops.take_along_axis(each, best, axis=1) for each in others))


def votes(words, log_probabilities, kind: str):
    """How much each hypothesis is like the others, float32 [B, R], 0 to 1.

    Args:
        words: word ids, int32 [B, R, T], closed by END, then padding.
        log_probabilities: float32 [B, R]; where a place has no hypothesis, `IMPOSSIBLE`, which
            has no votes and gives none.
        kind: "captions" or "labels".
    """
    vote = VOTES[kind]
    there = log_probabilities > IMPOSSIBLE
    power = ops.softmax(ops.where(there, vote.sharpness * log_probabilities, -1e9), axis=-1)
    alike = ops.sum(vote.likeness(words) * power[:, None, :], axis=-1)
    return ops.where(there, alike, IMPOSSIBLE)


def _likeness_of_captions(words):
    """CIDEr of each pair of hypotheses, float32 [B, R, R], 0 to 1."""
    same = _same_words(words)
    ngrams, total = same, 0.0  # ngrams[..., t, u]: the n-grams from t and from u on are the same
    for n in range(1, LONGEST_NGRAM + 1):
        pairs = ops.sum(ops.cast(ngrams, "float32"), axis=(-2, -1))  # the counts' inner product
        own = ops.sqrt(ops.diagonal(pairs, axis1=1, axis2=2))
        total += pairs / ops.maximum(own[:, :, None] * own[:, None, :], 1e-9)
        ngrams = ops.logical_and(ngrams[..., :-1, :-1], same[..., n:, n:])
    lengths = _lengths(words)
    apart = lengths[:, :, None] - lengths[:, None, :]
    return total / LONGEST_NGRAM * ops.exp(-ops.square(apart) / (2 * SIGMA**2))


def _likeness_of_sets(words):
    """F1 of each pair of hypotheses, float32 [B, R, R], 0 to 1; 1 of two empty ones."""
    shared = ops.sum(ops.cast(_same_words(words), "float32"), axis=(-2, -1))
    lengths = _lengths(words)
    both = lengths[:, :, None] + lengths[:, None, :]
    return ops.where(both > 0, 2 * shared / ops.maximum(both, 1), 1.0)


def _same_words(words):
    """Which words of each pair of hypotheses are the same, bool [B, R, R, T, T]."""
    same = words[:, :, None, :, None] == words[:, None, :, None, :]
    return ops.logical_and(same, (words > END)[:, :, None, :, None])


def _lengths(words):
    """Words of each hypothesis, END not counted, float32 [B, R]."""
    return ops.sum(ops.cast(words > END, "float32"), axis=-1)


class Vote(NamedTuple):
    """How hypotheses vote.

    Args:
        likeness: word ids, int32 [B, R, T] -> float32 [B, R, R], 0 to 1.
        sharpness: exponent on the probability by which each counts.
    """

    likeness: Callable
    sharpness: float


VOTES = {
    "captions": Vote(_likeness_of_captions, sharpness=0.25),
    "labels": Vote(_likeness_of_sets, sharpness=1.0),
}
