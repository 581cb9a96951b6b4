"""A small transformer in the place of the recurrent decoder, with the same contract."""

import math

import keras
from keras import ops

from s_cnn_rnn.model.next_word import NextWord
from s_cnn_rnn.vocabulary import FIRST_OUTPUT, PADDING


@keras.saving.register_keras_serializable(package="s_cnn_rnn")
class TransformerDecoder(NextWord):
    """Writes words by attention to all that came before (Vaswani et al. 2017).

    A sequence is a prefix of P tokens, what the interface made of Ie, and then the words read:
    x_t = sqrt(U) E w_t + p_t, with a learnt p_t for each place. Every layer adds to it, with the
    normalisation before, not after, as there (Xiong et al. 2020):

        x += W_o attention(LN(x)),  x += W_2 relu(W_1 LN(x))
        attention: softmax(q_t . k_s / sqrt(U / H)) over s, times v_s, in each of H heads (eq. 1)

    A token sees itself and those before it; those of the prefix see one another. The next word is
    predicted from LN(x_t). Padding needs no mask of its own: it comes after all real words, which
    never look ahead. In steps, keys and values of what was read are a part of the state.

    The stream x and its sums are float32 whatever the precision; only products are not.

    Departures: there is no encoder of tokens, and no attention to one: the photograph is the
    prefix. Places are learnt, the inner width is 2 U where theirs is 4 U, and the softmax has
    weights of its own beside the embedding's, as in every system.

    Args:
        words: number of ids, padding and START included.
        units: U, width of all tokens.
        layers: how many.
        heads: H.
        longest: most words of an annotation.
        prefix: P.
        dropout: part of the embedded words and of what the next word is predicted from dropped in
            training, as in `Decoder`.
        dropout_of_layers: part of what each layer adds dropped in training.
        label_smoothing: see `Decoder`.
        packs: whether the softmax runs on real words only where the backend can (`packed`).

    Call arguments:
        words: int32 [B, C, T], START ... END, padded with 0: C annotations of each photograph.
        opening: {"input": float [B, P * U]}.
        drawn: None; words of its own are not read in training (scheduled sampling).

    Returns:
        log p of each next word, float32 [B, C, T - 1]; exactly 0 where it is padding.

    Raises:
        ValueError: units that heads cannot share.
    """

    def __init__(
        self,
        words: int,
        *,
        units: int = 512,
        layers: int = 2,
        heads: int = 8,
        longest: int = 20,
        prefix: int = 4,
        dropout: float = 0.0,
        dropout_of_layers: float = 0.0,
        label_smoothing: float = 0.0,
        packs: bool = True,
        **kwargs,
    ):
        super().__init__(**kwargs)
        if units % heads:
            raise ValueError(
                f"a transformer's heads share its width: set model.units ({units}) to a multiple "
                f"of model.transformer_heads ({heads})"
            )
        self.units, self.longest, self.prefix = units, longest, prefix
        self.packs, self.label_smoothing = packs, label_smoothing
        self.embedding = keras.layers.Embedding(words, units, name="embedding")
        self.places = keras.layers.Embedding(longest + 1, units, name="places")
        self.blocks = [
            _Block(heads, dropout=dropout_of_layers, name=f"block_{n}") for n in range(layers)
        ]
        self.last_norm = keras.layers.LayerNormalization(dtype="float32", name="last_norm")
        self.output_layer = keras.layers.Dense(words - FIRST_OUTPUT, name="output")
        self.dropout_of_input = keras.layers.Dropout(dropout, name="dropout_of_input")
        self.dropout_of_output = keras.layers.Dropout(dropout, name="dropout_of_output")

    def build(self, words_shape=None, opening_shape=None):
        """Makes all weights; their shapes do not depend on the inputs."""
        for embedding in (self.embedding, self.places):
            embedding.build((None, None))
        for block in self.blocks:
            block.build((None, None, self.units))
        self.last_norm.build((None, None, self.units))
        self.output_layer.build((None, self.units))
        self.built = True

    def begin(self, opening: dict) -> dict:
        """The state before START: keys and values of the prefix, with room for those of words.

        Args:
            opening: see the class.

        Returns:
            "place": int32 [B], how many words were read; "keys_0", "values_0" and so on, of each
            layer: [B, P + longest + 1, U], zero where nothing was read.
        """
        x = self._prefix(opening)
        state = {"place": ops.zeros((ops.shape(x)[0],), "int32")}
        room = ((0, 0), (0, self.longest + 1), (0, 0))
        for number, block in enumerate(self.blocks):
            x, keys, values = block.add(x, self._visible(self.prefix))
            state |= {f"keys_{number}": ops.pad(keys, room)}
            state |= {f"values_{number}": ops.pad(values, room)}
        return state

    def step(self, word_ids, state: dict):
        """One word in, the distribution over the next one out; see `Decoder.step`."""
        place = state["place"]
        x = self._read(word_ids[:, None], place[:, None], False)  # [N, 1, U]
        tokens = ops.arange(self.prefix + self.longest + 1)
        here = tokens == self.prefix + place[:, None]
        visible = (tokens <= self.prefix + place[:, None])[:, None, None]  # [N, 1, 1, S]
        after = {"place": place + 1}
        for number, block in enumerate(self.blocks):
            names = f"keys_{number}", f"values_{number}"

            def remember(*new, names=names):
                return [
                    ops.where(here[..., None], value, state[name])
                    for name, value in zip(names, new, strict=True)
                ]

            x, *kept = block.add(x, visible, remember=remember)
            after |= dict(zip(names, kept, strict=True))
        return ops.log_softmax(self.logits(self.last_norm(x[:, 0]))), after

    def call(self, words, opening, drawn=None, training=False):
        """Teacher forcing: the log likelihood of every word given the true words before it."""
        if drawn is not None:
            raise ValueError("a transformer decoder reads no words of its own in training")
        captions, length = words.shape[1], words.shape[2]
        if length - 1 > self.longest + 1:
            raise ValueError(
                f"annotations of {length - 2} words: this decoder has places for {self.longest} "
                "(model.longest)"
            )
        sequences = ops.reshape(words, (-1, length))  # [B, C, T] -> [N, T]
        prefix = ops.repeat(self._prefix(opening), captions, axis=0)  # [N, P, U]
        read = self._read(sequences[:, :-1], ops.arange(length - 1), training)
        x = ops.concatenate([prefix, read], axis=1)  # [N, P + T - 1, U]
        visible = self._visible(x.shape[1])
        for block in self.blocks:
            x, _, _ = block.add(x, visible, training=training)
        seen = self.last_norm(x[:, self.prefix :])
        likelihood = self._likelihoods(seen, sequences, training)
        return ops.reshape(likelihood, (-1, captions, length - 1))

    def _likelihoods(self, seen, sequences, training):
        """Log p of the words after the first, [N, T - 1], from [N, T - 1, U]."""
        targets = sequences[:, 1:]
        if self.packs and keras.backend.backend() == "tensorflow":
            from s_cnn_rnn.model import packed

            packing = packed.pack(sequences)
            real = packed.real_steps(seen, packing)
            likelihood = self.packed_log_likelihood(real, packing.targets, training)
            return packed.unpack(likelihood, packing, ops.shape(targets))
        likelihood = self.log_likelihood(seen, targets, training)
        return ops.where(targets != PADDING, likelihood, 0.0)

    def _prefix(self, opening: dict):
        """[B, P * U] -> float32 [B, P, U]."""
        tokens = ops.reshape(opening["input"], (-1, self.prefix, self.units))
        return ops.cast(tokens, "float32")

    def _read(self, word_ids, places, training):
        """The tokens of words at their places, float32 [N, T, U]."""
        words = self.dropout_of_input(self.embedding(word_ids), training=training)
        tokens = ops.cast(words, "float32") * math.sqrt(self.units)
        return tokens + ops.cast(self.places(places), "float32")

    def _visible(self, length: int):
        """Which tokens (last axis) each token sees, bool [length, length]."""
        tokens = ops.arange(length)
        return ops.logical_or(tokens <= tokens[:, None], tokens < self.prefix)


