"""CIDEr-D and BLEU of whole batches of captions given as word ids, fast enough to be a reward.

The official scorers (`pycocoevalcap`) count n-grams caption by caption in dictionaries; a training
step that scores hundreds of captions would wait for them. Here everything that depends on the
references alone (document frequencies, counts, norms) is computed once, an n-gram is one whole
number, and a batch is scored by sorting and searching arrays. `tests/caption_metrics/
test_fast_cider.py` holds the figures equal to the official ones.

CIDEr-D (Vedantam, Zitnick and Parikh 2015, section 5) of a candidate c against its photograph's
references s_1 ... s_m, with the weights g_k = tf_k log(N / df_k) of the n-grams k of one order n:

    CIDEr-D_n = 10 / m sum_j exp(-(l_c - l_j)^2 / (2 sigma^2)) min(g(c), g(s_j)) . g(s_j)
                                / (|g(c)| |g(s_j)|),

meaned over n = 1 to 4; df_k counts the photographs that have k in some reference. As in the
official code a length l counts bigrams. (Its class is named `Cider`, but clips and penalises.)

Letters in shape comments: N photographs, C references of each at most, G different n-grams in all
references, E pairs of a photograph and an n-gram; B photographs of a batch, S captions of each,
U different n-grams of those.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from s_cnn_rnn.caption_metrics.corpus_figures import LONGEST_NGRAM, bleu_from_sums

LARGEST_ID = 2**16 - 1
"""Four word ids must fit into 64 bits."""

SIGMA = 6.0
_PHOTOGRAPHS_AT_ONCE = 1024  # bounds the memory that counting the references takes


class FastScores(NamedTuple):
    """Scores of S captions of each of B photographs.

    Args:
        cider: CIDEr-D, float64 [B, S], 0 to 10.
        bleu: BLEU-1 to BLEU-4 of each caption on its own, float64 [B, S, 4], 0 to 1.
    """

    cider: np.ndarray
    bleu: np.ndarray


class FastScorer:
    """Scores captions against references that it has counted once.

    Args:
        references: of each of N photographs at least one caption, as ids of its words, 1 to
            `LARGEST_ID`; whether END is a word is the caller's choice.

    Raises:
        ValueError: there is no photograph, one without a reference, no word at all, or an id out
            of range.
    """

    def __init__(self, references: Sequence[Sequence[Sequence[int]]]):
        without = [n for n, captions in enumerate(references) if not len(captions)]
        if without or not len(references):
            raise ValueError(
                "expected photographs with at least one reference each, got "
                f"{len(references)} photographs, {len(without)} without (first: {without[:5]})"
            )
        self.references = np.array([len(captions) for captions in references])  # [N]
        self.lengths = np.zeros((len(references), self.references.max()), np.int64)  # [N, C]
        for n, captions in enumerate(references):
            self.lengths[n, : len(captions)] = [len(caption) for caption in captions]
        if not self.lengths.any():
            raise ValueError("every reference is empty; expected words to compare captions with")
        self._count(references)
        self._weigh()

    def _count(self, references) -> None:
        """The n-grams of each photograph, and how often each reference has them."""
        parts = [
            _entries(
                padded(references[start : start + _PHOTOGRAPHS_AT_ONCE], self.lengths.shape[1])
            )
            for start in range(0, len(references), _PHOTOGRAPHS_AT_ONCE)
        ]
        sizes, keys, counts = (np.concatenate(column) for column in zip(*parts, strict=True))
        self.starts = np.concatenate([[0], np.cumsum(sizes)])  # [N + 1], into the E entries
        self.counts = counts  # [E, C]
        self.keys, self.ngrams, self.frequencies = np.unique(
            keys, return_inverse=True, return_counts=True
        )  # [G], ascending; [E], which of the G; [G], df

    def _weigh(self) -> None:
        """log(N / df) of each n-gram, and the norms of the references."""
        self.unseen = np.log(float(len(self.references)))
        self.idf = self.unseen - np.log(self.frequencies)  # [G]
        photographs = np.repeat(np.arange(len(self.references)), np.diff(self.starts))  # [E]
        place = photographs * LONGEST_NGRAM + order_of(self.keys)[self.ngrams]
        squares = (self.counts * self.idf[self.ngrams][:, None]) ** 2  # [E, C]
        norms = np.sqrt(_sums(place, squares, len(self.references) * LONGEST_NGRAM))
        self.norms = norms.reshape(len(self.references), LONGEST_NGRAM, -1)  # [N, 4, C]

    def score(self, photographs: np.ndarray, captions: np.ndarray) -> FastScores:
        """Scores captions.

        Args:
            photographs: int [B], which of the N.
            captions: int [B, S, T], word ids, padded with 0 at the end; an empty one is allowed.

        Raises:
            ValueError: an id out of range.
        """
        batch, samples, _ = captions.shape
        photographs = np.asarray(photographs)
        found = self.weighed_ngrams(captions.reshape(batch * samples, -1))
        lines = len(found.norms)
        caption = found.lines // LONGEST_NGRAM
        matched, entries = self._find(photographs, caption // samples, found.ngrams)
        line, counts, idf = found.lines[matched], found.counts[matched], found.idf[matched]
        theirs = self.counts[entries].astype(np.float64)  # [matches, C]
        clipped = np.minimum(counts[:, None], theirs)
        products = _sums(line, clipped * theirs * idf[:, None] ** 2, lines)
        lengths = (captions > 0).sum(axis=-1)  # [B, S]
        shape = (batch, samples, LONGEST_NGRAM)
        cider = self._cider(
            photographs, lengths, found.norms.reshape(shape), products.reshape(*shape, -1)
        )
        matches = np.bincount(line, clipped.max(axis=1), lines).reshape(shape)
        return FastScores(cider, self._bleu(photographs, lengths, matches))

    def weighed_ngrams(self, captions: np.ndarray) -> "WeighedNgrams":
        """Counts and weighs the n-grams of captions.

        Args:
            captions: int [R, T], word ids, padded with 0 at the end.

        Raises:
            ValueError: an id out of range.
        """
        found = _ngrams(captions)
        ngram = np.minimum(np.searchsorted(self.keys, found.keys), len(self.keys) - 1)
        known = self.keys[ngram] == found.keys
        idf = np.where(known, self.idf[ngram], self.unseen)
        squares = np.bincount(found.lines, (found.counts * idf) ** 2, len(captions) * LONGEST_NGRAM)
        ngram = np.where(known, ngram, -1)
        return WeighedNgrams(found.lines, ngram, found.counts, idf, np.sqrt(squares))

    def _find(self, photographs, place, ngram):
        """Which n-grams some reference of their photograph has, and its entry for them.

        Only the entries of the batch are searched: they fit into the cache.
        """
        starts, ends = self.starts[photographs], self.starts[photographs + 1]
        sizes = ends - starts
        firsts = np.cumsum(sizes) - sizes
        entries = np.arange(sizes.sum()) + np.repeat(starts - firsts, sizes)
        there = np.repeat(np.arange(len(photographs)), sizes) * len(self.keys)
        there += self.ngrams[entries]  # ascending
        wanted = place * len(self.keys) + ngram
        there = np.append(there, len(photographs) * len(self.keys))  # above all that is wanted
        found = np.searchsorted(there, wanted)
        matched = np.flatnonzero((ngram >= 0) & (there[found] == wanted))
        return matched, entries[found[matched]]

    def _cider(self, photographs, lengths, norms, products) -> np.ndarray:
        """From the norms [B, S, 4] and clipped products [B, S, 4, C]: CIDEr-D [B, S]."""
        theirs = self.norms[photographs][:, None]  # [B, 1, 4, C]
        both = norms[..., None] * theirs
        cosines = np.divide(products, both, out=np.zeros_like(products), where=both > 0)
        bigrams = np.maximum(lengths - 1, 0)[:, :, None]
        distances = bigrams - np.maximum(self.lengths[photographs] - 1, 0)[:, None]  # [B, S, C]
        penalties = np.exp(-(distances**2) / (2 * SIGMA**2))
        # A photograph with fewer than C references has norms of 0 in their places.
        sums = (cosines.mean(axis=2) * penalties).sum(axis=-1)
        return 10 * sums / self.references[photographs][:, None]

    def _bleu(self, photographs, lengths, matches) -> np.ndarray:
        """From the matches [B, S, 4]: BLEU-1 to BLEU-4, [B, S, 4]."""
        theirs = self.lengths[photographs][:, None]  # [B, 1, C]
        there = np.arange(theirs.shape[-1]) < self.references[photographs][:, None, None]
        distances = np.abs(theirs - lengths[..., None])
        far = np.iinfo(np.int64).max
        nearest = np.where(there, distances, far).min(axis=-1, keepdims=True)
        closest = np.where(there & (distances == nearest), theirs, far).min(axis=-1)
        guessed = np.maximum(lengths[..., None] - np.arange(LONGEST_NGRAM), 0)
        head = np.stack([lengths, closest], axis=-1)
        scores = bleu_from_sums(np.concatenate([head, guessed, matches], axis=-1))
        return np.stack(list(scores.values()), axis=-1)


class WeighedNgrams(NamedTuple):
    """The different n-grams of R captions, by caption and order, as a scorer weighs them.

    Args:
        lines: int [U], 4 * caption + n - 1, ascending.
        ngrams: int [U], which of the G n-grams of the references; -1: none.
        counts: int [U], how often the caption has it.
        idf: log(N / df), float64 [U].
        norms: |g(c)| of each line, float64 [4 R].
    """

    lines: np.ndarray
    ngrams: np.ndarray
    counts: np.ndarray
    idf: np.ndarray
    norms: np.ndarray


class _Ngrams(NamedTuple):
    """The different n-grams of R captions, by caption and order.

    Args:
        lines: int [U], 4 * caption + n - 1, ascending.
        keys: uint64 [U], the n-gram as one number.
        counts: int [U], how often the caption has it.
    """

    lines: np.ndarray
    keys: np.ndarray
    counts: np.ndarray


def order_of(keys: np.ndarray) -> np.ndarray:
    """How many words more than one each n-gram has, int [G]; keys: uint64 [G]."""
    return sum((keys >> np.uint64(16 * n)) > 0 for n in range(1, LONGEST_NGRAM))


def _ngrams(captions: np.ndarray) -> _Ngrams:
    """Counts the n-grams of captions, int [R, T] padded with 0: four ids are packed into 64 bits.

    Words are at least 1, so n-grams of different orders are different numbers, and 0 is none.
    """
    if captions.size and not 0 <= captions.min() <= captions.max() <= LARGEST_ID:
        raise ValueError(
            f"word ids from {captions.min()} to {captions.max()}; expected 0 (padding) to "
            f"{LARGEST_ID}"
        )
    rows, length = captions.shape
    words = np.zeros((rows, length + LONGEST_NGRAM), np.uint64)
    words[:, :length] = captions
    keys = np.zeros((rows, LONGEST_NGRAM, length + 1), np.uint64)  # a 0 in every line
    packed = np.zeros((rows, length), np.uint64)
    for n in range(LONGEST_NGRAM):
        last = words[:, n : n + length]
        packed = np.where(last > 0, packed | (last << np.uint64(16 * n)), np.uint64(0))
        keys[:, n, :length] = packed
    keys.sort(axis=-1)
    flat = keys.reshape(-1)
    first = np.ones(flat.shape, bool)
    first[1:] = flat[1:] != flat[:-1]  # a line starts with 0, which no line ends with but 0
    starts = np.flatnonzero(first)
    counts = np.diff(np.append(starts, len(flat)))
    real = flat[starts] > 0
    starts, counts = starts[real], counts[real]
    return _Ngrams(starts // (length + 1), flat[starts], counts)


def _entries(captions: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The n-grams that each photograph's references [N, C, T] have.

    Returns:
        How many each photograph has (int [N]); photograph after photograph, the n-grams in
        ascending order (uint64 [E]), and how often each reference has them (int [E, C]).
    """
    photographs, references, _ = captions.shape
    found = _ngrams(captions.reshape(photographs * references, -1))
    caption = found.lines // LONGEST_NGRAM
    photograph, reference = caption // references, caption % references
    sorting = np.lexsort((found.keys, photograph))
    photograph, keys = photograph[sorting], found.keys[sorting]
    first = np.ones(len(keys), bool)
    first[1:] = (keys[1:] != keys[:-1]) | (photograph[1:] != photograph[:-1])
    entry = np.cumsum(first) - 1
    kind = np.min_scalar_type(int(found.counts.max(initial=0)))
    counts = np.zeros((first.sum(), references), kind)
    counts[entry, reference[sorting]] = found.counts[sorting]
    return np.bincount(photograph[first], minlength=photographs), keys[first], counts


def padded(references: Sequence[Sequence[Sequence[int]]], most: int) -> np.ndarray:
    """Captions as one array.

    Args:
        references: of each of n photographs, as ids of words.
        most: C, captions of a photograph at most.

    Returns:
        Word ids, int64 [n, C, T], padded with 0; T words in the longest.
    """
    longest = max(len(caption) for captions in references for caption in captions)
    words = np.zeros((len(references), most, longest), np.int64)
    for n, captions in enumerate(references):
        for c, caption in enumerate(captions):
            words[n, c, : len(caption)] = caption
    return words


def _sums(place: np.ndarray, values: np.ndarray, places: int) -> np.ndarray:
    """Adds up the rows of values [n, C] by their place: float64 [places, C]."""
    sums = [np.bincount(place, column, places) for column in values.T]
    return np.stack(sums, axis=1).astype(np.float64)  # of nothing, bincount makes whole numbers
