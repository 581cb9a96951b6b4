"""Captions drawn from what a decoder predicts, on whole batches inside the graph."""

from keras import ops

from s_cnn_rnn.decoding.search import State, Step
from s_cnn_rnn.vocabulary import END, FIRST_OUTPUT, PADDING, START

GROUP = 128  # outputs whose probabilities are summed first


def sample(step: Step, state: State, chances):
    """Draws each word from the decoder's distribution after those before it, until END.

    The word of a chance u is the first whose cumulated probability exceeds u: one number a word,
    drawn beforehand, where `keras.random.categorical` would draw one for each output. So what is
    sampled is a function of weights and chances alone, on any backend. Any output may be drawn,
    UNKNOWN too; there are as many draws as chances, and a sequence that has not ended by then
    stays without END. The log likelihood of what is returned is thus that of what was drawn.

    Args:
        step: see `decoding.greedy`.
        state: before START, tensors [N, ...].
        chances: float32 [N, draws], 0 to 1, 1 excluded.

    Returns:
        int32 [N, draws + 1]: START, the words drawn, END where it was drawn, then padding. No
        gradient goes through it.
    """
    state = {name: ops.stop_gradient(value) for name, value in state.items()}
    rows, draws = ops.shape(chances)[0], chances.shape[1]

    def unfinished(place, last, words, ended, state):
        return ops.logical_and(place < draws, ops.logical_not(ops.all(ended)))

    def write(place, last, words, ended, state):
        log_p, after = step(last, state)
        output = _drawn(log_p, ops.take(chances, place, axis=1))
        word = ops.where(ended, PADDING, output + FIRST_OUTPUT)
        here = ops.arange(draws + 1, dtype="int32") == place + 1
        words = ops.where(here, word[:, None], words)
        ended = ops.logical_or(ended, word == END)
        after = {name: ops.reshape(after[name], ops.shape(state[name])) for name in state}
        return place + 1, word, words, ended, after

    first = ops.full((rows,), START, "int32")
    begun = ops.arange(draws + 1, dtype="int32") == 0
    words = ops.where(begun, first[:, None], PADDING)
    start = (ops.convert_to_tensor(0, "int32"), first, words, ops.zeros((rows,), "bool"), state)
    return ops.stop_gradient(ops.while_loop(unfinished, write, start)[2])


def _drawn(log_p, chance):
    """The outputs (int32 [N]) that chances [N] choose of distributions [N, V].

    Sums are cumulated over groups of outputs and then within one group alone: over a whole row that
    takes seven times as long.
    """
    outputs = log_p.shape[-1]
    groups = -(-outputs // GROUP)
    padding = ((0, 0), (0, groups * GROUP - outputs))
    grouped = ops.reshape(ops.pad(ops.exp(log_p), padding), (-1, groups, GROUP))
    sums = ops.sum(grouped, axis=-1)
    cumulated = ops.cumsum(sums, axis=-1)
    wanted = chance * cumulated[:, -1]  # rounded, the sum may be a little less than 1
    group = ops.minimum(_count(cumulated <= wanted[:, None]), groups - 1)[:, None]  # [N, 1]
    before = ops.take_along_axis(cumulated - sums, group, axis=1)
    chosen = ops.take_along_axis(grouped, group[:, :, None], axis=1)[:, 0]  # [N, GROUP]
    place = _count(ops.cumsum(chosen, axis=-1) <= wanted[:, None] - before)
    return ops.minimum(group[:, 0] * GROUP + place, outputs - 1)


def _count(condition):
    """How many of each row are true: bool [N, ...] -> int32 [N]."""
    return ops.sum(ops.cast(condition, "int32"), axis=-1)
