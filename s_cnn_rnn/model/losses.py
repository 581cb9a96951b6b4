"""The losses of eq. 4, with the paper's normalisation: sums over concepts and time steps.

Each gives one number a photograph, whose mean is the loss. Keras takes that mean itself, and only
then divides it among several devices; a scalar would count once on each of them.
"""

import dataclasses
from collections.abc import Callable

import keras
import numpy as np
from keras import ops

from s_cnn_rnn.vocabulary import PADDING


def concept_loss(concepts, logits):
    """Lu (eq. 5, with the minus it lacks): cross entropy, summed over k, averaged over photographs.

    Args:
        concepts: the true s, float [B, k], 0 or 1.
        logits: of s_hat, float [B, k].

    Returns:
        float [B]. Keras's own binary cross entropy is a mean over k: k times smaller.
    """
    concepts = ops.cast(concepts, logits.dtype)
    each = ops.relu(logits) - logits * concepts + ops.log1p(ops.exp(-ops.abs(logits)))
    return ops.sum(each, axis=-1)


def word_loss(words, log_likelihood):
    """Lr (section 3.3): negative log likelihood, summed over time steps, averaged over sequences.

    Args:
        words: int [B, C, T], START ... END, padded with 0. A sequence of padding alone
            (a photograph with fewer annotations than C) does not count.
        log_likelihood: log p of words[:, :, 1:], float [B, C, T - 1], 0 where that is padding.

    Returns:
        float [B]: each photograph's sum over its sequences, over the batch's mean number of
        sequences a photograph. Several devices take the mean of their own part of the batch: they
        differ from one device where photographs have unequal numbers of sequences.
    """
    real = ops.cast(words[:, :, 0] != PADDING, log_likelihood.dtype)
    sequences = ops.mean(ops.sum(real, axis=-1))
    return -ops.sum(log_likelihood, axis=(1, 2)) / ops.maximum(sequences, 1e-6)


def softmax_loss(concepts, logits):
    """Cross entropy of a softmax over all labels with the normalised label vector.

    Gong et al. 2014 (Deep convolutional ranking), eq. 2. Without a label there is nothing to learn.

    Args:
        concepts: float [B, k], 0 or 1.
        logits: float [B, k].

    Returns:
        float [B].
    """
    concepts = ops.cast(concepts, logits.dtype)
    target = concepts / ops.maximum(ops.sum(concepts, axis=-1, keepdims=True), 1.0)
    return -ops.sum(target * ops.log_softmax(logits), axis=-1)


def asymmetric_loss(concepts, logits):
    """Focusing weakened for positives and negatives apart (Ridnik et al. 2021, eq. 5 to 7).

        L+ = (1 - p)^GAMMA_POSITIVE log p
        L- = q^GAMMA_NEGATIVE log(1 - q),  q = max(p - MARGIN, 0)

    Args:
        concepts: float [B, k], 0 or 1.
        logits: float [B, k].

    Returns:
        float [B], summed over k as `concept_loss` is.
    """
    concepts = ops.cast(concepts, logits.dtype)
    p = ops.sigmoid(logits)
    shifted = ops.maximum(p - MARGIN, 0.0)
    # (1 - p)^gamma by its logarithm: where 1 - p is exactly 0, a power's gradient is no number.
    focus = ops.exp(GAMMA_POSITIVE * ops.log_sigmoid(-logits))
    positive = focus * ops.log_sigmoid(logits)
    negative = shifted**GAMMA_NEGATIVE * ops.log1p(-shifted)
    return -ops.sum(concepts * positive + (1 - concepts) * negative, axis=-1)


GAMMA_POSITIVE, GAMMA_NEGATIVE, MARGIN = 0.0, 4.0, 0.05
"""Of `asymmetric_loss`, as its authors set them."""


def warp_loss(concepts, logits, *, noise):
    """Weighted approximate-rank pairwise loss (Gong et al. 2014, eq. 4; Weston et al. 2011).

    For each true label, false ones are drawn until one comes within a margin of 1 of it or above,
    at trial s; the pair's hinge counts with the weight 1 + 1/2 + ... + 1/r, where
    r = floor((k - 1) / s) estimates the true label's rank.

    Departures: false labels are drawn without replacement, in an order drawn for each true label,
    so that one that violates is always found where there is one; Weston et al. draw with
    replacement, and one true label at a step, where here all of a photograph's count.

    Args:
        concepts: float [B, k], 0 or 1.
        logits: float [B, k].
        noise: float [B, k, k]; the false labels of true label j are drawn in the order of
            noise[:, j].

    Returns:
        float [B].
    """
    true = ops.cast(concepts, "bool")
    k = logits.shape[-1]
    hinge = 1 - logits[:, :, None] + logits[:, None, :]  # [B, true j, false n]
    false = ops.logical_not(true)[:, None, :]
    late = ops.full_like(noise, np.inf)
    violating = ops.where(ops.logical_and(false, hinge > 0), noise, late)
    first = ops.min(violating, axis=-1, keepdims=True)  # [B, k, 1], inf where nothing violates
    trials = ops.sum(ops.cast(ops.logical_and(false, noise <= first), "int32"), axis=-1)
    rank = (k - 1) // ops.maximum(trials, 1)
    weights = ops.take(ops.convert_to_tensor(_rank_weights(k), logits.dtype), rank)
    found = ops.logical_and(true, ops.isfinite(first[..., 0]))
    chosen = ops.sum(ops.where(violating == first, hinge, 0.0), axis=-1)
    return ops.sum(ops.where(found, weights * chosen, 0.0), axis=-1)


def _rank_weights(k: int) -> np.ndarray:
    """1 + 1/2 + ... + 1/r for r = 0 ... k - 1."""
    return np.concatenate([[0.0], np.cumsum(1 / np.arange(1, k))]).astype("float32")


def _sampled_warp(concepts, logits, *, sampling):
    noise = keras.random.uniform((*ops.shape(logits), logits.shape[-1]), seed=sampling)
    return warp_loss(concepts, logits, noise=noise)


@dataclasses.dataclass(frozen=True)
class ConceptLoss:
    """A way to learn concepts.

    Args:
        loss: (concepts, logits) -> float [B].
        probabilities: concept logits [B, k] -> scores, 0 to 1.
        draws: whether ``loss`` draws at random, from ``sampling`` (a
            `keras.random.SeedGenerator`).
    """

    loss: Callable
    probabilities: Callable = ops.sigmoid
    draws: bool = False


CONCEPT_LOSSES = {
    "logistic": ConceptLoss(concept_loss),
    "softmax": ConceptLoss(softmax_loss, probabilities=ops.softmax),
    "warp": ConceptLoss(_sampled_warp, draws=True),
    "asymmetric": ConceptLoss(asymmetric_loss),
}
