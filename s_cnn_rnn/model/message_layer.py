"""Concepts of two layers that send each other messages: a structured inference neural network.

Hu, Zhou, Deng, Liao, Mori: Learning Structured Inference Neural Networks with Label Relations,
CVPR 2016. There the layers are NUS-WIDE's tags, groups and labels; sets without groups have two.

Departures: two layers; relations are learnt whole, where the original masks them by a graph of
known ones; messages to the observed tags, and among them, are left out, since nobody asks for the
tags; a tag that is missing is unknown, not false. The CNN is not trained.
"""

import math

import keras
from keras import ops

from s_cnn_rnn.model.semantic import log_odds

SURE = 0.99
"""How sure an observed tag is: its activation is the log-odds of this."""


def activation_of_observed(tags):
    """The activation whose sigmoid is `SURE` for a given tag, and 0, unknown, for all others.

    Section 3.3 there turns observed concepts into activations by the reverse of the sigmoid. A
    missing user tag says little, so it is not taken as observed.
    """
    return tags * math.log(SURE / (1 - SURE))


class _Message(keras.layers.Layer):
    """relu(V+ a) - relu(V- a): agreeing and contradicting concepts, eq. 6 and 7 there.

    The original masks V+ and V- by a graph of known relations; here both are learnt whole.
    """

    def __init__(self, units: int, **kwargs):
        super().__init__(**kwargs)
        # Small: the messages begin as a correction of what each layer says by itself.
        small = keras.initializers.RandomNormal(stddev=0.01)
        options = {"activation": "relu", "use_bias": False, "kernel_initializer": small}
        self.agreeing = keras.layers.Dense(units, name="agreeing", **options)
        self.contradicting = keras.layers.Dense(units, name="contradicting", **options)

    def build(self, shape):
        self.agreeing.build(shape)
        self.contradicting.build(shape)
        self.built = True

    def call(self, activation):
        return self.agreeing(activation) - self.contradicting(activation)


@keras.saving.register_keras_serializable(package="s_cnn_rnn")
class MessageLayer(keras.layers.Layer):
    """Concept logits from features and observed tags, by messages in both directions.

    The upper layer (concepts) starts at x = W F + b, the lower one at y = the activations of the
    observed tags. With M the message from the tags and R those among the concepts:

        top-down:   d = x + Rd(x)
        bottom-up:  u = x + M(y) + Ru(x)
        logits = U_d d + U_u u + b

    Eq. 5 to 8 there for the upper of two layers. What reaches the tags is left out, since nobody
    asks for them, and so are messages among the tags.

    Args:
        concepts: k.
        dropout: part of F dropped in training, 0 to 1.
        prior: see `semantic.SemanticLayer`.

    Call arguments:
        features: F, float32 [B, D].
        tags: observed, float32 [B, number of tags], 0 or 1.

    Returns:
        Concept logits, float32 [B, k].
    """

    sees = ("tags",)

    def __init__(self, concepts: int, *, dropout: float = 0.0, prior=None, **kwargs):
        super().__init__(**kwargs)
        self.concepts = concepts
        self.dropout = keras.layers.Dropout(dropout, name="dropout")
        self.own = keras.layers.Dense(concepts, bias_initializer=log_odds(prior), name="own")
        self.from_tags = _Message(concepts, name="from_tags")
        self.within_down = _Message(concepts, name="within_down")
        self.within_up = _Message(concepts, name="within_up")
        half = keras.initializers.Identity(gain=0.5)
        self.down = keras.layers.Dense(concepts, kernel_initializer=half, name="down")
        self.up = keras.layers.Dense(concepts, kernel_initializer=half, use_bias=False, name="up")

    def build(self, features_shape, tags_shape):
        """Makes the weights for features and tags of these shapes."""
        self.own.build(features_shape)
        self.from_tags.build(tags_shape)
        for part in (self.within_down, self.within_up, self.down, self.up):
            part.build((None, self.concepts))
        self.built = True

    def call(self, features, tags, training=False):
        """The logits of the concepts."""
        own = self.own(self.dropout(features, training=training))
        down = own + self.within_down(own)
        up = own + self.from_tags(activation_of_observed(tags)) + self.within_up(own)
        return ops.cast(self.down(down) + self.up(up), "float32")

    def compute_output_shape(self, features_shape, tags_shape=None):
        """[B, k]."""
        return (features_shape[0], self.concepts)
