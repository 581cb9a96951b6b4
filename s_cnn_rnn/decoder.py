"""The recurrent decoder: whole sequences under teacher forcing and single steps, same weights."""

import keras
from keras import ops

from s_cnn_rnn.recurrent import CELLS
from s_cnn_rnn.vocabulary import FIRST_OUTPUT, PADDING


@keras.saving.register_keras_serializable(package="s_cnn_rnn")
class Decoder(keras.layers.Layer):
    """Writes words: x_t = E a_{t-1}, h_t = LSTM(x_t, h_{t-1}, c_{t-1}), y_t = softmax(W h_t + b).

    Eq. 3. Where the interface is late fusion, the softmax sees a multimodal layer instead of h_t:
    activation(U_h h_t + Ie's map), fig. 1(c).

    Args:
        words: number of ids, padding and START included.
        units: width of the state.
        word_embedding: width of E's columns.
        cell: a name of `recurrent.CELLS`.
        activation: the cell's.
        multimodal: whether a multimodal layer stands before the softmax (late fusion).
        dropout: part of the word embedding and of h_t (not of the state) dropped in training.

    Call arguments:
        words: int32 [B, C, T], START ... END, padded with 0: C annotations of each photograph.
        opening: what the interface gave, a dictionary of float [B, ...].

    Returns:
        log p of each next word, float32 [B, C, T - 1]; exactly 0 where it is padding.
    """

    def __init__(
        self,
        words: int,
        *,
        units: int = 512,
        word_embedding: int = 512,
        cell: str = "lstm",
        activation: str = "relu",
        multimodal: bool = False,
        dropout: float = 0.0,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.units = units
        self.word_embedding = word_embedding
        self.embedding = keras.layers.Embedding(words, word_embedding, name="embedding")
        self.cell = CELLS[cell](units, activation=activation, name="cell")
        self.multimodal = (
            keras.layers.Dense(units, name="multimodal") if multimodal else None
        )
        self.output_layer = keras.layers.Dense(words - FIRST_OUTPUT, name="output")
        self.dropout_of_input = keras.layers.Dropout(dropout, name="dropout_of_input")
        self.dropout_of_output = keras.layers.Dropout(dropout, name="dropout_of_output")

    def build(self, words_shape=None, opening_shape=None):
        """Makes all weights; their shapes do not depend on the inputs."""
        self.embedding.build((None, None))
        self.cell.build((None, self.word_embedding))
        if self.multimodal is not None:
            self.multimodal.build((None, self.units))
        self.output_layer.build((None, self.units))
        self.built = True

    def begin(self, opening: dict) -> dict:
        """The state before START: {"h", "c"} [B, units], and "image" under late fusion."""
        batch = ops.shape(next(iter(opening.values())))[0]
        zeros = ops.zeros((batch, self.units), self.compute_dtype)
        state = {name: opening.get(name, zeros) for name in self.cell.state_names}
        if "input" in opening:
            state = self.cell.step(self.cell.project(opening["input"]), state)
        if self.multimodal is not None:
            state["image"] = opening["image"]
        return state

    def step(self, word_ids, state: dict):
        """One word in, the distribution over the next one out.

        Args:
            word_ids: int32 [N].
            state: from `begin` or an earlier step, tensors [N, ...].

        Returns:
            log p [N, outputs] (output j means id j + FIRST_OUTPUT), and the new state.
        """
        projected = self.cell.project(self.embedding(word_ids))
        state = {**state, **self.cell.step(projected, state)}
        return ops.log_softmax(self._logits(state["h"], state.get("image"), False)), state

    def call(self, words, opening, training=False):
        """Teacher forcing: the log likelihood of every word given the true words before it."""
        captions, length = words.shape[1], words.shape[2]
        sequences = ops.reshape(words, (-1, length))  # [B, C, T] -> [N, T]
        state = {
            name: ops.repeat(value, captions, axis=0) for name, value in self.begin(opening).items()
        }  # [B, ...] -> [N, ...]
        states = self._states(sequences[:, :-1], state, training)  # [N, T - 1, U]
        image = state.get("image")
        image = None if image is None else image[:, None]
        likelihood = self._log_likelihood(states, image, sequences[:, 1:], training)
        return ops.reshape(likelihood, (-1, captions, length - 1))

    def _states(self, sequences, state, training):
        """h_t for every input word: int [N, T] -> [N, T, U]."""
        embedded = self.dropout_of_input(self.embedding(sequences), training=training)
        projected = self.cell.project(embedded)  # all W_x x_t in one product
        outputs = []
        for t in range(sequences.shape[1]):
            state = self.cell.step(projected[:, t], state)
            outputs.append(state["h"])
        return ops.stack(outputs, axis=1)

    def _log_likelihood(self, states, image, targets, training):
        """log p of the targets [N, T] from h [N, T, U]; the softmax runs on real words only."""
        length = targets.shape[1]
        if image is not None:
            image = ops.broadcast_to(image, ops.shape(states))
            image = ops.reshape(image, (-1, self.units))
        states = ops.reshape(states, (-1, self.units))  # [N * T, U]
        targets = ops.reshape(targets, (-1,))
        real = real_positions(targets != PADDING)
        if real is not None:
            image = None if image is None else ops.take(image, real, axis=0)
            states, true = ops.take(states, real, axis=0), ops.take(targets, real, axis=0)
        else:
            true = ops.maximum(targets, FIRST_OUTPUT)
        logits = self._logits(states, image, training)
        likelihood = -keras.losses.sparse_categorical_crossentropy(
            true - FIRST_OUTPUT, logits, from_logits=True
        )
        if real is not None:
            likelihood = ops.scatter(real[:, None], likelihood, ops.shape(targets))
        else:
            likelihood = ops.where(targets != PADDING, likelihood, 0.0)
        return ops.reshape(likelihood, (-1, length))

    def _logits(self, h, image, training):
        """[M, U] -> float32 [M, outputs]."""
        if self.multimodal is not None:
            h = self.cell.activation(self.multimodal(h) + image)
        h = self.dropout_of_output(h, training=training)
        return ops.cast(self.output_layer(h), "float32")

    def compute_output_shape(self, words_shape, opening_shape=None):
        """[B, C, T - 1]."""
        return (*words_shape[:2], words_shape[2] - 1)


def real_positions(mask):
    """Where the mask [M] is true, int32 [R], or None where shapes must be static.

    The number of real words differs from batch to batch. TensorFlow's graph takes that; a JAX
    trace does not, and there the caller computes every position and masks.
    """
    if keras.backend.backend() != "tensorflow":
        return None
    return ops.cast(ops.nonzero(mask)[0], "int32")
