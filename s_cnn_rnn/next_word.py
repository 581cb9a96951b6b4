"""What all decoders share: from what a step has seen to the likelihood of the next word."""

import keras
from keras import ops

from s_cnn_rnn.vocabulary import FIRST_OUTPUT


class NextWord(keras.layers.Layer):
    """A decoder's last layer and its loss; the base of all decoders.

    A decoder is called with whole annotations under teacher forcing (``words`` [B, C, T] and the
    interface's ``opening`` -> log p [B, C, T - 1]), and has ``begin(opening) -> state`` and
    ``step(word_ids [N], state) -> (log p [N, outputs], state)``, which decoding uses. The state is
    a dictionary of tensors [N, ...], all of which a beam gathers.

    It makes its own `output_layer`, `dropout_of_output` and `label_smoothing`: initial values
    depend on the order in which layers are made.
    """

    output_layer: keras.layers.Dense
    dropout_of_output: keras.layers.Dropout
    label_smoothing: float

    def log_likelihood(self, seen, targets, training):
        """Log p of the targets [...] from [..., U]; meaningless where a target is padding."""
        return self.log_likelihood_and_logits(seen, targets, training)[0]

    def log_likelihood_and_logits(self, seen, targets, training):
        """The same, and the logits [..., outputs]; in training the targets are smoothed."""
        outputs = ops.maximum(targets, FIRST_OUTPUT) - FIRST_OUTPUT
        logits = self.logits(seen, training)
        if training and self.label_smoothing:
            truth = ops.one_hot(outputs, logits.shape[-1])
            loss = keras.losses.categorical_crossentropy(
                truth, logits, from_logits=True, label_smoothing=self.label_smoothing
            )
        else:
            loss = keras.losses.sparse_categorical_crossentropy(outputs, logits, from_logits=True)
        return -loss, logits

    def logits(self, seen, training):
        """[..., U] -> float32 [..., outputs]."""
        seen = self.dropout_of_output(seen, training=training)
        return ops.cast(self.output_layer(seen), "float32")

    def compute_output_shape(self, words_shape, opening_shape=None, drawn_shape=None):
        """[B, C, T - 1]."""
        return (*words_shape[:2], words_shape[2] - 1)
