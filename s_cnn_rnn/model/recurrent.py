"""The recurrent cells of the decoder, one class each, with the paper's letters (eq. 2)."""

import keras
from keras import ops


class _Cell(keras.layers.Layer):
    """What the cells share: weights for a number of gates, and inputs projected for all steps.

    A cell has ``state_names``, `project` and ``step(projected, state) -> state``. States are
    float32 whatever the precision: in bfloat16, what a step adds to a large state would be lost.
    Only the matrix products are made in the layer's compute type.

    Args:
        units: width of the state.
        activation: of what is written into the state.
        recurrent_initialiser: of W_h, for each gate on its own.
    """

    state_names: tuple[str, ...] = ("h",)
    gates = 1

    def __init__(
        self,
        units: int,
        *,
        activation: str = "relu",
        recurrent_initialiser: str = "orthogonal",
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.units = units
        self.activation = keras.activations.get(activation)
        self.recurrent_initialiser = keras.initializers.get(recurrent_initialiser)

    def build(self, input_shape):
        """Makes W_x [E, gates U], W_h [U, gates U] and b [gates U]."""
        units, width = self.units, self.gates * self.units
        self.input_kernel = self.add_weight(
            shape=(input_shape[-1], width), initializer="glorot_uniform", name="input_kernel"
        )
        self.recurrent_kernel = self.add_weight(
            shape=(units, width), initializer=self._each_gate, name="recurrent_kernel"
        )
        self.bias = self.add_weight(shape=(width,), initializer="zeros", name="bias")
        self.built = True

    def _each_gate(self, shape, dtype=None):
        one = (shape[0], shape[0])
        gates = [self.recurrent_initialiser(one, dtype) for _ in range(self.gates)]
        return ops.concatenate(gates, axis=1)

    def project(self, inputs):
        """W_x x_t + b for any number of steps at once: [..., E] -> [..., gates U]."""
        kernel, bias = (ops.cast(w, self.compute_dtype) for w in (self.input_kernel, self.bias))
        return ops.matmul(ops.cast(inputs, self.compute_dtype), kernel) + bias

    def recur(self, h):
        """W_h h: float32 [N, U] -> float32 [N, gates U]."""
        kernel = ops.cast(self.recurrent_kernel, self.compute_dtype)
        return ops.cast(ops.matmul(ops.cast(h, self.compute_dtype), kernel), "float32")


@keras.saving.register_keras_serializable(package="s_cnn_rnn")
class LSTMCell(_Cell):
    """Long short-term memory without peepholes, as TensorFlow's BasicLSTMCell (section 4.2).

    With a_t = W_x x_t + W_h h_{t-1} + b cut into i, g, f, o:

        c_t = sigmoid(f + forget_bias) * c_{t-1} + sigmoid(i) * activation(g)
        h_t = sigmoid(o) * activation(c_t)

    Eq. 2 of the paper also has W_c terms (peepholes); the cell that its text names has none.

    Args:
        units: width of h and c.
        activation: of g and c; the paper's choice is "relu".
        forget_bias: added to f, as BasicLSTMCell does.
        kwargs: see the base class.
    """

    state_names = ("h", "c")
    gates = 4

    def __init__(self, units: int, *, forget_bias: float = 1.0, **kwargs):
        super().__init__(units, **kwargs)
        self.forget_bias = forget_bias

    def step(self, projected, state: dict) -> dict:
        """One step from projected inputs [N, 4U] and the state {"h": [N, U], "c": [N, U]}."""
        gates = ops.cast(projected, "float32") + self.recur(state["h"])
        i, g, f, o = ops.split(gates, 4, axis=-1)
        c = ops.sigmoid(f + self.forget_bias) * state["c"] + ops.sigmoid(i) * self.activation(g)
        return {"h": ops.sigmoid(o) * self.activation(c), "c": c}


@keras.saving.register_keras_serializable(package="s_cnn_rnn")
class GRUCell(_Cell):
    """Gated recurrent unit (Cho et al. 2014, eq. 5 to 8), as `msr-captivator` writes with one.

        z, r = sigmoid of their parts of W_x x_t + b + W_h h_{t-1}
        n = activation(W_x x_t + b + r * W_h h_{t-1})
        h_t = z * h_{t-1} + (1 - z) * n

    Departures: the reset gate acts after the matrix product (r * W_h h), so that one product serves
    all gates; the original's acts before it, W_h (r * h). All have a bias, and the activation is
    that of every cell here, a rectifier, not tanh.

    Args:
        units: width of h.
        activation: of n.
        kwargs: see the base class.
    """

    gates = 3

    def step(self, projected, state: dict) -> dict:
        """One step from projected inputs [N, 3U] and the state {"h": [N, U]}."""
        zx, rx, nx = ops.split(ops.cast(projected, "float32"), 3, axis=-1)
        zh, rh, nh = ops.split(self.recur(state["h"]), 3, axis=-1)
        z, r = ops.sigmoid(zx + zh), ops.sigmoid(rx + rh)
        return {"h": z * state["h"] + (1 - z) * self.activation(nx + r * nh)}


@keras.saving.register_keras_serializable(package="s_cnn_rnn")
class SimpleCell(_Cell):
    """The plain recurrence of m-RNN (Mao et al. 2015, eq. 2; see `fusion.MultimodalWithWords`).

        h_t = activation(W_x x_t + W_h h_{t-1} + b)

    With a rectifier, which is the original's, and an orthogonal W_h it keeps its gradients without
    gates. Departures: the original adds the embedded word as it is, without W_x and b.
    """

    def step(self, projected, state: dict) -> dict:
        """One step from projected inputs [N, U] and the state {"h": [N, U]}."""
        return {"h": self.activation(ops.cast(projected, "float32") + self.recur(state["h"]))}


CELLS = {"lstm": LSTMCell, "gru": GRUCell, "simple": SimpleCell}
