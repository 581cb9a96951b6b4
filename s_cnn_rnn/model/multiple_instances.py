"""Concepts detected place by place (multiple-instance learning), and `msr-captivator`.

`msr-captivator` follows Fang et al.: From Captions to Visual Concepts and Back, CVPR 2015: words
are detected (`MultipleInstances`), candidates are written from them, and these are put in another
order (`decoding.reranking`). Its writer is that of Devlin et al.: Language Models for Image
Captioning: The Quirks and What Works, ACL 2015, a gated recurrent unit (`recurrent.GRUCell`) that
sees the CNN's features; here it reads them and the detected words, joined, as if they were the
first word:

    x_{-1} = W [F; s_hat - centre] + b,  h_{-1} = GRU(x_{-1}, 0)

Departures: Fang et al. write candidates with a maximum-entropy language model, which is told the
detected words that are not in the sentence yet; Devlin et al. compare such a model and their GRU,
which sees no detected words, and combine the two. Here one decoder does both. The centre of s_hat,
and how large W is at its beginning, are settings, as in every system.
"""

import keras
import numpy as np
from keras import ops

TINY = 1e-5  # of S in `noisy_or`


@keras.saving.register_keras_serializable(package="s_cnn_rnn")
class MultipleInstances(keras.layers.Layer):
    """A concept is there if it is at any place (Fang et al., CVPR 2015, section 3).

    With phi_i the encoder's features at position i, and the concept j:

        p_ij = sigmoid(v_j . phi_i + u_j),  s_hat_j = 1 - prod_i (1 - p_ij)

    Eq. 2 and 1 there: the photograph is a bag of its places, and only the bag is labelled. The
    layer gives the log-odds of s_hat, so Lu is the same as in every system.

    Departures: the original resizes photographs to 565 pixels for 12 x 12 places, and runs VGG16's
    fully connected layers at each; here it is the encoder's feature map as it is. Concepts are the
    same k words as in every system, and s_hat is not cut at a threshold. Layers that an encoder has
    between the map and F (fc6 and fc7) learn nothing from the concepts.

    Args:
        concepts: k.
        dropout: part of the channels dropped in training, at all places at once.
        prior: how often each concept occurs in the train split, float [k]. At the start s_hat is
            the prior, of every photograph: v starts at zero. None: one half.

    Call arguments:
        features: F, not used: all that is seen is seen at a place.
        feature_map: [B, P, channels].

    Returns:
        Concept logits, float32 [B, k].
    """

    sees = ("feature_map",)

    def __init__(self, concepts: int, *, dropout: float = 0.0, prior=None, **kwargs):
        super().__init__(**kwargs)
        self.concepts = concepts
        self.prior = np.full(concepts, 0.5) if prior is None else np.asarray(prior, "float64")
        self.dropout = keras.layers.SpatialDropout1D(dropout, name="dropout")

    def build(self, features_shape, feature_map_shape):
        """Makes the weights for a map of this shape."""
        present = np.clip(self.prior, 1e-4, 1 - 1e-4)
        # log(1 - p_i) = log(1 - prior) / P at each place; its log-odds are log(exp(that) - 1).
        start = np.log(np.expm1(-np.log1p(-present) / feature_map_shape[1]))
        self.dense = keras.layers.Dense(
            self.concepts,
            kernel_initializer="zeros",
            bias_initializer=lambda shape, dtype=None: ops.convert_to_tensor(start, dtype),
            dtype=self.dtype_policy,
            name="dense",
        )
        self.dense.build(feature_map_shape)
        self.built = True

    def call(self, features, feature_map, training=False):
        """The logits of the concepts."""
        at_places = self.dense(self.dropout(feature_map, training=training))
        return noisy_or(ops.cast(at_places, "float32"))

    def compute_output_shape(self, features_shape, feature_map_shape=None):
        """[B, k]."""
        return (features_shape[0], self.concepts)


def noisy_or(logits):
    """The log-odds of 1 - prod_i (1 - sigmoid(l_i)): [..., P, k] -> [..., k], all in logs.

    With S = -log prod_i (1 - p_i) = sum_i softplus(l_i) they are log(exp(S) - 1). Where S is so
    small that it may vanish in float32, that is log sum_i exp(l_i), but for a part S of it.
    """
    absent = ops.sum(ops.softplus(logits), axis=-2)  # S
    unlikely = ops.logsumexp(logits, axis=-2)
    # Where the other branch is taken, this one must be finite, too: gradients go through both.
    bounded = ops.maximum(absent, TINY)
    likely = bounded + ops.log(-ops.expm1(-bounded))
    return ops.where(absent < TINY, unlikely, likely)
