"""What a decoder sees at every step beside its own state: nothing, the image, or concepts.

A fusion acts before the recurrence, on the word that is read, and after it, on the state that the
next word is predicted from. Both see only the present step, so teacher forcing runs them on all
steps at once. What stays the same through time are the *constants*: a part of the decoder's state
under their own names, [B, ...] once for each photograph.

Shapes: words [..., E] and h [..., U] are of any number of steps; constants have the same leading
dimensions, or 1 in place of the steps.
"""

from collections.abc import Sequence

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="s_cnn_rnn")
class Fusion(keras.layers.Layer):
    """Nothing is seen beside the state: fig. 1(a), (b) and (d)."""

    constants: tuple[str, ...] = ()

    def build_for(self, units: int, word_embedding: int) -> None:
        """Makes the weights for a state and a word embedding of these widths."""
        self.built = True

    def prepare(self, opening: dict, embedding) -> dict:
        """The constants from the decoder's opening and its word embedding."""
        return {name: ops.cast(opening[name], self.compute_dtype) for name in self.constants}

    def before(self, words, constants: dict):
        """What the recurrence reads, from the embedded words [..., E]."""
        return words

    def after(self, h, words, constants: dict):
        """What the next word is predicted from, [..., U], from h_t and the embedded words."""
        return h


@keras.saving.register_keras_serializable(package="s_cnn_rnn")
class Multimodal(Fusion):
    """A layer that joins image and state before the softmax: late fusion, fig. 1(c).

        m_t = activation(V_h h_t + Ie's map)

    m-RNN's (Mao et al. 2015, eq. 3) sees the word as well: m_t = activation(V_w w_t + V_h h_t +
    Ie's map).

    Args:
        activation: of the layer.
        sees_words: whether it joins the word too.
    """

    constants = ("image",)

    def __init__(self, *, activation: str = "relu", sees_words: bool = False, **kwargs):
        super().__init__(**kwargs)
        self.activation = keras.activations.get(activation)
        self.sees_words = sees_words

    def build_for(self, units, word_embedding):
        """See `Fusion.build_for`."""
        self.of_state = keras.layers.Dense(units, dtype=self.dtype_policy, name="of_state")
        self.of_state.build((None, units))
        if self.sees_words:
            self.of_word = keras.layers.Dense(
                units, use_bias=False, dtype=self.dtype_policy, name="of_word"
            )
            self.of_word.build((None, word_embedding))
        self.built = True

    def after(self, h, words, constants):
        """See `Fusion.after`."""
        joined = self.of_state(h) + ops.cast(constants["image"], self.compute_dtype)
        if self.sees_words:
            joined = joined + self.of_word(words)
        return self.activation(joined)


@keras.saving.register_keras_serializable(package="s_cnn_rnn")
class ConceptAttention(Fusion):
    """Semantic attention (You et al., CVPR 2016): at input and output, over detected concepts.

    With y_i the word embeddings of the concepts that s_hat is surest of, w_t the word read:

        alpha_i ~ exp(w_t . U y_i),        x_t = W_x (w_t + v_x * sum_i alpha_i y_i)
        beta_i ~ exp(h_t . V sigma(y_i)),  o_t = W_h (h_t + v_h * sum_i beta_i sigma(y_i))

    Eq. 4, 5, 7 and 8 there. The next word is predicted from o_t. The original predicts it with
    the transposed word embedding; here the softmax has weights of its own, as in every system.

    Args:
        concept_ids: the word id of each concept, [k].
        attended: how many concepts are attended to; the original's is 10.
        activation: sigma, the cell's.
    """

    constants = ("attributes",)

    def __init__(
        self, concept_ids: Sequence[int], *, attended: int = 10, activation: str = "relu", **kwargs
    ):
        super().__init__(**kwargs)
        self.concept_ids = tuple(concept_ids)
        self.attended = min(attended, len(self.concept_ids))
        self.activation = keras.activations.get(activation)

    def build_for(self, units, word_embedding):
        """See `Fusion.build_for`.

        Raises:
            ValueError: the widths differ; attributes could not be added to the state.
        """
        if units != word_embedding:
            raise ValueError(
                "semantic attention adds word embeddings to the decoder's state: set "
                f"model.word_embedding ({word_embedding}) and model.units ({units}) to one width"
            )
        square = {"shape": (units, units), "initializer": "glorot_uniform"}
        self.input_scores = self.add_weight(**square, name="input_scores")  # U
        self.output_scores = self.add_weight(**square, name="output_scores")  # V
        self.input_weight = self.add_weight(shape=(units,), initializer="ones", name="input_weight")
        self.output_weight = self.add_weight(
            shape=(units,), initializer="ones", name="output_weight"
        )
        # W_h; W_x is the cell's.
        self.output_map = keras.layers.Dense(units, dtype=self.dtype_policy, name="output_map")
        self.output_map.build((None, units))
        self.built = True

    def prepare(self, opening, embedding):
        """The embeddings of the surest concepts, [B, attended, E]."""
        _, surest = ops.top_k(opening["concepts"], self.attended)
        ids = ops.take(ops.convert_to_tensor(self.concept_ids, "int32"), surest)
        return {"attributes": embedding(ids)}

    def before(self, words, constants):
        """See `Fusion.before`."""
        words, attributes = self._as_computed(words, constants["attributes"])
        scores, weight = self._as_computed(self.input_scores, self.input_weight)
        return words + weight * _attend(words, attributes, scores)

    def after(self, h, words, constants):
        """See `Fusion.after`."""
        h, attributes = self._as_computed(h, self.activation(constants["attributes"]))
        scores, weight = self._as_computed(self.output_scores, self.output_weight)
        return self.output_map(h + weight * _attend(h, attributes, scores))

    def _as_computed(self, *values):
        return [ops.cast(value, self.compute_dtype) for value in values]


def _attend(query, attributes, scores):
    """The attributes [..., A, E] weighed by how the query [..., E] scores them: [..., E]."""
    asked = ops.matmul(query, scores)[..., None, :]
    weights = ops.softmax(ops.sum(asked * attributes, axis=-1))
    return ops.sum(weights[..., None] * attributes, axis=-2)


FUSIONS = {
    "none": lambda activation, concept_ids: Fusion(name="fusion"),
    "multimodal": lambda activation, concept_ids: Multimodal(activation=activation, name="fusion"),
    "multimodal_with_words": lambda activation, concept_ids: Multimodal(
        activation=activation, sees_words=True, name="fusion"
    ),
    "concept_attention": lambda activation, concept_ids: ConceptAttention(
        concept_ids, activation=activation, name="fusion"
    ),
}
"""Name -> the fusion, from the cell's activation and the word id of each concept."""
