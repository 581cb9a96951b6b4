"""The LSTM's own gradient against automatic differentiation of the plain packed loop."""

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from s_cnn_rnn.model import packed, packed_lstm
from s_cnn_rnn.model.recurrent import GRUCell, LSTMCell
from s_cnn_rnn.vocabulary import END, START

UNITS, STEPS = 3, 5


def packing_of(lengths):
    sequences = np.zeros((len(lengths), STEPS + 1), "int32")
    for row, length in zip(sequences, lengths, strict=True):
        if length is not None:  # else padding alone: a photograph with fewer captions than others
            row[: length + 2] = [START, *[5] * length, END]
    return packed.pack(tf.constant(sequences))


def values_and_gradients(cell, lengths, run):
    """h of all real steps, and gradients of a weighted sum of them."""
    packing = packing_of(lengths)
    random = np.random.default_rng(0)
    real = int(tf.reduce_sum(packing.running))
    given_ = {
        name: tf.constant(random.normal(size=shape), "float32")
        for name, shape in {
            "projected": (real, 4 * UNITS),
            "h": (len(lengths), UNITS),
            "c": (len(lengths), UNITS),
        }.items()
    }
    weights = tf.constant(random.normal(size=(real, UNITS)), "float32")
    with tf.GradientTape() as tape:
        tape.watch(given_)
        outputs = run(given_["projected"], {"h": given_["h"], "c": given_["c"]}, packing)
        loss = tf.reduce_sum(weights * outputs)
    gradients = tape.gradient(loss, [cell.recurrent_kernel.value, *given_.values()])
    return [outputs, *(tf.convert_to_tensor(gradient).numpy() for gradient in gradients)]


def both_ways(cell, lengths):
    plain = values_and_gradients(
        cell, lengths, lambda *given_: packed.run(cell.step, *given_, ("h",))["h"]
    )
    ours = values_and_gradients(cell, lengths, lambda *given_: packed_lstm.run(cell, *given_))
    return zip(ours, plain, strict=True)


def build_cell(activation="relu", dtype=None):
    cell = LSTMCell(UNITS, activation=activation, dtype=dtype)
    cell.build((None, UNITS))
    cell.recurrent_kernel.assign(np.random.default_rng(1).normal(size=(UNITS, 4 * UNITS)))
    return cell


@given(
    lengths=st.lists(st.none() | st.integers(0, STEPS - 1), min_size=1, max_size=5).filter(
        lambda lengths: any(length is not None for length in lengths)
    )
)
@settings(max_examples=25, deadline=None)
@pytest.mark.parametrize("activation", packed_lstm.SLOPES)
def test_values_and_gradients_are_those_of_the_plain_loop(activation, lengths):
    for ours, plain in both_ways(build_cell(activation), lengths):
        np.testing.assert_allclose(ours, plain, rtol=1e-4, atol=1e-5)


def test_bfloat16_is_as_exact_as_the_plain_loop():
    exact = [plain for _, plain in both_ways(build_cell(), [4, 2, 0])]
    for (ours, plain), truth in zip(
        both_ways(build_cell(dtype="mixed_bfloat16"), [4, 2, 0]), exact, strict=True
    ):
        assert ours.dtype == plain.dtype
        size = np.abs(truth).max()
        assert np.abs(ours - truth).max() < 0.05 * size
        assert np.abs(plain - truth).max() < 0.05 * size


def test_other_cells_and_activations_take_the_plain_loop():
    assert packed_lstm.takes(build_cell())
    assert not packed_lstm.takes(build_cell("gelu"))
    assert not packed_lstm.takes(GRUCell(UNITS))
