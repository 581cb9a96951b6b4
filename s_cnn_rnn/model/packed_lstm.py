"""The LSTM over packed sequences with a gradient of its own: the fastest path of training.

Automatic differentiation of the loop in `packed` adds up the gradient of W_h step by step, writing
and reading a matrix of W_h's size at each. Here the gates of every step are kept, the way back
through time computes the gradient at each step's gates alone, and one product over all real words
of the batch gives W_h's. `tests/model/test_packed_lstm.py` holds it equal to what Keras derives.
"""

import tensorflow as tf

from s_cnn_rnn.model.packed import Packing
from s_cnn_rnn.model.recurrent import LSTMCell

# d activation(x) / dx, from y = activation(x).
SLOPES = {
    "relu": lambda y: tf.cast(y > 0, y.dtype),
    "tanh": lambda y: 1 - y * y,
    "linear": tf.ones_like,
}


def takes(cell) -> bool:
    """Whether this path computes the cell."""
    return isinstance(cell, LSTMCell) and cell.activation.__name__ in SLOPES


def run(cell: LSTMCell, projected, state: dict, packing: Packing):
    """The states h of all real steps.

    Args:
        cell: built.
        projected: W_x x_t + b of all real steps, [R, 4U].
        state: {"h", "c"} before the first step, float32 [N, U], in the order of the sequences.
        packing: from `packed.pack`.

    Returns:
        float32 [R, U].
    """
    kernel = tf.cast(tf.convert_to_tensor(cell.recurrent_kernel), cell.compute_dtype)
    first = [tf.gather(state[name], packing.order) for name in ("h", "c")]
    recurrence = _Recurrence(cell, packing.running)

    @tf.custom_gradient
    def states(projected, kernel, h, c):
        outputs, kept = recurrence.forward(projected, kernel, h, c)
        sequences = tf.shape(h)[0]
        return outputs, lambda gradient: recurrence.backward(gradient, kernel, kept, sequences)

    return states(tf.cast(projected, "float32"), kernel, *first)


class _Recurrence:
    """There and back through time; sequences are sorted, so those still running come first.

    Args:
        cell: gives the activation and the forget bias.
        running: int32 [T], sequences that are running at each step.
    """

    def __init__(self, cell: LSTMCell, running):
        self.activation = cell.activation
        self.slope = SLOPES[cell.activation.__name__]
        self.forget_bias = cell.forget_bias
        self.running = running
        self.steps = running.shape[0]

    def _by_time(self, values):
        return tf.split(values, self.running, num=self.steps)  # [R, ...] -> T times [n_t, ...]

    def forward(self, projected, kernel, h, c):
        """The states h of all steps [R, U], and what the way back needs of each step."""
        outputs, kept = [], []
        for t, inputs in enumerate(self._by_time(projected)):
            before, c = h[: self.running[t]], c[: self.running[t]]
            read = tf.cast(before, kernel.dtype)
            gates = inputs + tf.cast(tf.matmul(read, kernel), "float32")
            i, g, f, o = tf.split(gates, 4, axis=-1)
            i, f, o = tf.sigmoid(i), tf.sigmoid(f + self.forget_bias), tf.sigmoid(o)
            g = self.activation(g)
            previous, c = c, f * c + i * g
            active = self.activation(c)
            h = o * active
            outputs.append(h)
            kept.append((read, previous, i, g, f, o, active))
        return tf.concat(outputs, axis=0), kept

    def backward(self, gradient, kernel, kept, sequences):
        """From dL/dh of all steps [R, U] to the gradients of all that `forward` was given.

        Args:
            gradient: [R, U].
            kernel: W_h, [U, 4U].
            kept: by `forward`.
            sequences: N, those without a word among them.

        Returns:
            Of projected [R, 4U], kernel [U, 4U], h and c [N, U].
        """
        by_time = self._by_time(gradient)
        later_h = later_c = tf.zeros_like(gradient[:0])  # of sequences that ran on
        transposed = _kept_transposed(kernel)
        at_gates = []
        for t in reversed(range(self.steps)):
            _, previous, i, g, f, o, active = kept[t]
            dh = by_time[t] + _as_many(later_h, self.running[t])
            dc = dh * o * self.slope(active) + _as_many(later_c, self.running[t])
            gates = tf.concat(
                [
                    dc * g * i * (1 - i),
                    dc * i * self.slope(g),
                    dc * previous * f * (1 - f),
                    dh * active * o * (1 - o),
                ],
                axis=-1,
            )
            at_gates.append(gates)
            later_h = tf.cast(tf.matmul(tf.cast(gates, kernel.dtype), transposed), "float32")
            later_c = dc * f
        projected = tf.concat(at_gates[::-1], axis=0)
        read = tf.concat([step[0] for step in kept], axis=0)
        of_kernel = tf.matmul(read, tf.cast(projected, kernel.dtype), transpose_a=True)
        return projected, of_kernel, *(_as_many(each, sequences) for each in (later_h, later_c))


def _as_many(values, sequences):
    """[n, U] -> [sequences, U]: zeros for those whose last step this is, or without any."""
    return tf.pad(values, [[0, sequences - tf.shape(values)[0]], [0, 0]])


def _kept_transposed(matrix):
    """The transpose, made once.

    TensorFlow's graph optimiser would fold it into each product, where a few rows times a
    transposed matrix run at less than half of the speed; it does not see through `ensure_shape`.
    """
    return tf.ensure_shape(tf.transpose(matrix), matrix.shape[::-1])
