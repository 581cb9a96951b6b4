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
    attention_penalty: float = 0.0  # weight of what it adds to the loss beside Lr (see `Decoder`)

    def projected_words(self):
        """What `step` takes as its third argument; None where it takes none (see `Decoder`)."""
        return None

    def log_likelihood(self, seen, targets, training):
        """Log p of the targets [...] from [..., U]; meaningless where a target is padding."""
        return self.log_likelihood_and_logits(seen, targets, training)[0]

    def packed_log_likelihood(self, seen, targets, training):
        """The same of packed words, [R, U] and [R], quicker; for TensorFlow (`packed_softmax`)."""
        from s_cnn_rnn.model import packed_softmax

        seen = self.dropout_of_output(seen, training=training)
        smoothing = self.label_smoothing if training else 0.0
        targets = ops.cast(targets, "int32")  # Keras casts what comes from another layer
        outputs = ops.maximum(targets, FIRST_OUTPUT) - FIRST_OUTPUT
        return packed_softmax.log_likelihood(self.output_layer, seen, outputs, smoothing)

    def log_likelihood_and_logits(self, seen, targets, training):
        """The same, and the logits [..., outputs]; in training the targets are smoothed."""
        outputs = ops.maximum(targets, FIRST_OUTPUT) - FIRST_OUTPUT
        seen = self.dropout_of_output(seen, training=training)
        logits = ops.cast(self.output_layer(seen), "float32")
        loss = keras.losses.sparse_categorical_crossentropy(outputs, logits, from_logits=True)
        if training and self.label_smoothing:
            loss = loss + self.label_smoothing * self._above_mean(seen, outputs)
        return -loss, logits

    def _above_mean(self, seen, outputs):
        """By how much the target's logit is above the mean logit, [...].

        Cross-entropy with a target that gives each output eps / outputs more and the true word eps
        less is -log p + eps (logit - mean logit). Both are linear in what is seen, so no second
        matrix of the logits' size is made.
        """
        kernel, bias = (ops.cast(w, "float32") for w in self.output_layer.weights)
        seen = ops.cast(seen, "float32")
        direction = ops.take(ops.transpose(kernel), outputs, axis=0) - ops.mean(kernel, axis=1)
        return ops.sum(seen * direction, axis=-1) + ops.take(bias, outputs) - ops.mean(bias)

    def logits(self, seen):
        """[..., U] -> float32 [..., outputs], nothing dropped."""
        return ops.cast(self.output_layer(seen), "float32")

    def compute_output_shape(self, words_shape, opening_shape=None, drawn_shape=None):
        """[B, C, T - 1]."""
        return (*words_shape[:2], words_shape[2] - 1)