class _Block(keras.layers.Layer):
    """One layer of the transformer; all it adds is float32."""

    def __init__(self, heads: int, *, dropout: float, **kwargs):
        super().__init__(**kwargs)
        self.heads = heads
        self.dropout = keras.layers.Dropout(dropout, dtype="float32", name="dropout")

    def build(self, shape):
        """Makes the weights for tokens [N, T, U]; the inner width is 2 U."""
        units = shape[-1]
        widths = {"query": units, "key": units, "value": units, "joined": units, "wide": 2 * units}
        self.attention_norm, self.word_norm = (
            keras.layers.LayerNormalization(dtype="float32", name=name)
            for name in ("attention_norm", "word_norm")
        )
        dense = {name: keras.layers.Dense(width, name=name) for name, width in widths.items()}
        self.query, self.key, self.value, self.joined, self.wide = dense.values()
        self.narrow = keras.layers.Dense(units, name="narrow")
        for layer in (self.attention_norm, self.word_norm, *dense.values()):
            layer.build(shape)
        self.narrow.build((*shape[:-1], 2 * units))
        self.built = True

    def add(self, x, visible, *, remember=None, training=False):
        """What this layer makes of the tokens.

        Args:
            x: float32 [N, T, U].
            visible: bool, to be broadcast to [N, H, T, S]: which of the S tokens each may see.
            remember: puts new keys and values [N, T, U] among those of all S tokens; None where
                they are all.
            training: whether dropout acts.

        Returns:
            float32 [N, T, U], and the keys and values [N, S, U].
        """
        normed = self.attention_norm(x)
        keys, values = self.key(normed), self.value(normed)
        if remember is not None:
            keys, values = remember(keys, values)
        seen = self._attend(self.query(normed), keys, values, visible)
        x = x + self._dropped(self.joined(seen), training)
        inner = ops.relu(self.wide(self.word_norm(x)))
        return x + self._dropped(self.narrow(inner), training), keys, values

    def _attend(self, query, keys, values, visible):
        query, keys, values = (
            ops.reshape(value, (ops.shape(value)[0], -1, self.heads, value.shape[-1] // self.heads))
            for value in (query, keys, values)
        )
        scores = ops.einsum("nthd,nshd->nhts", query, keys) / math.sqrt(query.shape[-1])
        scores = ops.where(visible, ops.cast(scores, "float32"), -1e9)
        weights = ops.cast(ops.softmax(scores), values.dtype)
        seen = ops.einsum("nhts,nshd->nthd", weights, values)
        return ops.reshape(seen, (ops.shape(seen)[0], -1, self.heads * values.shape[-1]))

    def _dropped(self, added, training):
        return self.dropout(ops.cast(added, "float32"), training=training)
