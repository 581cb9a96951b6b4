"""Greedy and beam search over whole batches, inside the graph (sections 4.2 and 5.1).

The paper writes labels greedily and captions with a beam of width 3. A hypothesis is a sequence of
at most ``longest`` words followed by END; nothing else is ever returned. Everything is `keras.ops`
with fixed shapes, so it runs eagerly, under ``tf.function`` with or without ``jit_compile``, and
on Keras's JAX backend.

Letters in shape comments: B photographs, K beams of each, N = B * K rows of the step, R hypotheses
returned, T = longest + 1 places of a sequence, V outputs.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from keras import ops

from s_cnn_rnn.vocabulary import END, FIRST_OUTPUT, PADDING, START

State = dict[str, Any]
Step = Callable[[Any, State], tuple[Any, State]]

_END_OUTPUT = END - FIRST_OUTPUT
_IMPOSSIBLE = float("-inf")


class Decoded(NamedTuple):
    """What decoding wrote: R hypotheses of each photograph, best first.

    Where fewer than R hypotheses have a probability above 0, the places left over hold only
    padding, length 0 and a log probability and score of -inf.

    Attributes:
        words: int32 [B, R, longest + 1], word ids, closed by END, then padding.
        log_probabilities: float32 [B, R], sum over the words and END, in nats.
        scores: float32 [B, R], what the hypotheses are ordered by: the log probability divided by
            ``length ** length_normalisation``.
        lengths: int32 [B, R], words and END.
    """

    words: Any
    log_probabilities: Any
    scores: Any
    lengths: Any


def greedy(
    step: Step,
    state: State,
    *,
    longest: int,
    never_written: Sequence[int] = (),
    no_repeats: bool = False,
) -> Decoded:
    """Writes the most probable word at every step until END (labels, section 4.2).

    Of equally probable outputs the lowest is written. After ``longest`` words END follows with the
    log probability that the step gives it. The loop ends when the whole batch has ended.

    Args:
        step: maps word ids (int32 [N]; START first) and the state to log probabilities (float32
            [N, V], log softmax; output j is the word id j + FIRST_OUTPUT) and the next state, which
            has the same keys, shapes and dtypes.
        state: tensors [B, ...], one row a photograph.
        longest: most words of a sequence, END not counted; at least 1.
        never_written: outputs that are not chosen (`Vocabulary.never_written`).
        no_repeats: whether a word may be written only once in a sequence.

    Returns:
        One hypothesis of each photograph (R = 1).

    Raises:
        ValueError: an argument out of its range, or a step that changes the state's keys.
    """
    _check(state, longest, never_written)
    batch = _rows(state)

    def unfinished(place, last, words, log_probability, ended, state):
        return ops.logical_not(ops.all(ended))

    def write(place, last, words, log_probability, ended, state):
        log_p, state = _run(step, last, state)
        best, word = _best_words(log_p, words, 1, never_written, no_repeats)
        end, best, word = log_p[:, _END_OUTPUT], best[:, 0], word[:, 0]
        ends = ops.logical_or(end >= best, place == longest)
        gain = ops.where(ends, end, best)
        word = ops.where(ended, PADDING, ops.where(ends, END, word))
        log_probability = ops.where(ended, log_probability, log_probability + gain)
        ended = ops.logical_or(ended, ends)
        return place + 1, word, _write(words, word, place), log_probability, ended, state

    start = (
        ops.convert_to_tensor(0, "int32"),
        ops.full((batch,), START, "int32"),
        ops.full((batch, longest + 1), PADDING, "int32"),
        ops.zeros((batch,), "float32"),
        ops.zeros((batch,), "bool"),
        _as_tensors(state),
    )
    _, _, words, log_probability, _, _ = ops.while_loop(unfinished, write, start)
    log_probability = log_probability[:, None]
    return _decoded(words[:, None], log_probability, log_probability)


class _Live(NamedTuple):
    """Sequences still being written, the most probable first."""

    words: Any  # int32 [N, T]
    last: Any  # int32 [N], the word written last
    log_probabilities: Any  # float32 [B, K]; -inf: no sequence here


class _Finished(NamedTuple):
    """The best hypotheses so far, best first."""

    words: Any  # int32 [B, R, T]
    log_probabilities: Any  # float32 [B, R]; -inf: no hypothesis here
    scores: Any  # float32 [B, R]


def beam_search(
    step: Step,
    state: State,
    *,
    width: int = 3,
    longest: int,
    returned: int = 1,
    length_normalisation: float = 0.0,
    never_written: Sequence[int] = (),
    no_repeats: bool = False,
) -> Decoded:
    """Writes the sequences with the best scores that a beam finds (captions, section 5.1).

    At each step every live sequence is continued by END and by its ``width`` most probable words.
    The ``width`` best continuations by a word live on. A continuation by END is finished, and set
    apart for good, where it is among the ``width`` best of all continuations. After ``longest``
    words every live sequence is finished by END, with the log probability that the step gives it.
    So with a ``width`` no smaller than the number of sequences the search is exhaustive, and
    with width 1 and no length normalisation it is `greedy`.

    The search of a photograph is over when ``returned`` finished hypotheses score at least what a
    live sequence can still reach: its log probability so far (what follows only lowers it) over
    the longest length. The loop ends when that holds for the whole batch; a photograph's result
    does not depend on the others.

    Args:
        step: as for `greedy`, on N = B * width rows, the beams of a photograph side by side.
        state: tensors [B, ...], one row a photograph.
        width: live sequences of each photograph (the paper: 3).
        longest: most words of a sequence, END not counted; at least 1.
        returned: hypotheses wanted of each photograph, 1 to ``width``; more search longer.
        length_normalisation: exponent a of score = log p / length ** a, where the length counts
            the words and END; 0 (the paper): the log probability itself; 1: its mean.
        never_written: outputs that are not chosen (`Vocabulary.never_written`).
        no_repeats: whether a word may be written only once in a sequence.

    Returns:
        ``returned`` different hypotheses of each photograph, best first (R = ``returned``).

    Raises:
        ValueError: an argument out of its range, or a step that changes the state's keys.
    """
    _check(state, longest, never_written)
    _check_beam(width, returned, length_normalisation)
    batch = _rows(state)

    def unfinished(place, live, finished, state):
        reachable = live.log_probabilities[:, 0] / (longest + 1) ** length_normalisation
        over = ops.all(finished.scores[:, -1] >= reachable)
        return ops.logical_and(place <= longest, ops.logical_not(over))

    def write(place, live, finished, state):
        log_p, state = _run(step, live.last, state)
        end = live.log_probabilities + ops.reshape(log_p[:, _END_OUTPUT], (batch, width))
        best, word = _best_words(log_p, live.words, width, never_written, no_repeats)
        continued, rows = _continue(live, best, word, place)
        alive = ops.where(place == longest, _IMPOSSIBLE, continued.log_probabilities)
        continued = continued._replace(log_probabilities=alive)
        normaliser = ops.cast(place + 1, "float32") ** length_normalisation
        finished = _finish(live, end, alive, finished, place, normaliser)
        state = {name: ops.take(value, rows, axis=0) for name, value in state.items()}
        return place + 1, continued, finished, state

    start = (
        ops.convert_to_tensor(0, "int32"),
        _only_start(batch, width, longest),
        _Finished(
            ops.full((batch, returned, longest + 1), PADDING, "int32"),
            ops.full((batch, returned), _IMPOSSIBLE, "float32"),
            ops.full((batch, returned), _IMPOSSIBLE, "float32"),
        ),
        {name: ops.repeat(value, width, axis=0) for name, value in _as_tensors(state).items()},
    )
    _, _, finished, _ = ops.while_loop(unfinished, write, start)
    return _decoded(*finished)


def _only_start(batch, width: int, longest: int) -> _Live:
    """One live sequence a photograph: more would all write the same."""
    first = ops.arange(width, dtype="int32") == 0  # [K]
    log_probabilities = ops.where(first, 0.0, _IMPOSSIBLE)
    return _Live(
        ops.full((batch * width, longest + 1), PADDING, "int32"),
        ops.full((batch * width,), START, "int32"),
        ops.cast(ops.tile(log_probabilities[None], (batch, 1)), "float32"),
    )


def _best_words(log_p, words, count: int, never_written: Sequence[int], no_repeats: bool):
    """The most probable words that may follow, best first; the lowest output of equals first.

    Enough outputs are drawn that ``count`` are left when the forbidden ones among them are struck
    out; so the [N, V] log probabilities are read once and never copied.

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
    forbidden = sorted({_END_OUTPUT, *never_written})
    if outputs <= max(1, forbidden[-1]):
        raise ValueError(f"the step has {outputs} outputs; it cannot forbid outputs {forbidden}")
    struck_out = len(forbidden) + (words.shape[-1] - 1 if no_repeats else 0)
    drawn = min(outputs, count + struck_out)
    best, output = ops.top_k(log_p, drawn)  # [N, drawn]
    word = ops.cast(output, "int32") + FIRST_OUTPUT
    barred = ops.convert_to_tensor([number + FIRST_OUTPUT for number in forbidden], "int32")
    strike = ops.any(word[:, :, None] == barred, axis=-1)
    if no_repeats:
        strike = ops.logical_or(strike, ops.any(word[:, :, None] == words[:, None, :], axis=-1))
    best = ops.where(strike, _IMPOSSIBLE, best)
    missing = max(0, count - drawn)
    best = ops.pad(best, ((0, 0), (0, missing)), constant_values=_IMPOSSIBLE)
    word = ops.pad(word, ((0, 0), (0, missing)), constant_values=PADDING)
    best, column = ops.top_k(best, count)
    return best, ops.take_along_axis(word, ops.cast(column, "int32"), axis=1)


