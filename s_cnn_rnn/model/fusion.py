"""What a decoder sees at every step beside its own state: nothing, the image, or concepts.

A fusion acts before the recurrence, on the word that is read, and after it, on the state that the
next word is predicted from. Both see only the present step, so teacher forcing runs them on all
steps at once. Where what is seen depends on the state before the step, a fusion acts within the
recurrence, too, one step after the other.

What stays the same through time is a part of the decoder's state under its own names, [B, ...]
once for each photograph: *constants*, read before and after the recurrence, and what is *carried*
through it, read within.

Shapes: words [..., E] and h [..., U] are of any number of steps; constants have the same leading
dimensions, or 1 in place of the steps. Within the recurrence everything is [N, ...].
"""

from collections.abc import Sequence
from typing import NamedTuple

import keras
from keras import ops


class Widths(NamedTuple):
    """The widths that a fusion's weights depend on.

    Attributes:
        units: of the decoder's state.
        word_embedding: of an embedded word.
        projected: of what the cell makes of its input, all gates side by side.
        channels: of the feature map; 0 where the system does not see it.
    """

    units: int
    word_embedding: int
    projected: int = 0
    channels: int = 0


@keras.saving.register_keras_serializable(package="s_cnn_rnn")
class Fusion(keras.layers.Layer):
    """Nothing is seen beside the state: fig. 1(a), (b) and (d).

    A fusion names what it `sees` (of "concepts" and "feature_map": those are then in the decoder's
    opening), its `constants`, what it has `carried`, and what `within` finds at each step
    (`found`), which `after` is given among the constants.

    Args:
        activation: the cell's.
        concept_ids: the word id of each concept, [k].
    """

    sees: tuple[str, ...] = ()
    constants: tuple[str, ...] = ()
    carried: tuple[str, ...] = ()
    found: tuple[str, ...] = ()

    def __init__(self, *, activation: str = "relu", concept_ids: Sequence[int] = (), **kwargs):
        super().__init__(**kwargs)
        self.activation = keras.activations.get(activation)
        self.concept_ids = tuple(concept_ids)

    def build_for(self, widths: Widths) -> None:
        """Makes the weights."""
        self.built = True

    @property
    def acts_within(self) -> bool:
        """Whether `within` does anything."""
        return type(self).within is not Fusion.within

    def prepare(self, opening: dict, embedding) -> dict:
        """The constants, and what is carried, from the opening and the word embedding."""
        return {name: ops.cast(opening[name], self.compute_dtype) for name in self.constants}

    def before(self, words, constants: dict):
        """What the recurrence reads, from the embedded words [..., E]."""
        return words

    def within(self, projected, state: dict):
        """Acts in the recurrence before the cell does.

        Args:
            projected: of one step, see `recurrent`: [N, P].
            state: before the step, with what is carried, [N, ...].

        Returns:
            What the cell steps with in place of it, and what was found at this step, by name.
        """
        return projected, {}

    def after(self, h, words, constants: dict):
        """What the next word is predicted from, [..., U], from h_t and the embedded words."""
        return h


@keras.saving.register_keras_serializable(package="s_cnn_rnn")
class Multimodal(Fusion):
    """A layer that joins image and state before the softmax: late fusion, fig. 1(c).

    m_t = activation(V_h h_t + Ie's map)

    """

    constants = ("image",)
    sees_words = False

    def build_for(self, widths):
        """See `Fusion.build_for`."""
        units = widths.units
        self.of_state = keras.layers.Dense(units, dtype=self.dtype_policy, name="of_state")
        self.of_state.build((None, units))
        if self.sees_words:
            self.of_word = keras.layers.Dense(
                units, use_bias=False, dtype=self.dtype_policy, name="of_word"
            )
            self.of_word.build((None, widths.word_embedding))
        self.built = True

    def after(self, h, words, constants):
        """See `Fusion.after`."""
        joined = self.of_state(h) + ops.cast(constants["image"], self.compute_dtype)
        if self.sees_words:
            joined = joined + self.of_word(words)
        return self.activation(joined)


@keras.saving.register_keras_serializable(package="s_cnn_rnn")
class MultimodalWithWords(Multimodal):
    """m-RNN's (Mao et al. 2015, eq. 3): m_t = activation(V_w w_t + V_h h_t + Ie's map)."""

    sees_words = True


@keras.saving.register_keras_serializable(package="s_cnn_rnn")
class ConceptAttention(Fusion):
    """Semantic attention (You et al., CVPR 2016): at input and output, over detected concepts.

    With y_i the word embeddings of the concepts that s_hat is surest of, w_t the word read:

        alpha_i ~ exp(w_t . U y_i),        x_t = W_x (w_t + v_x * sum_i alpha_i y_i)
        beta_i ~ exp(h_t . V sigma(y_i)),  o_t = W_h (h_t + v_h * sum_i beta_i sigma(y_i))

    Eq. 4, 5, 7 and 8 there. The next word is predicted from o_t. The original predicts it with
    the transposed word embedding; here the softmax has weights of its own, as in every system.

    Args:
        attended: how many concepts are attended to; the original's is 10.
        kwargs: see `Fusion`; sigma is the cell's activation.
    """

    sees = ("concepts",)
    constants = ("attributes",)

    def __init__(self, *, attended: int = 10, **kwargs):
        super().__init__(**kwargs)
        self.attended = min(attended, len(self.concept_ids))

    def build_for(self, widths):
        """See `Fusion.build_for`.

        Raises:
            ValueError: the widths differ; attributes could not be added to the state.
        """
        units, word_embedding = widths.units, widths.word_embedding
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
