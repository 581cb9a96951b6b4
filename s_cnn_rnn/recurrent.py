"""The recurrent cells of the decoder, one class each, with the paper's letters (eq. 2)."""

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="s_cnn_rnn")
class LSTMCell(keras.layers.Layer):
    """Long short-term memory without peepholes, as TensorFlow's BasicLSTMCell (section 4.2).

    With a_t = W_x x_t + W_h h_{t-1} + b cut into i, g, f, o:

        c_t = sigmoid(f + forget_bias) * c_{t-1} + sigmoid(i) * activation(g)
        h_t = sigmoid(o) * activation(c_t)

    Eq. 2 of the paper also has W_c terms (peepholes); the cell that its text names has none.

    Args:
        units: width of h and c.
        activation: of g and c; the paper's choice is "relu".
        forget_bias: added to f, as BasicLSTMCell does.
        recurrent_initialiser: of W_h, for each of the four gates on its own.
    """

    state_names = ("h", "c")

    def __init__(
        self,
        units: int,
        *,
        activation: str = "relu",
        forget_bias: float = 1.0,
        recurrent_initialiser: str = "orthogonal",
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.units = units
        self.activation = keras.activations.get(activation)
        self.forget_bias = forget_bias
        self.recurrent_initialiser = keras.initializers.get(recurrent_initialiser)

    def build(self, input_shape):
        """Makes W_x [E, 4U], W_h [U, 4U] and b [4U]."""
        units = self.units
        self.input_kernel = self.add_weight(
            shape=(input_shape[-1], 4 * units), initializer="glorot_uniform", name="input_kernel"
        )
        self.recurrent_kernel = self.add_weight(
            shape=(units, 4 * units), initializer=self._each_gate, name="recurrent_kernel"
        )
        self.bias = self.add_weight(shape=(4 * units,), initializer="zeros", name="bias")
        self.built = True

    def _each_gate(self, shape, dtype=None):
        one = (shape[0], shape[0])
        return ops.concatenate([self.recurrent_initialiser(one, dtype) for _ in range(4)], axis=1)

    def project(self, inputs):
        """W_x x_t + b for any number of steps at once: [..., E] -> [..., 4U]."""
        kernel, bias = (ops.cast(w, self.compute_dtype) for w in (self.input_kernel, self.bias))
        return ops.matmul(ops.cast(inputs, self.compute_dtype), kernel) + bias

    def step(self, projected, state: dict) -> dict:
        """One step from projected inputs [N, 4U] and the state {"h": [N, U], "c": [N, U]}.

        The state is float32 whatever the precision: in bfloat16, what a step adds to a large c
        would be lost. Only the matrix products are made in the layer's compute type.
        """
        h = ops.cast(state["h"], self.compute_dtype)
        recurrent = ops.matmul(h, ops.cast(self.recurrent_kernel, self.compute_dtype))
        gates = ops.cast(projected, "float32") + ops.cast(recurrent, "float32")
        i, g, f, o = ops.split(gates, 4, axis=-1)
        c = ops.sigmoid(f + self.forget_bias) * state["c"] + ops.sigmoid(i) * self.activation(g)
        return {"h": ops.sigmoid(o) * self.activation(c), "c": c}


CELLS = {"lstm": LSTMCell}
