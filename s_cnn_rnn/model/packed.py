"""Teacher forcing over real words only, for TensorFlow graphs: the fast twin of the padded loop.

Captions differ in length: in a padded batch half of the work is done on padding. Here sequences
are sorted by length, longest first, and every step of the recurrence takes only those that are
still running; the words of a batch form one packed matrix, time after time. Shapes then differ
from batch to batch, which a TensorFlow graph takes, but neither XLA nor JAX does; there the padded
loop runs. `tests/model/test_decoder.py` holds the two equal.
"""

from typing import NamedTuple

import tensorflow as tf

from s_cnn_rnn.vocabulary import PADDING


class Packing(NamedTuple):
    """How N sequences of T - 1 steps are packed into R real steps.

    Attributes:
        order: int32 [N], the sequences, longest first.
        running: int32 [T - 1], how many sequences are still running at each step; they add up
            to R.
        inputs: int32 [R], the words read, time after time.
        targets: int32 [R], the words to predict.
        places: int32 [R], where each stands in the unpacked [N * (T - 1)].
    """

    order: tf.Tensor
    running: tf.Tensor
    inputs: tf.Tensor
    targets: tf.Tensor
    places: tf.Tensor


def pack(sequences) -> Packing:
    """Packs sequences int32 [N, T], START ... END, padded with 0."""
    steps = sequences.shape[1] - 1
    real = tf.cast(sequences[:, 1:] != PADDING, tf.int32)
    order = tf.argsort(tf.reduce_sum(real, axis=1), direction="DESCENDING", stable=True)
    by_time = tf.transpose(tf.gather(sequences, order))  # [N, T] -> [T, N]
    mask = by_time[1:] != PADDING
    time, rank = tf.unstack(tf.cast(tf.where(mask), tf.int32), axis=1)  # [R] each, time-major
    return Packing(
        order=order,
        running=tf.reduce_sum(tf.cast(mask, tf.int32), axis=1),
        inputs=tf.boolean_mask(by_time[:-1], mask),
        targets=tf.boolean_mask(by_time[1:], mask),
        places=tf.gather(order, rank) * steps + time,
    )


def run(advance, projected, state: dict, packing: Packing, outputs: tuple[str, ...]) -> dict:
    """The states of all real steps.

    Args:
        advance: one step of the recurrence, (projected, state) -> state, which may hold more names.
        projected: W_x x_t + b of all real steps, [R, 4U].
        state: before the first step, [N, ...] each, in the order of the sequences.
        packing: from `pack`.
        outputs: names of the state that are wanted of every step.

    Returns:
        The outputs of all real steps, [R, ...] each.
    """
    steps = packing.running.shape[0]
    state = {name: tf.gather(value, packing.order) for name, value in state.items()}
    kept = {name: [] for name in outputs}
    for t, inputs in enumerate(tf.split(projected, packing.running, num=steps)):
        state = {name: _first_rows(value, packing.running[t]) for name, value in state.items()}
        state = advance(inputs, state)
        for name, values in kept.items():
            values.append(state[name])
    return {name: tf.concat(values, axis=0) for name, values in kept.items()}


def _first_rows(values, count):
    """values[:count] of [N, ...], with a gradient of its own.

    TensorFlow's fills N rows with zeros and then copies into them, which takes five times as long:
    of `ours+attention`, whose keys and values are cut at every step, a quarter of a training step.
    """

    @tf.custom_gradient
    def cut(values):
        def gradient(of_first):
            missing = tf.shape(values)[0] - count
            zeros = tf.zeros([missing, *values.shape[1:]], of_first.dtype)
            return tf.concat([of_first, zeros], axis=0)

        return values[:count], gradient

    return cut(values)


def repeat_for_steps(values, packing: Packing):
    """One row of each sequence, [N, D], for all its real steps: [R, D]."""
    steps = packing.running.shape[0]
    return tf.gather(values, packing.places // steps)


def real_steps(values, packing: Packing):
    """The real steps among all, [N, T - 1, D] -> [R, D], in the packed order."""
    return tf.gather(tf.reshape(values, (-1, values.shape[-1])), packing.places)


def unpack(values, packing: Packing, shape):
    """Real steps [R, ...] back to [N, T - 1, ...], 0 where there is padding; shape: [N, T - 1]."""
    inner = values.shape[1:]
    flat = tf.scatter_nd(packing.places[:, None], values, [shape[0] * shape[1], *inner])
    return tf.reshape(flat, [*shape, *inner])
