"""The semantic layer: feature vector F -> concept logits (section 3.2)."""

import keras
import numpy as np


@keras.saving.register_keras_serializable(package="s_cnn_rnn")
class SemanticLayer(keras.layers.Layer):
    """Predicts k concepts from the photograph's features; s_hat = sigmoid(logits).

    Args:
        concepts: k, the number of concepts.
        dropout: part of F dropped in training, 0 to 1. It keeps s_hat on training photographs like
            s_hat on new ones, which is what the decoder will be fed with.
        prior: how often each concept occurs in the train split, float [k], 0 to 1. The bias starts
            at its log-odds, so that training starts at the loss of the marginal frequencies. None
            starts it at zero.

    Call arguments:
        features: float32 [B, D].

    Returns:
        Concept logits, float32 [B, k].
    """

    sees: tuple[str, ...] = ()

    def __init__(self, concepts: int, *, dropout: float = 0.0, prior=None, **kwargs):
        super().__init__(**kwargs)
        self.concepts = concepts
        self.dropout = keras.layers.Dropout(dropout, name="dropout")
        self.dense = keras.layers.Dense(
            concepts, bias_initializer=log_odds(prior), dtype=self.dtype_policy, name="dense"
        )

    def build(self, features_shape):
        """Makes the weights for features of this shape."""
        self.dense.build(features_shape)
        self.built = True

    def call(self, features, training=False):
        """The logits of the concepts."""
        logits = self.dense(self.dropout(features, training=training))
        return keras.ops.cast(logits, "float32")

    def compute_output_shape(self, features_shape):
        """[B, k]."""
        return (features_shape[0], self.concepts)


def log_odds(prior):
    """An initialiser with the log-odds of the prior, float [k], 0 to 1; zeros without one."""
    if prior is None:
        return "zeros"
    prior = np.clip(np.asarray(prior, "float32"), 1e-4, 1 - 1e-4)
    values = np.log(prior) - np.log1p(-prior)
    return lambda shape, dtype=None: keras.ops.convert_to_tensor(values.reshape(shape), dtype)
