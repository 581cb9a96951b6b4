"""How the image embedding Ie reaches the decoder: the interfaces of fig. 1.

Each is a layer from Ie [B, d] to the decoder's *opening*, a dictionary that may hold

- ``h``, ``c`` [B, units]: the first state (what is missing is zero),
- ``input`` [B, word embedding]: read as if it were a word, before START,
- ``image`` [B, m]: seen by the output layer at every step.

The semantic interface (d) is (b) with Ie = s_hat; the row of the system says what Ie is.
"""

import keras


class _Start(keras.initializers.Initializer):
    """Glorot uniform, times a factor."""

    def __init__(self, scale: float):
        self.scale = scale

    def __call__(self, shape, dtype=None):
        return keras.initializers.GlorotUniform()(shape, dtype) * self.scale

    def get_config(self):
        return {"scale": self.scale}


@keras.saving.register_keras_serializable(package="s_cnn_rnn")
class InitialState(keras.layers.Layer):
    """Fig. 1(b) and (d): h0 = Wi Ie + bi, and c0 = 0 or a second linear map.

    Args:
        units: width of the decoder's state.
        sets_cell: whether c0 is set as well ("hidden states" of fig. 1) or zero ("hidden state"
            of section 3.1).
        scale: factor on the Glorot initialisation of Wi. The 1,000 probabilities of s_hat are
            small (mean .025), so at 1 they give an h0 near zero.
        dropout: part of Ie dropped in training. s_hat of a photograph that the CNN was trained on
            says more than s_hat of a new one; without some noise the decoder trusts it too much.

    Call arguments:
        embedding: Ie, float [B, d].

    Returns:
        {"h": [B, units]}, with "c": [B, units] where ``sets_cell``.
    """

    def __init__(
        self,
        units: int,
        *,
        sets_cell: bool = True,
        scale: float = 1.0,
        dropout: float = 0.0,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.dropout = keras.layers.Dropout(dropout, name="dropout")
        self.units = units
        names = ("h", "c") if sets_cell else ("h",)
        self.maps = {
            name: keras.layers.Dense(units, kernel_initializer=_Start(scale), name=name)
            for name in names
        }

    def build(self, embedding_shape):
        """Makes Wi and bi."""
        for dense in self.maps.values():
            dense.build(embedding_shape)
        self.built = True

    def call(self, embedding, training=False):
        """The opening of the decoder."""
        embedding = self.dropout(embedding, training=training)
        return {name: dense(embedding) for name, dense in self.maps.items()}

    def compute_output_shape(self, embedding_shape):
        """[B, units] each."""
        return dict.fromkeys(self.maps, (embedding_shape[0], self.units))


@keras.saving.register_keras_serializable(package="s_cnn_rnn")
class _OneMap(keras.layers.Layer):
    """A linear map of Ie under one name of the opening."""

    opening = ""

    def __init__(self, width: int, *, scale: float = 1.0, dropout: float = 0.0, **kwargs):
        super().__init__(**kwargs)
        self.dropout = keras.layers.Dropout(dropout, name="dropout")
        self.width = width
        self.dense = keras.layers.Dense(width, kernel_initializer=_Start(scale), name="dense")

    def build(self, embedding_shape):
        """Makes the map's weights."""
        self.dense.build(embedding_shape)
        self.built = True

    def call(self, embedding, training=False):
        """The opening of the decoder."""
        return {self.opening: self.dense(self.dropout(embedding, training=training))}

    def compute_output_shape(self, embedding_shape):
        """[B, width]."""
        return {self.opening: (embedding_shape[0], self.width)}


@keras.saving.register_keras_serializable(package="s_cnn_rnn")
class StepZeroInput(_OneMap):
    """Fig. 1(a): (h0, c0) = LSTM(Ie, 0, 0), Ie mapped to the word embedding's width."""

    opening = "input"


@keras.saving.register_keras_serializable(package="s_cnn_rnn")
class LateFusion(_OneMap):
    """Fig. 1(c): a multimodal layer joins Ie and the LSTM's output before every softmax."""

    opening = "image"


INTERFACES = ("step_zero_input", "initial_state", "late_fusion", "semantic")


def build_interface(
    name: str,
    *,
    units: int,
    word_embedding: int,
    sets_cell: bool = True,
    scale: float = 1.0,
    dropout: float = 0.0,
) -> keras.layers.Layer:
    """The interface of that name, as the layer "interface".

    Args:
        name: one of `INTERFACES`.
        units: width of the decoder's state (and of the multimodal layer).
        word_embedding: width of the word embedding.
        sets_cell: see `InitialState`.
        scale: factor on the Glorot initialisation of the map from Ie.
        dropout: part of Ie dropped in training.

    Raises:
        ValueError: there is no interface of that name.
    """
    options = {"scale": scale, "dropout": dropout, "name": "interface"}
    if name in ("initial_state", "semantic"):
        return InitialState(units, sets_cell=sets_cell, **options)
    if name == "step_zero_input":
        return StepZeroInput(word_embedding, **options)
    if name == "late_fusion":
        return LateFusion(units, **options)
    raise ValueError(f"interface {name!r}: expected one of {INTERFACES}")
