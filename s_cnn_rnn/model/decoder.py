"""The recurrent decoder: whole sequences under teacher forcing and single steps, same weights."""

from collections.abc import Sequence

import keras
from keras import ops

from s_cnn_rnn.model.concept_attention import attention_penalty as penalty_of
from s_cnn_rnn.model.fusion import Fusion, Widths
from s_cnn_rnn.model.fusions import FUSIONS
from s_cnn_rnn.model.next_word import NextWord
from s_cnn_rnn.model.recurrent import CELLS
from s_cnn_rnn.vocabulary import FIRST_OUTPUT, PADDING


@keras.saving.register_keras_serializable(package="s_cnn_rnn")
class Decoder(NextWord):
    """Writes words: x_t = E a_{t-1}, h_t = LSTM(x_t, h_{t-1}, c_{t-1}), y_t = softmax(W h_t + b).

    Eq. 3. A fusion may join more to x_t and to what the softmax sees (`fusion`).

    Args:
        words: number of ids, padding and START included.
        units: width of the state.
        word_embedding: width of E's columns.
        cell: a name of `recurrent.CELLS`.
        activation: the cell's.
        fusion: a name of `fusions.FUSIONS`.
        concept_ids: the word id of each concept, [k], where the fusion attends to concepts.
        prior: how often each concept occurs in the train split, float [k], or None; there, too.
        attention_penalty: there, weight of the penalty that the attention adds to the loss in
            training, under teacher forcing (`concept_attention.attention_penalty`).
        channels: of the feature map, where the fusion sees it.
        dropout: part of the word embedding and of h_t (not of the state) dropped in training.
        label_smoothing: part of a word's probability mass that the training target spreads evenly
            over all outputs (Szegedy et al. 2016); what is reported outside training is exact.
        packs: whether teacher forcing runs on real words only where the backend can (`packed`).

    Call arguments:
        words: int32 [B, C, T], START ... END, padded with 0: C annotations of each photograph.
        opening: what the interface gave, a dictionary of float [B, ...].
        drawn: scheduled sampling (Bengio et al. 2015): bool [B, C, T - 1], where the word that is
            read is drawn from what the decoder itself predicts there; None for nowhere.

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
        fusion: str = "none",
        concept_ids: Sequence[int] = (),
        prior: Sequence[float] | None = None,
        attention_penalty: float = 0.0,
        channels: int = 0,
        dropout: float = 0.0,
        label_smoothing: float = 0.0,
        packs: bool = True,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.units = units
        self.packs = packs
        self.label_smoothing = label_smoothing
        self.word_embedding = word_embedding
        self.embedding = keras.layers.Embedding(words, word_embedding, name="embedding")
        self.cell = CELLS[cell](units, activation=activation, name="cell")
        self.channels = channels
        self.fusion = FUSIONS[fusion](
            activation=activation, concept_ids=concept_ids, prior=prior, name="fusion"
        )
        attends = "concepts" in self.fusion.sees
        self.attention_penalty = attention_penalty if attends else 0.0
        self.output_layer = keras.layers.Dense(words - FIRST_OUTPUT, name="output")
        self.dropout_of_input = keras.layers.Dropout(dropout, name="dropout_of_input")
        self.dropout_of_output = keras.layers.Dropout(dropout, name="dropout_of_output")
        self.sampling = keras.random.SeedGenerator()

    def build(self, words_shape=None, opening_shape=None):
        """Makes all weights; their shapes do not depend on the inputs."""
        self.embedding.build((None, None))
        self.cell.build((None, self.word_embedding))
        projected = self.cell.gates * self.units
        self.fusion.build_for(Widths(self.units, self.word_embedding, projected, self.channels))
        self.output_layer.build((None, self.units))
        self.built = True

    def begin(self, opening: dict) -> dict:
        """The state before START: float32 {"h", "c"} [B, units], and what the fusion keeps."""
        batch = ops.shape(next(iter(opening.values())))[0]
        zeros = ops.zeros((batch, self.units), "float32")
        state = {
            name: ops.cast(opening.get(name, zeros), "float32") for name in self.cell.state_names
        }
        if "input" in opening:
            state = self.cell.step(self.cell.project(opening["input"]), state)
        return state | self.fusion.prepare(opening, self.embedding)

    def projected_words(self):
        """W_x E a + b of every word a, [ids, gates U]; None where a fusion acts before W_x.

        With it a step looks up what else is a matrix product: worth it where more words are read
        than there are ids, and the weights stay as they are.
        """
        if type(self.fusion).before is not Fusion.before:
            return None
        return self.cell.project(self.embedding.embeddings)

    def step(self, word_ids, state: dict, projected_words=None):
        """One word in, the distribution over the next one out.

        Args:
            word_ids: int32 [N].
            state: from `begin` or an earlier step, tensors [N, ...].
            projected_words: from `projected_words`, made of the present weights; or None.

        Returns:
            log p [N, outputs] (output j means id j + FIRST_OUTPUT), and the new state.
        """
        words = self.embedding(word_ids)
        if projected_words is None:
            projected = self.cell.project(self.fusion.before(words, state))
        else:
            projected = ops.take(projected_words, word_ids, axis=0)
        after = self._advance(projected, state)
        seen = self.fusion.after(after["h"], words, after)
        return ops.log_softmax(self.logits(seen)), {name: after[name] for name in state}

    def _advance(self, projected, state: dict) -> dict:
        """The state after a step of the recurrence, and what the fusion found there."""
        projected, found = self.fusion.within(projected, state)
        return {**state, **self.cell.step(projected, state), **found}

    def call(self, words, opening, drawn=None, training=False):
        """Teacher forcing: the log likelihood of every word given the true words before it."""
        captions, length = words.shape[1], words.shape[2]
        sequences = ops.reshape(words, (-1, length))  # [B, C, T] -> [N, T]
        state = {
            name: ops.repeat(value, captions, axis=0) for name, value in self.begin(opening).items()
        }  # [B, ...] -> [N, ...]
        if drawn is not None:
            drawn = ops.reshape(drawn, (-1, length - 1))
            likelihood = self._reading_its_own(sequences, state, drawn, training)
        elif self.packs and keras.backend.backend() == "tensorflow":
            likelihood = self._packed(sequences, state, training)
        else:
            likelihood = self._padded(sequences, state, training)
        return ops.reshape(likelihood, (-1, captions, length - 1))

    def _padded(self, sequences, state, training):
        """Log p of the words after the first: int [N, T] -> [N, T - 1]; every position is run."""
        constants = {name: state.pop(name)[:, None] for name in self.fusion.constants}
        embedded = self.dropout_of_input(self.embedding(sequences[:, :-1]), training=training)
        # All W_x x_t in one product.
        projected = self.cell.project(self.fusion.before(embedded, constants))
        steps = []
        for t in range(projected.shape[1]):
            state = self._advance(projected[:, t], state)
            steps.append(state)
        states = {
            name: ops.stack([step[name] for step in steps], axis=1)
            for name in ("h", *self.fusion.found)
        }  # [N, T - 1, U] each
        targets = sequences[:, 1:]
        seen = self.fusion.after(states["h"], embedded, constants | states)
        if training and self.attention_penalty:
            each = self.fusion.log_attention(states["h"], embedded, constants)
            self._penalise(each, sequences)
        likelihood = self.log_likelihood(seen, targets, training)
        return ops.where(targets != PADDING, likelihood, 0.0)

    def _packed(self, sequences, state, training):
        """The same, run on real words only; see `packed`."""
        from s_cnn_rnn.model import packed, packed_lstm

        packing = packed.pack(sequences)
        constants = {
            name: packed.repeat_for_steps(state.pop(name), packing)
            for name in self.fusion.constants
        }
        embedded = self.dropout_of_input(self.embedding(packing.inputs), training=training)
        projected = self.cell.project(self.fusion.before(embedded, constants))
        if packed_lstm.takes(self.cell) and not self.fusion.acts_within:
            states = {"h": packed_lstm.run(self.cell, projected, state, packing)}
        else:
            outputs = ("h", *self.fusion.found)
            states = packed.run(self._advance, projected, state, packing, outputs)
        seen = self.fusion.after(states["h"], embedded, constants | states)
        shape = (ops.shape(sequences)[0], sequences.shape[1] - 1)
        if training and self.attention_penalty:
            each = self.fusion.log_attention(states["h"], embedded, constants)
            self._penalise([packed.unpack(log, packing, shape) for log in each], sequences)
        likelihood = self.packed_log_likelihood(seen, packing.targets, training)
        return packed.unpack(likelihood, packing, shape)

    def _penalise(self, log_attention, sequences):
        """Adds to the loss what attention [N, T - 1, A] costs, a mean over sequences as Lr is."""
        real = ops.cast(sequences[:, 1:] != PADDING, "float32")
        count = ops.sum(ops.max(real, axis=1))
        total = sum(ops.sum(penalty_of(each, real)) for each in log_attention)
        self.add_loss(self.attention_penalty * total / ops.maximum(count, 1.0))

    def _reading_its_own(self, sequences, state, drawn, training):
        """As `_padded`, but some of the words read are drawn; one step after the other."""
        word_ids, likelihoods = sequences[:, 0], []
        for t in range(sequences.shape[1] - 1):
            words = self.dropout_of_input(self.embedding(word_ids), training=training)
            projected = self.cell.project(self.fusion.before(words, state))
            state = self._advance(projected, state)
            seen = self.fusion.after(state["h"], words, state)
            targets = sequences[:, t + 1]
            likelihood, logits = self.log_likelihood_and_logits(seen, targets, training)
            likelihoods.append(ops.where(targets != PADDING, likelihood, 0.0))
            if t + 1 < drawn.shape[1]:
                own = keras.random.categorical(ops.stop_gradient(logits), 1, seed=self.sampling)
                own = ops.cast(own[:, 0], "int32") + FIRST_OUTPUT
                word_ids = ops.where(drawn[:, t + 1], own, targets)
        return ops.stack(likelihoods, axis=1)
