"""Which concepts carried which word: exact shares of the log probability of each word written.

The decoder is told of a photograph by s_hat [k]. With f_t(s) = log p(w_t | w_1 ... w_{t-1}, s) of
the words written, and s0 the concepts of a usual photograph, the contribution of concept j to word
t is its integrated gradient (Sundararajan et al. 2017) on the straight line from s0 to s_hat:

    C_tj = (s_hat_j - s0_j) integral_0^1 df_t/ds_j (s0 + a (s_hat - s0)) da,
    sum_j C_tj = f_t(s_hat) - f_t(s0).

The interface is linear in s_hat, so the line is one in the decoder's first state as well, and
concept j's share of that state, (s_hat_j - s0_j) W_j, is multiplied by one and the same mean
gradient: shares of the state and shares of the word are the same thing. What the decoder
sees beside s_hat (features, places of the photograph) stays as it is.
"""

import dataclasses
from collections.abc import Callable

import numpy as np
from keras import ops

from s_cnn_rnn.annotating.annotation import usual_concepts
from s_cnn_rnn.explaining.gradients import values_and_gradient
from s_cnn_rnn.model.annotation_model import AnnotationModel
from s_cnn_rnn.model.system import EMBEDDINGS
from s_cnn_rnn.vocabulary import PADDING

POINTS = 24
"""Points of the integral (Gauss and Legendre's)."""

ROWS = 256
"""Sequences that go through the decoder at once."""


@dataclasses.dataclass(frozen=True, eq=False)
class Contributions:
    """Of the k concepts to the T words of one text.

    Args:
        values: C, float64 [T, k], in nats.
        slopes: the mean gradient, float64 [T, k]: C over s_hat - s0, and defined where that is 0.
        log_probabilities: f_t(s_hat), float64 [T].
        usual_log_probabilities: f_t(s0), float64 [T].
        corrections: what the sum over concepts lacked before it was made up for, float64 [T].
    """

    values: np.ndarray
    slopes: np.ndarray
    log_probabilities: np.ndarray
    usual_log_probabilities: np.ndarray
    corrections: np.ndarray


def usual_s_hat(model: AnnotationModel) -> np.ndarray:
    """s0: how often each concept occurs in training photographs, float32 [k].

    The interface's own centre where it has one; else estimated from the words' counts; 0 where
    neither is known.
    """
    k = len(model.learnt_concepts)
    if model.interface.centre is not None and "concepts" in EMBEDDINGS[model.system.embedding]:
        return np.array(ops.convert_to_numpy(model.interface.centre), np.float32)[-k:]
    usual = usual_concepts(model.vocabulary)
    return np.array([usual.get(word, 0.0) for word in model.learnt_concepts], np.float32)


class WordLikelihoods:
    """f_t of given texts, for any s_hat.

    Args:
        model: has a decoder.
        inputs: what it sees of one photograph beside s_hat, float32 [1, ...] each.
        words: the T words' ids, START before and END behind them.
    """

    def __init__(self, model: AnnotationModel, inputs: dict[str, np.ndarray], words: list[int]):
        self.model, self.inputs = model, inputs
        self.words = np.array(words, np.int32)
        self.count = len(words) - 2

    def of_all(self, concepts: np.ndarray | None) -> np.ndarray:
        """f_t for all t, float64 [R, T], from s_hat float32 [R, k] (None where there is none)."""
        total = 1 if concepts is None else len(concepts)
        parts = []
        for start in range(0, total, ROWS):
            part = None if concepts is None else concepts[start : start + ROWS]
            rows = 1 if part is None else len(part)
            words = np.repeat(self.words[None, None], rows, axis=0)
            found = self._likelihoods(self._repeated(rows), part, words)
            parts.append(ops.convert_to_numpy(found)[:, : self.count].astype(np.float64))
        return np.concatenate(parts)

    def gradients(self, concepts: np.ndarray) -> np.ndarray:
        """df_t/ds, float64 [T, R, k], at s_hat float32 [R, k]."""
        rows, k = concepts.shape
        points = np.tile(concepts, (self.count, 1))  # [T * R, k]
        places = np.repeat(np.arange(self.count), rows)
        return self.per_word(
            lambda s_hat, inputs, words: self._likelihoods(inputs, s_hat, words), points, places
        ).reshape(self.count, rows, k)

    def per_word(self, likelihoods: Callable, points: np.ndarray, places: np.ndarray) -> np.ndarray:
        """Gradients of one word each, float64 as ``points``.

        Args:
            likelihoods: (points of some rows, inputs, words [R, 1, L]) -> log p [R, L - 1].
            points: where the gradients are taken, float32 [R, ...].
            places: which of the T words, int [R].
        """
        gradient = np.empty(points.shape, np.float64)
        for start in range(0, len(points), ROWS):
            part = slice(start, start + ROWS)
            place = places[part]
            words, inputs = self._up_to(place), self._repeated(len(place))

            def of_rows(values, words=words, inputs=inputs, place=place):
                found = likelihoods(values, inputs, words)
                wanted = ops.convert_to_tensor(place[:, None], "int32")
                return ops.take_along_axis(found, wanted, axis=1)[:, 0]

            gradient[part] = values_and_gradient(of_rows, points[part])[1]
        return gradient

    def _up_to(self, places: np.ndarray) -> np.ndarray:
        """The words up to each place, padded: what follows does not matter."""
        longest = places.max() + 2
        words = np.repeat(self.words[None, :longest], len(places), axis=0)
        words[np.arange(longest) > places[:, None] + 1] = PADDING
        return words[:, None]

    def _repeated(self, rows: int) -> dict[str, np.ndarray]:
        return {name: np.repeat(value, rows, axis=0) for name, value in self.inputs.items()}

    def _likelihoods(self, inputs, concepts, words):
        opening = self.model.opening(self.model.seen(inputs, concepts))
        return self.model.decoder(words, opening)[:, 0]


