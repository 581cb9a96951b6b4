"""CIDEr-D of captions against many photographs at once: a weighed sum over all of them.

For weights w_j of N photographs

    score(c) = sum_j w_j CIDEr-D(c, references of j).

That is `FastScorer` once for each photograph and each caption, but what a caption's n-grams count
with a photograph's depends, beside the n-gram, on how often the caption has it and on how long the
caption is. So the sum over photographs is taken first, once for each such n-gram and length, and
then each caption's n-grams are looked up in it.

Letters in shape comments: N photographs, C references of each at most, M places where a reference
has an n-gram; S captions, P pairs of an n-gram and how often a caption has it, Q places where a
reference has the n-gram of one of those, L lengths.
"""

import numpy as np

from s_cnn_rnn.caption_metrics.corpus_figures import LONGEST_NGRAM
from s_cnn_rnn.caption_metrics.fast_cider import SIGMA, FastScorer, order_of


class WeighedCider:
    """Scores captions against all photographs of a scorer.

    Args:
        scorer: of N photographs; its document frequencies count.
    """

    def __init__(self, scorer: FastScorer):
        self.scorer = scorer
        photographs = np.repeat(np.arange(len(scorer.references)), np.diff(scorer.starts))
        entries, reference = np.nonzero(scorer.counts)
        by_ngram = np.argsort(scorer.ngrams[entries], kind="stable")
        entries, reference = entries[by_ngram], reference[by_ngram]
        ngrams = scorer.ngrams[entries]
        self.starts = np.searchsorted(ngrams, np.arange(len(scorer.keys) + 1))  # into the M places
        self.photographs = photographs[entries].astype(np.int32)  # [M]
        self.counts = scorer.counts[entries, reference]  # [M]
        bigrams = np.maximum(scorer.lengths - 1, 0)
        self.bigrams = bigrams[self.photographs, reference].astype(np.int32)  # [M]
        self.longest = int(bigrams.max())
        norms = scorer.norms[self.photographs, order_of(scorer.keys)[ngrams], reference]
        shares = scorer.idf[ngrams] ** 2 / scorer.references[self.photographs]
        products = np.divide(self.counts * shares, norms, out=np.zeros_like(norms), where=norms > 0)
        self.products = products.astype(np.float32)  # [M]

    def score(self, captions: np.ndarray, weights: np.ndarray) -> np.ndarray:
        """The weighed sums, float64 [S].

        Args:
            captions: int [S, T], word ids, padded with 0 at the end; an empty one is allowed.
            weights: float [N]; any, also below 0.

        Raises:
            ValueError: an id out of range.
        """
        found = self.scorer.weighed_ngrams(captions)
        known, norms = found.ngrams >= 0, found.norms
        line, ngram, count = found.lines[known], found.ngrams[known], found.counts[known]
        most = int(count.max(initial=0)) + 1
        pairs, pair = np.unique(ngram * most + count, return_inverse=True)
        lengths, length = np.unique(
            np.maximum((captions > 0).sum(axis=-1) - 1, 0), return_inverse=True
        )
        sums = self._sums(*np.divmod(pairs, most), lengths, weights)  # [P, L]
        cosines = np.divide(
            sums[pair, length[line // LONGEST_NGRAM]],
            norms[line],
            where=norms[line] > 0,
            out=np.zeros(len(line)),
        )
        totals = np.bincount(line // LONGEST_NGRAM, cosines, len(captions))
        return 10 / LONGEST_NGRAM * totals

    def _sums(self, ngram, count, lengths, weights) -> np.ndarray:
        """Of n-grams that captions have so many times, for each length: float64 [P, L]."""
        starts, sizes = self.starts[ngram], self.starts[ngram + 1] - self.starts[ngram]
        firsts = np.cumsum(sizes) - sizes
        places = np.arange(sizes.sum()) + np.repeat(starts - firsts, sizes)  # [Q]
        clipped = np.minimum(np.repeat(count, sizes), self.counts[places])
        values = clipped * self.products[places] * weights[self.photographs[places]]
        their_lengths = self.longest + 1
        cells = np.repeat(np.arange(len(ngram)) * their_lengths, sizes) + self.bigrams[places]
        by_length = np.bincount(cells, values, len(ngram) * their_lengths)
        apart = np.arange(their_lengths)[:, None] - lengths
        penalties = np.exp(-(apart**2) / (2 * SIGMA**2))
        return by_length.reshape(len(ngram), their_lengths) @ penalties
