"""The cells against NumPy, gate by gate."""

import keras
import numpy as np
import pytest

from s_cnn_rnn.model.recurrent import CELLS

UNITS, INPUTS = 5, 4


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def by_hand(name, x, h, c, w_x, w_h, b, activation):
    if name == "lstm":
        i, g, f, o = np.split(x @ w_x + h @ w_h + b, 4, axis=-1)
        c = sigmoid(f + 1) * c + sigmoid(i) * activation(g)
        return sigmoid(o) * activation(c), c
    if name == "gru":
        zx, rx, nx = np.split(x @ w_x + b, 3, axis=-1)
        zh, rh, nh = np.split(h @ w_h, 3, axis=-1)
        z, r = sigmoid(zx + zh), sigmoid(rx + rh)
        return z * h + (1 - z) * activation(nx + r * nh), c
    return activation(x @ w_x + h @ w_h + b), c


@pytest.mark.parametrize("activation", ["relu", "tanh"])
@pytest.mark.parametrize("name", CELLS)
def test_three_steps(name, activation):
    cell = CELLS[name](UNITS, activation=activation)
    cell.build((None, INPUTS))
    random = np.random.default_rng(0)
    weights = [random.normal(size=w.shape) for w in cell.weights]
    cell.set_weights(weights)
    function = {"relu": lambda v: np.maximum(v, 0), "tanh": np.tanh}[activation]
    h, c = (random.normal(size=(3, UNITS)) for _ in range(2))
    state = {"h": h.astype("float32"), "c": c.astype("float32")}
    state = {key: state[key] for key in cell.state_names}
    for _ in range(3):
        x = random.normal(size=(3, INPUTS))
        h, c = by_hand(name, x, h, c, *weights, function)
        state = cell.step(cell.project(x.astype("float32")), state)
        assert set(state) == set(cell.state_names)
        np.testing.assert_allclose(state["h"], h, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(("name", "gates"), [("lstm", 4), ("gru", 3), ("simple", 1)])
def test_each_gates_recurrent_weights_are_orthogonal(name, gates):
    keras.utils.set_random_seed(0)
    cell = CELLS[name](UNITS)
    cell.build((None, INPUTS))
    for part in np.split(cell.recurrent_kernel.numpy(), gates, axis=1):
        np.testing.assert_allclose(part @ part.T, np.eye(UNITS), atol=1e-5)
    assert cell.count_params() == gates * (UNITS * (UNITS + INPUTS) + UNITS)