def contributions(
    likelihoods: WordLikelihoods, concepts: np.ndarray, usual: np.ndarray, *, points: int = POINTS
) -> Contributions:
    """The contribution of each concept to each word, by integrated gradients.

    Args:
        likelihoods: of the text.
        concepts: s_hat, float32 [k].
        usual: s0, float32 [k].
        points: of the integral. What their sum lacks (`Contributions.corrections`; less with more
            points) is added to the contributions in proportion to their sizes, so that they sum to
            f_t(s_hat) - f_t(s0) whatever the points.
    """
    places, weights = np.polynomial.legendre.leggauss(points)  # on -1 to 1
    along = ((places + 1) / 2)[:, None]
    line = (usual + along * (concepts - usual)).astype(np.float32)
    slopes = np.einsum("m,tmk->tk", weights / 2, likelihoods.gradients(line))
    now, before = likelihoods.of_all(np.stack([concepts, usual]))
    difference = concepts.astype(np.float64) - usual
    values = slopes * difference
    lacking = now - before - values.sum(axis=1)
    sizes = np.abs(values).sum(axis=1)
    part = np.divide(lacking, sizes, out=np.zeros_like(lacking), where=sizes > 0)
    slopes = slopes + part[:, None] * np.abs(slopes) * np.sign(difference)
    return Contributions(slopes * difference, slopes, now, before, lacking)


def stepwise_contributions(
    likelihoods: WordLikelihoods, concepts: np.ndarray, usual: np.ndarray
) -> Contributions:
    """Contributions where there is no gradient: concepts move one after the other.

    Attention to the surest concepts jumps where another becomes one of them. So s0 becomes s_hat
    concept by concept, those that differ most first, and again in the opposite order; a concept
    contributes what its own step gains, the mean of the two. They sum to f_t(s_hat) - f_t(s0).

    Args:
        likelihoods: of the text.
        concepts: s_hat, float32 [k].
        usual: s0, float32 [k].
    """
    difference = concepts.astype(np.float64) - usual
    order = np.argsort(-np.abs(difference), kind="stable")
    values = np.zeros((likelihoods.count, len(concepts)))
    for steps in (order, order[::-1]):
        rows = np.repeat(usual[None], len(steps) + 1, axis=0)
        for number, place in enumerate(steps, start=1):
            rows[number:, place] = concepts[place]
        found = likelihoods.of_all(rows)  # [k + 1, T]
        values[:, steps] += np.diff(found, axis=0).T / 2
    slopes = np.divide(values, difference, out=np.zeros_like(values), where=difference != 0)
    return Contributions(values, slopes, found[-1], found[0], np.zeros(likelihoods.count))


def by_leaving_out(
    likelihoods: WordLikelihoods,
    concepts: np.ndarray,
    usual: np.ndarray,
    places: np.ndarray | None = None,
) -> np.ndarray:
    """What each word loses when a concept alone is set to its usual value: exact, in one batch.

    f_t(s_hat) - f_t(s_hat with s_hat_j = s0_j). Unlike contributions they do not sum to anything:
    of two concepts that say the same, either may be left out.

    Args:
        likelihoods: of the text.
        concepts: s_hat, float32 [k].
        usual: s0, float32 [k].
        places: of the concepts that are left out, int [m]; None: all.

    Returns:
        float64 [T, m], in nats.
    """
    places = np.arange(len(concepts)) if places is None else places
    rows = np.repeat(concepts[None], len(places) + 1, axis=0)
    rows[np.arange(len(places)), places] = usual[places]
    found = likelihoods.of_all(rows)  # [m + 1, T]
    return (found[-1] - found[:-1]).T
