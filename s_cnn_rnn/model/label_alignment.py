"""Label lists in the order that the decoder itself prefers (predicted-label alignment).

Yazici et al.: Orderless Recurrent Models for Multi-label Classification, CVPR 2020. A set of
labels has no order; instead of teaching one, each step is taught the true label that the decoder
finds most likely there among those not yet written. (The original aligns what is left over after
right predictions by the Hungarian algorithm; here every step takes its most likely true label.)
"""

from collections.abc import Callable

import keras
from keras import ops

from s_cnn_rnn.vocabulary import END, FIRST_OUTPUT

PREDICTED_ORDER = "predicted"
"""The label order that this module stands for, beside `vocabulary.LABEL_ORDERS`."""


def preferred_order(step: Callable, state: dict, words):
    """Puts the labels of each sequence in the order that a decoder prefers.

    Args:
        step: see `Decoder.step`.
        state: before START, tensors [N, ...].
        words: int32 [N, T], START, labels, END, padded with 0.

    Returns:
        int32 [N, T], the same labels; no gradient goes through it.
    """
    longest = words.shape[1] - 2
    word_ids = words[:, 0]
    remaining = None
    ordered = [word_ids]
    for t in range(longest):
        log_p, state = step(word_ids, state)
        if remaining is None:
            remaining = _labels(words, log_p.shape[-1])
        true = ops.where(remaining, log_p, -1e30)
        word_ids = ops.cast(ops.argmax(true, axis=-1), "int32") + FIRST_OUTPUT
        # Where all labels are written, END and padding stay as they are.
        word_ids = ops.where(ops.any(remaining, axis=-1), word_ids, words[:, t + 1])
        written = ops.one_hot(word_ids - FIRST_OUTPUT, log_p.shape[-1], dtype="bool")
        remaining = ops.logical_and(remaining, ops.logical_not(written))
        ordered.append(word_ids)
    ordered.append(words[:, -1])
    return ops.stop_gradient(ops.stack(ordered, axis=1))


def _labels(words, outputs: int):
    """Bool [N, outputs]: the labels among the words of each sequence."""
    is_label = words > END
    places = ops.where(is_label, words - FIRST_OUTPUT, outputs)  # one_hot leaves it out
    return ops.any(ops.one_hot(places, outputs, dtype="bool"), axis=1)


class PreferredOrder(keras.layers.Layer):
    """`preferred_order` of each photograph's annotations, as a layer.

    Args:
        decoder: whose preference counts.

    Call arguments:
        words: int32 [B, C, T].
        opening: what the interface gave, see `Decoder`.
    """

    def __init__(self, decoder: keras.layers.Layer, **kwargs):
        super().__init__(**kwargs)
        self.decoder = decoder

    def call(self, words, opening):
        """The words in another order, int32 [B, C, T]."""
        captions, length = words.shape[1:]
        state = {
            name: ops.repeat(value, captions, axis=0)
            for name, value in self.decoder.begin(opening).items()
        }
        flat = ops.reshape(words, (-1, length))
        return ops.reshape(preferred_order(self.decoder.step, state, flat), (-1, captions, length))

    def compute_output_shape(self, words_shape, opening_shape=None):
        """That of the words."""
        return words_shape
