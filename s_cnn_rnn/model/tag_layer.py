"""Labels from user tags: the multi-layer perceptron of section 4.2."""

import keras
from keras import ops

from s_cnn_rnn.model.semantic import log_odds


@keras.saving.register_keras_serializable(package="s_cnn_rnn")
class TagLayer(keras.layers.Layer):
    """Predicts k concepts from a photograph's tags: W2 relu(W1 t + b1) + b2.

    It is pretrained alone; then its logits are added to the image's to make s_hat (section 4.2).

    Departure: the log-odds of the concepts' frequencies, which both start from, are subtracted from
    the sum, so that they count once. A constant: the biases of both could hold it. Without a prior
    nothing is subtracted, and the sum is the paper's.

    Args:
        concepts: k, the number of concepts.
        units: width of the hidden layer; the paper's is 256.
        dropout: part of the hidden layer dropped in training, 0 to 1.
        prior: how often each concept occurs in the train split, float [k], 0 to 1; the bias starts
            at its log-odds. None starts it at zero.

    Call arguments:
        tags: float32 [B, number of tags], 0 or 1.
        image_logits: float32 [B, k], or None for the tags alone.

    Returns:
        Concept logits, float32 [B, k].
    """

    def __init__(
        self, concepts: int, *, units: int = 256, dropout: float = 0.0, prior=None, **kwargs
    ):
        # Under mixed precision the image's logits, and what is added to them, stay float32.
        super().__init__(autocast=False, **kwargs)
        self.concepts = concepts
        self.hidden = keras.layers.Dense(units, activation="relu", name="hidden")
        self.dropout = keras.layers.Dropout(dropout, name="dropout")
        self.prior = prior
        self.dense = keras.layers.Dense(concepts, bias_initializer=log_odds(prior), name="dense")

    def build(self, tags_shape):
        """Makes the weights for this number of tags."""
        self.hidden.build(tags_shape)
        self.dense.build((None, self.hidden.units))
        self.prior_logits = self.add_weight(
            shape=(self.concepts,),
            initializer=log_odds(self.prior),
            trainable=False,
            name="prior_logits",
        )
        self.built = True

    def call(self, tags, image_logits=None, training=False):
        """The logits of the concepts, from the tags alone or with the image's logits added."""
        hidden = self.dropout(self.hidden(tags), training=training)
        logits = ops.cast(self.dense(hidden), "float32")
        if image_logits is None:
            return logits
        # Both layers start at the log-odds of the concepts' frequencies, and either alone ends
        # near them on average; without the subtraction the prior would count twice at the start.
        return image_logits + logits - self.prior_logits

    def compute_output_shape(self, tags_shape, image_logits_shape=None):
        """[B, k]."""
        return (tags_shape[0], self.concepts)