def _continue(live: _Live, best, word, place) -> tuple[_Live, Any]:
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
    words = _write(ops.take(live.words, rows, axis=0), word, place)
    return _Live(words, word, total), rows


def _finish(live: _Live, end, alive, finished: _Finished, place, normaliser) -> _Finished:
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
    best = ops.where(beam < width, best, _IMPOSSIBLE)
    closed = ops.reshape(_write(live.words, END, place), (batch, width, -1))
    closed = ops.take_along_axis(closed, (beam % width)[:, :, None], axis=1)  # [B, K, T]
    # [B, R] and [B, K] -> [B, R + K] -> [B, R]
    scores, chosen = ops.top_k(
        ops.concatenate([finished.scores, best / normaliser], axis=1), returned
    )
    chosen = ops.cast(chosen, "int32")
    log_p = ops.concatenate([finished.log_probabilities, best], axis=1)
    words = ops.concatenate([finished.words, closed], axis=1)
    return _Finished(
        ops.take_along_axis(words, chosen[:, :, None], axis=1),
        ops.take_along_axis(log_p, chosen, axis=1),
        scores,
    )


def _decoded(words, log_probabilities, scores) -> Decoded:
    """Blanks the places without a hypothesis and counts the words of the others."""
    words = ops.where((scores > _IMPOSSIBLE)[:, :, None], words, PADDING)
    lengths = ops.sum(ops.cast(words != PADDING, "int32"), axis=-1)
    return Decoded(words, log_probabilities, scores, lengths)


