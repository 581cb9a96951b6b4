"""Visual attention against NumPy, photograph by photograph."""

import keras
import numpy as np
import pytest

from s_cnn_rnn.model.fusion import Widths
from s_cnn_rnn.model.visual_attention import VisualAttention

UNITS, PROJECTED, POSITIONS, CHANNELS = 6, 24, 5, 7


@pytest.fixture
def attention():
    keras.utils.set_random_seed(0)
    layer = VisualAttention(attention_units=4)
    layer.build_for(Widths(UNITS, 3, PROJECTED, CHANNELS))
    for number, weight in enumerate(layer.weights):
        weight.assign(np.random.default_rng(number).normal(size=weight.shape))
    return layer


def softmax(x):
    e = np.exp(x - x.max())
    return e / e.sum()


def test_the_context_is_what_the_state_asks_of_the_positions(attention):
    random = np.random.default_rng(9)
    feature_map = random.normal(size=(3, POSITIONS, CHANNELS)).astype("float32")
    h, projected = (random.normal(size=(3, n)).astype("float32") for n in (UNITS, PROJECTED))
    carried = attention.prepare({"feature_map": feature_map}, embedding=None)
    assert set(carried) == set(attention.carried)
    found, contexts = attention.within(projected, {"h": h, **carried})
    names = ("key_map", "value_map", "query_map", "score", "gate", "to_input", "to_output")
    weights = {name: [np.asarray(w) for w in getattr(attention, name).weights] for name in names}
    out = attention.after(h, None, contexts)
    for n in range(3):
        (w_a, b_a), (v, b_v), (w_h,), (score,) = (weights[name] for name in names[:4])
        (w, b), (w_z,), (l_z,) = (weights[name] for name in names[4:])
        e = [float((np.tanh(a @ w_a + b_a + h[n] @ w_h) @ score)[0]) for a in feature_map[n]]
        alpha = softmax(np.array(e))
        # The positions are summed first and mapped then: V is linear.
        z = (alpha @ feature_map[n]) @ v + b_v
        z = z / (1 + np.exp(-(h[n] @ w + b)))
        np.testing.assert_allclose(contexts["context"][n], z, rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(found[n], projected[n] + z @ w_z, rtol=1e-4, atol=1e-4)
        np.testing.assert_allclose(out[n], h[n] + z @ l_z, rtol=1e-4, atol=1e-4)
        looked = attention.weights_of_positions(h, carried["keys"])[n]
        np.testing.assert_allclose(looked, alpha, rtol=1e-4, atol=1e-6)
