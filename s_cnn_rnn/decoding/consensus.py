"""The hypothesis that the others agree with most, in the place of the most probable one.

What a beam finds are guesses at one caption. The most probable is often the one that says least;
better is the one that is most like all of them, each counted by its probability: the caption whose
expected score is highest if one of them were right (minimum Bayes risk, Kumar and Byrne 2004;
Mao et al. 2015, section 8, take the consensus with captions of similar photographs instead). The
score is CIDEr with all n-grams weighing the same, so that nothing but the hypotheses is needed:

    votes(c) = sum_s p(s)^SHARPNESS / Z * exp(-(l_c - l_s)^2 / (2 SIGMA^2)) mean_n cos_n(c, s),

cos_n of the counts of n-grams, n = 1 to 4, and l the number of words. SHARPNESS, chosen on the
validation part of Flickr8k, is below 1 so that one probable caption does not decide alone.
"""

from keras import ops

from s_cnn_rnn.caption_metrics.corpus_figures import LONGEST_NGRAM
from s_cnn_rnn.caption_metrics.fast_cider import SIGMA
from s_cnn_rnn.decoding.beam import IMPOSSIBLE
from s_cnn_rnn.decoding.search import Decoded
from s_cnn_rnn.vocabulary import END

SHARPNESS = 0.25


def in_consensus(decoded: Decoded, returned: int) -> Decoded:
    """The hypotheses with the most votes, most first; ``scores`` are then the votes, 0 to 1.

    Args:
        decoded: R hypotheses of each photograph.
        returned: how many of them, 1 to R.
    """
    found = votes(decoded.words, decoded.log_probabilities)
    _, best = ops.top_k(found, returned)
    words = ops.take_along_axis(decoded.words, best[:, :, None], axis=1)
    others = (decoded.log_probabilities, found, decoded.lengths)
    return Decoded(words, *(ops.take_along_axis(each, best, axis=1) for each in others))


def votes(words, log_probabilities):
    """How much each hypothesis is like the others, float32 [B, R], 0 to 1.

    Args:
        words: word ids, int32 [B, R, T], closed by END, then padding.
        log_probabilities: float32 [B, R]; where a place has no hypothesis, `IMPOSSIBLE`, which
            has no votes and gives none.
    """
    there = log_probabilities > IMPOSSIBLE
    power = ops.softmax(ops.where(there, SHARPNESS * log_probabilities, -1e9), axis=-1)
    alike = ops.sum(_likeness(words) * power[:, None, :], axis=-1)
    return ops.where(there, alike, IMPOSSIBLE)


def _likeness(words):
    """Of each pair of hypotheses, float32 [B, R, R], 0 to 1."""
    is_word = words > END
    same = words[:, :, None, :, None] == words[:, None, :, None, :]  # [B, R, R, T, T]
    same = ops.logical_and(same, is_word[:, :, None, :, None])
    ngrams, total = same, 0.0  # ngrams[..., t, u]: the n-grams from t and from u on are the same
    for n in range(1, LONGEST_NGRAM + 1):
        pairs = ops.sum(ops.cast(ngrams, "float32"), axis=(-2, -1))  # the counts' inner product
        own = ops.sqrt(ops.diagonal(pairs, axis1=1, axis2=2))
        total += pairs / ops.maximum(own[:, :, None] * own[:, None, :], 1e-9)
        ngrams = ops.logical_and(ngrams[..., :-1, :-1], same[..., n:, n:])
    lengths = ops.sum(ops.cast(is_word, "float32"), axis=-1)
    apart = lengths[:, :, None] - lengths[:, None, :]
    return total / LONGEST_NGRAM * ops.exp(-ops.square(apart) / (2 * SIGMA**2))
