"""Visual attention: at every step the decoder looks at those places of the photograph it needs."""

import keras
from keras import ops

from s_cnn_rnn.model.fusion import Fusion


@keras.saving.register_keras_serializable(package="s_cnn_rnn")
class VisualAttention(Fusion):
    """Soft attention over the feature map (Xu et al., ICML 2015), beside any first state.

    With a_i the encoder's features at position i and h the state before the step:

        e_i = v . tanh(W_a a_i + W_h h),  alpha = softmax(e)           eq. 4 and 5 there
        z_t = beta sum_i alpha_i V a_i,   beta = sigmoid(w . h + b)    eq. 13, section 4.2.1
        x_t -> W_x x_t + W_z z_t                                       eq. 1: z joins the input
        o_t = h_t + L_z z_t                                            eq. 7: and the output

    The next word is predicted from o_t. V maps a_i before they are summed, which is the same as
    mapping their sum, and keeps what a beam carries along narrow.

    Departures: in eq. 7 the word embedding is seen as well and L_h maps h_t (here the matrix of
    the softmax does); the original starts from the mean of the a_i, `ours+attention` from s_hat;
    its further loss, which asks for sum_t alpha_ti to be near 1, is left out.

    Args:
        attention_units: width in which state and positions are compared.
        kwargs: see `Fusion`.
    """

    sees = ("feature_map",)
    carried = ("keys", "values")
    found = ("context",)

    def __init__(self, *, attention_units: int = 256, **kwargs):
        super().__init__(**kwargs)
        self.attention_units = attention_units

    def build_for(self, widths):
        """See `Fusion.build_for`."""
        units, width = widths.units, self.attention_units
        self.key_map = self._dense("key_map", widths.channels, width)  # W_a and a bias
        self.value_map = self._dense("value_map", widths.channels, units)  # V and a bias
        self.query_map = self._dense("query_map", units, width, use_bias=False)  # W_h
        self.score = self._dense("score", width, 1, use_bias=False)  # v
        self.gate = self._dense("gate", units, 1)  # w, b
        self.to_input = self._dense("to_input", units, widths.projected, use_bias=False)  # W_z
        self.to_output = self._dense("to_output", units, units, use_bias=False)  # L_z
        self.built = True

    def _dense(self, name: str, inputs: int, width: int, **options) -> keras.layers.Dense:
        dense = keras.layers.Dense(width, dtype=self.dtype_policy, name=name, **options)
        dense.build((None, inputs))
        return dense

    def prepare(self, opening, embedding):
        """Keys [B, P, A] and values [B, P, U] of the P positions."""
        feature_map = ops.cast(opening["feature_map"], self.compute_dtype)
        return {"keys": self.key_map(feature_map), "values": self.value_map(feature_map)}

    def weights_of_positions(self, h, keys):
        """alpha, float32 [N, P], from the state before the step [N, U] and the keys [N, P, A]."""
        query = self.query_map(ops.cast(h, self.compute_dtype))[:, None]
        scores = self.score(ops.tanh(keys + query))[..., 0]
        return ops.softmax(ops.cast(scores, "float32"))

    def within(self, projected, state):
        """See `Fusion.within`; the context z_t [N, U] is found."""
        h, values = ops.cast(state["h"], self.compute_dtype), state["values"]
        alpha = ops.cast(self.weights_of_positions(h, state["keys"]), self.compute_dtype)
        context = ops.sigmoid(self.gate(h)) * ops.sum(alpha[..., None] * values, axis=1)
        return projected + self.to_input(context), {"context": context}

    def after(self, h, words, constants):
        """See `Fusion.after`."""
        return ops.cast(h, self.compute_dtype) + self.to_output(constants["context"])
