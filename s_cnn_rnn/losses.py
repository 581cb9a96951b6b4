"""The two losses of eq. 4, with the paper's normalisation: sums over concepts and time steps.

Each gives one number a photograph, whose mean is the loss. Keras takes that mean itself, and only
then divides it among several devices; a scalar would count once on each of them.
"""

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
        sequences a photograph.
    """
    real = ops.cast(words[:, :, 0] != PADDING, log_likelihood.dtype)
    sequences = ops.mean(ops.sum(real, axis=-1))
    return -ops.sum(log_likelihood, axis=(1, 2)) / ops.maximum(sequences, 1e-6)


LOSSES = {"concepts": concept_loss, "words": word_loss}
