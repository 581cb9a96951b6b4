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
        prior: how often each concept occurs in the train split, float [k]; None where weights will
            be loaded.
    """

    sees: tuple[str, ...] = ()
    constants: tuple[str, ...] = ()
    carried: tuple[str, ...] = ()
    found: tuple[str, ...] = ()

    def __init__(
        self,
        *,
        activation: str = "relu",
        concept_ids: Sequence[int] = (),
        prior: Sequence[float] | None = None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.activation = keras.activations.get(activation)
        self.concept_ids = tuple(concept_ids)
        self.prior = prior

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

    def log_attention(self, h, words, constants: dict) -> tuple:
        """Logarithms of what it pays attention to, [..., A] each, as `after` is called."""
        return ()


@keras.saving.register_keras_serializable(package="s_cnn_rnn")
class Multimodal(Fusion):
    """A layer that joins image and state before the softmax: late fusion, fig. 1(c).

        m_t = activation(V_h h_t + Ie's map)

    It is `cnn-rnn`'s (Wang, Yang, Mao, Huang, Huang and Xu: CNN-RNN: A Unified Framework for
    Multi-label Image Classification, CVPR 2016, section 3), which projects the recurrent output
    and the image into one space and joins them there at every step.

    Departures: the original scores a label by its embedding's product with what is joined; here the
    softmax has weights of its own. It finds the most likely set by beam search; here, as in the
    paper, labels are written greedily, none twice.
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
    """m-RNN's: m_t = activation(V_w w_t + V_h h_t + Ie's map).

    Mao, Xu, Yang, Wang, Huang and Yuille: Deep Captioning with Multimodal Recurrent Neural Networks
    (m-RNN), ICLR 2015, eq. 3. The image is seen here alone, never by the recurrence
    (`recurrent.SimpleCell`, eq. 2 there).

    Departures: the activation is the cell's, a rectifier, where the original's is a scaled
    hyperbolic tangent; one layer of word embedding, not two, and one width for embedding, state and
    multimodal layer, where the original's differ; the maps of image and state have a bias. The
    original also takes, in its section 8, the caption that those of similar photographs agree with
    most; here that is a way of decoding of every system (`decoding.train_photographs`), off by
    default. As published, the CNN is not trained with it.
    """

    sees_words = True