def _write(words, word, place):
    """Puts ``word`` (int32 [N] or one number) at one place of ``words`` (int32 [N, T])."""
    here = ops.arange(words.shape[-1], dtype="int32") == place
    return ops.where(here, ops.expand_dims(word, -1), words)


def _run(step: Step, last, state: State):
    """Runs the step and holds its result to the shapes that a loop in the graph needs."""
    log_p, after = step(last, state)
    if set(after) != set(state):
        raise ValueError(f"the step was given the state {sorted(state)}, returned {sorted(after)}")
    return log_p, {name: ops.reshape(after[name], ops.shape(state[name])) for name in state}


def _as_tensors(state: State) -> State:
    return {name: ops.convert_to_tensor(value) for name, value in state.items()}


def _rows(state: State):
    """The number of photographs: a Python number where the shape is known, else a tensor."""
    return ops.shape(next(iter(state.values())))[0]


def _check(state: State, longest: int, never_written: Sequence[int]) -> None:
    if not state:
        raise ValueError("decoding: the state is empty; expected at least one tensor [B, ...]")
    if longest < 1:
        raise ValueError(f"decoding: longest is {longest}; expected at least 1 word")
    if any(output < 0 or output == _END_OUTPUT for output in never_written):
        raise ValueError(
            f"decoding: never_written is {list(never_written)}; expected outputs above "
            f"{_END_OUTPUT}, which is END"
        )


def _check_beam(width: int, returned: int, length_normalisation: float) -> None:
    if width < 1:
        raise ValueError(f"beam search: width is {width}; expected at least 1")
    if not 1 <= returned <= width:
        raise ValueError(f"beam search: returned is {returned}; expected 1 to width = {width}")
    if length_normalisation < 0:
        raise ValueError(
            f"beam search: length_normalisation is {length_normalisation}; expected 0 or more"
        )
