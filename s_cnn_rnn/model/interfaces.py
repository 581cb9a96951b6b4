"""How the image embedding Ie reaches the decoder: the interfaces of fig. 1.

An interface is linear maps from Ie [B, d] to the decoder's *opening*, a dictionary that may hold

- ``h``, ``c`` [B, units]: the first state (what is missing is zero),
- ``input`` [B, word embedding]: read as if it were a word, before START (by a transformer: as
  several words side by side, [B, `PREFIX` * units]),
- ``image`` [B, m]: seen by the output layer at every step.

The semantic interface (d) is (b) with Ie = s_hat; the row of the system says what Ie is.

`v2l` (Wu, Shen, Liu, Dick and van den Hengel: What Value Do Explicit High Level Concepts Have in
Vision to Language Problems?, CVPR 2016, section 3) is (a) with Ie = s_hat, its attributes: they are
learnt first, and an LSTM then reads their probabilities as if they were the first word,

    x_{-1} = W_ea (s_hat - centre) + b,  (h_{-1}, c_{-1}) = LSTM(x_{-1}, 0, 0)

Departures: its 256 attributes are nouns, verbs and adjectives, merged over tense and number by
hand; here they are the 256 most frequent words, "a" and "the" among them. It detects them in many
regions of a photograph and takes the largest probability of each; here the photograph is seen once,
as in every system. The centre and the map's initial scale are settings (``centres_s_hat``,
``s_hat_scale``), of which the original has neither.
"""

import keras
import numpy as np
from keras import ops


@keras.saving.register_keras_serializable(package="s_cnn_rnn")
class Interface(keras.layers.Layer):
    """Linear maps of Ie, one for each name of the opening; h0 = Wi Ie + bi in fig. 1(b) and (d).

    Args:
        widths: name of the opening -> width of its map.
        scale: factor on the Glorot initialisation of the maps, one for all of Ie or float [d]. The
            1,000 probabilities of s_hat are small (mean .025), so at 1 they give a first state
            near zero.
        centre: subtracted from Ie, float [d]; None subtracts nothing and keeps no such weight.
            Much of s_hat is the same for every photograph (words like "a"); without it the maps
            start with what differs. A constant that the bias could hold: the map stays linear.
        dropout: part of Ie dropped in training. s_hat of a photograph that the CNN was trained on
            says more than s_hat of a new one; without some noise the decoder trusts it too much.

    Call arguments:
        embedding: Ie, float [B, d].

    Returns:
        The opening, {name: float [B, width]}.
    """

    def __init__(self, widths: dict[str, int], *, scale=1.0, centre=None, dropout=0.0, **kwargs):
        super().__init__(**kwargs)
        self.widths = widths
        self.first_centre = centre
        self.centre = None
        self.dropout = keras.layers.Dropout(dropout, name="dropout")
        self.maps = {
            name: keras.layers.Dense(width, kernel_initializer=_Start(scale), name=name)
            for name, width in widths.items()
        }

    def build(self, embedding_shape):
        """Makes the maps, for an Ie of this shape."""
        for dense in self.maps.values():
            dense.build(embedding_shape)
        if self.first_centre is not None:
            values = np.reshape(np.asarray(self.first_centre, "float32"), embedding_shape[-1:])
            self.centre = self.add_weight(
                shape=values.shape,
                initializer=lambda shape, dtype=None: ops.convert_to_tensor(values, dtype),
                trainable=False,
                name="centre",
            )
        self.built = True

    def call(self, embedding, training=False):
        """The opening of the decoder."""
        if self.centre is not None:
            embedding = embedding - ops.cast(self.centre, embedding.dtype)
        embedding = self.dropout(embedding, training=training)
        return {name: dense(embedding) for name, dense in self.maps.items()}

    def compute_output_shape(self, embedding_shape):
        """[B, width] each."""
        return {name: (embedding_shape[0], width) for name, width in self.widths.items()}


class _Start(keras.initializers.Initializer):
    """Glorot uniform, times a factor for each row of the kernel, float [d], or one for all."""

    def __init__(self, scale):
        self.scale = np.asarray(scale, "float32")

    def __call__(self, shape, dtype=None):
        factors = np.broadcast_to(self.scale, shape[:1])[:, None]
        return keras.initializers.GlorotUniform()(shape, dtype) * factors

    def get_config(self):
        return {"scale": self.scale.tolist()}


def _first_state(units: int, word_embedding: int, sets_cell: bool) -> dict[str, int]:
    return {"h": units, "c": units} if sets_cell else {"h": units}


PREFIX = 4
"""Words that a transformer's interface stands for."""

# name -> widths of its opening, from units, word embedding, sets_cell
INTERFACES = {
    "step_zero_input": lambda units, word_embedding, sets_cell: {"input": word_embedding},
    "initial_state": _first_state,
    "prefix": lambda units, word_embedding, sets_cell: {"input": PREFIX * units},
    "late_fusion": lambda units, word_embedding, sets_cell: {"image": units},
    "semantic": _first_state,
}


def build_interface(
    name: str, *, units: int, word_embedding: int, sets_cell: bool = True, **options
) -> Interface:
    """The interface of that name, as the layer "interface".

    Args:
        name: a key of `INTERFACES`.
        units: width of the decoder's state (and of the multimodal layer).
        word_embedding: width of the word embedding.
        sets_cell: whether c0 is set as well ("hidden states" of fig. 1) or zero ("hidden state" of
            section 3.1).
        options: further arguments of `Interface`.

    Raises:
        ValueError: there is no interface of that name.
    """
    if name not in INTERFACES:
        raise ValueError(f"interface {name!r}: expected one of {tuple(INTERFACES)}")
    return Interface(
        INTERFACES[name](units, word_embedding, sets_cell), name="interface", **options
    )
