"""The sequences of a beam: how they are continued by words and closed by END.

The parts of `decoding.beam_search`, with its letters in shape comments: B photographs, K beams of
each, N = B * K rows of the step, R hypotheses returned, T = longest + 1 places of a sequence, V
outputs.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

from keras import ops

from s_cnn_rnn.vocabulary import END, FIRST_OUTPUT, PADDING, START

END_OUTPUT = END - FIRST_OUTPUT
IMPOSSIBLE = float("-inf")
GROUP = 32  # measured: 16 to 128 do nearly as well


class Live(NamedTuple):
    """Sequences still being written, the most probable first."""

    words: Any  # int32 [N, T]
    last: Any  # int32 [N], the word written last
    log_probabilities: Any  # float32 [B, K]; -inf: no sequence here


class Finished(NamedTuple):
    """The best hypotheses so far, best first."""

    words: Any  # int32 [B, R, T]
    log_probabilities: Any  # float32 [B, R]; -inf: no hypothesis here
    scores: Any  # float32 [B, R]


def only_start(batch, width: int, longest: int) -> Live:
    """One live sequence a photograph: more would all write the same."""
    first = ops.arange(width, dtype="int32") == 0  # [K]
    log_probabilities = ops.where(first, 0.0, IMPOSSIBLE)
    return Live(
        ops.full((batch * width, longest + 1), PADDING, "int32"),
        ops.full((batch * width,), START, "int32"),
        ops.cast(ops.tile(log_probabilities[None], (batch, 1)), "float32"),
    )


def best_words(log_p, words, count: int, never_written: Sequence[int], no_repeats: bool):
    """The most probable words that may follow, best first; the lowest output of equals first.

    Enough outputs are drawn that ``count`` are left when the forbidden ones among them are struck
    out; so the [N, V] log probabilities are never copied with some of them struck out.

    Args:
        log_p: float32 [N, V].
        words: int32 [N, T], what each row has written.
        count: how many words; fewer than that may be possible.
        never_written: outputs that are not chosen. END is not either.
        no_repeats: whether the words already written are struck out.

    Returns:
        Log probabilities (float32 [N, count]; -inf where no word is left) and word ids (int32).
    """
    outputs = log_p.shape[-1]
    forbidden = sorted({END_OUTPUT, *never_written})
    if outputs <= max(1, forbidden[-1]):
        raise ValueError(f"the step has {outputs} outputs; it cannot forbid outputs {forbidden}")
    struck_out = len(forbidden) + (words.shape[-1] - 1 if no_repeats else 0)
    drawn = min(outputs, count + struck_out)
    best, output = largest(log_p, drawn)  # [N, drawn]
    word = output + FIRST_OUTPUT
    barred = ops.convert_to_tensor([number + FIRST_OUTPUT for number in forbidden], "int32")
    strike = ops.any(word[:, :, None] == barred, axis=-1)
    if no_repeats:
        strike = ops.logical_or(strike, ops.any(word[:, :, None] == words[:, None, :], axis=-1))
    best = ops.where(strike, IMPOSSIBLE, best)
    missing = max(0, count - drawn)
    best = ops.pad(best, ((0, 0), (0, missing)), constant_values=IMPOSSIBLE)
    word = ops.pad(word, ((0, 0), (0, missing)), constant_values=PADDING)
    best, column = ops.top_k(best, count)
    return best, ops.take_along_axis(word, ops.cast(column, "int32"), axis=1)


def largest(values, count: int):
    """The ``count`` largest of each row, as `keras.ops.top_k`, but quicker on long rows.

    A row is cut into groups of `GROUP`. The largest values lie in the groups with the largest
    maxima, and maxima are cheap; only those groups are searched. Groups are kept in their order,
    so that the lower index of equal values comes first here too.

    Args:
        values: float32 [N, V].
        count: how many, at most V.

    Returns:
        The values (float32 [N, count]), largest first, and their indices (int32).
    """
    rows, length = ops.shape(values)
    groups = length // GROUP
    if groups < 4 * count:
        best, index = ops.top_k(values, count)
        return best, ops.cast(index, "int32")
    grouped = groups * GROUP  # what is left of a row, less than a group, is always searched
    maxima = ops.max(ops.reshape(values[:, :grouped], (rows, groups, GROUP)), axis=-1)
    chosen = ops.sort(ops.cast(ops.top_k(maxima, count)[1], "int32"), axis=-1)
    index = chosen[:, :, None] * GROUP + ops.arange(GROUP, dtype="int32")
    index = ops.reshape(index, (rows, count * GROUP))
    rest = ops.arange(grouped, length, dtype="int32")
    index = ops.concatenate([index, ops.tile(rest[None], (rows, 1))], axis=1)
    best, column = ops.top_k(ops.take_along_axis(values, index, axis=1), count)
    return best, ops.take_along_axis(index, ops.cast(column, "int32"), axis=1)


def continue_live(live: Live, best, word, place) -> tuple[Live, Any]:
    """Continues live sequences by the best of their words.

    Args:
        live: the live sequences.
        best: float32 [N, K], log probabilities of each sequence's best words.
        word: int32 [N, K], those words.
        place: where in the sequence they stand.

    Returns:
        The K best continuations of each photograph, and the row (int32 [N]) each comes from.
    """
    batch, width = ops.shape(live.log_probabilities)
    total = live.log_probabilities[:, :, None] + ops.reshape(best, (batch, width, width))
    # [B, K, K] -> [B, K * K] -> [B, K]
    total, chosen = ops.top_k(ops.reshape(total, (batch, width * width)), width)
    chosen = ops.cast(chosen, "int32")
    word = ops.take_along_axis(ops.reshape(word, (batch, width * width)), chosen, axis=1)
    rows = ops.arange(batch, dtype="int32")[:, None] * width + chosen // width
    rows, word = ops.reshape(rows, (batch * width,)), ops.reshape(word, (batch * width,))
    words = put_word(ops.take(live.words, rows, axis=0), word, place)
    return Live(words, word, total), rows


def finish(live: Live, end, alive, finished: Finished, place, normaliser) -> Finished:
    """Sets apart the live sequences that END now closes, where they are good enough.

    Args:
        live: the live sequences before this step.
        end: float32 [B, K], their log probabilities when closed by END.
        alive: float32 [B, K], the log probabilities of those that go on by a word instead.
        finished: the hypotheses so far.
        place: where in the sequence END stands.
        normaliser: float32, what this length's log probabilities are divided by.
    """
    batch, width = ops.shape(end)
    returned = finished.scores.shape[1]
    # END stands before the words: among equals the lower output comes first, as in greedy.
    best, beam = ops.top_k(ops.concatenate([end, alive], axis=1), width)  # [B, K] of 2 K
    beam = ops.cast(beam, "int32")
    best = ops.where(beam < width, best, IMPOSSIBLE)
    closed = ops.reshape(put_word(live.words, END, place), (batch, width, -1))
    closed = ops.take_along_axis(closed, (beam % width)[:, :, None], axis=1)  # [B, K, T]
    # [B, R] and [B, K] -> [B, R + K] -> [B, R]
    scores, chosen = ops.top_k(
        ops.concatenate([finished.scores, best / normaliser], axis=1), returned
    )
    chosen = ops.cast(chosen, "int32")
    log_p = ops.concatenate([finished.log_probabilities, best], axis=1)
    words = ops.concatenate([finished.words, closed], axis=1)
    return Finished(
        ops.take_along_axis(words, chosen[:, :, None], axis=1),
        ops.take_along_axis(log_p, chosen, axis=1),
        scores,
    )


def put_word(words, word, place):
    """Puts ``word`` (int32 [N] or one number) at one place of ``words`` (int32 [N, T])."""
    here = ops.arange(words.shape[-1], dtype="int32") == place
    return ops.where(here, ops.expand_dims(word, -1), words)
