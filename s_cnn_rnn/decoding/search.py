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

from s_cnn_rnn.decoding.beam import (
    END_OUTPUT,
    IMPOSSIBLE,
    Finished,
    best_words,
    continue_live,
    finish,
    only_start,
    put_word,
)
from s_cnn_rnn.vocabulary import END, PADDING, START

State = dict[str, Any]
Step = Callable[[Any, State], tuple[Any, State]]


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
    stop_bias: float = 0.0,
) -> Decoded:
    """Writes the most probable word at every step until END (labels, section 4.2).

    Of equally probable outputs the lowest is written (END, if it and its bias together equal the
    word). After ``longest`` words END follows with the
    log probability that the step gives it. The loop ends when the whole batch has ended.

    Args:
        step: maps word ids (int32 [N]; START first) and the state to log probabilities (float32
            [N, V], log softmax; output j is the word id j + FIRST_OUTPUT) and the next state, which
            has the same keys, shapes and dtypes.
        state: tensors [B, ...], one row a photograph.
        longest: most words of a sequence, END not counted; at least 1.
        never_written: outputs that are not chosen (`Vocabulary.never_written`).
        no_repeats: whether a word may be written only once in a sequence.
        stop_bias: added to END's log probability where it is compared with the words'; below 0
            the sequences grow longer. Results have log probabilities without it.

    Returns:
        One hypothesis of each photograph (R = 1).

    Raises:
        ValueError: an argument out of its range, or a step that changes the state's keys.
    """
    _check(state, longest, never_written)

    def unfinished(place, last, words, log_probability, ended, state):
        return ops.logical_not(ops.all(ended))

    def write(place, last, words, log_probability, ended, state):
        log_p, state = _run(step, last, state)
        best, word = best_words(log_p, words, 1, never_written, no_repeats)
        end, best, word = log_p[:, END_OUTPUT], best[:, 0], word[:, 0]
        ends = ops.logical_or(end + stop_bias >= best, place == longest)
        gain = ops.where(ends, end, best)
        word = ops.where(ended, PADDING, ops.where(ends, END, word))
        log_probability = ops.where(ended, log_probability, log_probability + gain)
        ended = ops.logical_or(ended, ends)
        return place + 1, word, put_word(words, word, place), log_probability, ended, state

    start = _nothing_written(state, longest)
    _, _, words, log_probability, _, _ = ops.while_loop(unfinished, write, start)
    log_probability = log_probability[:, None]
    return _decoded(words[:, None], log_probability, log_probability)


def _nothing_written(state: State, longest: int) -> tuple:
    """What greedy search goes through its loop with, before the first word."""
    batch = _rows(state)
    return (
        ops.convert_to_tensor(0, "int32"),
        ops.full((batch,), START, "int32"),
        ops.full((batch, longest + 1), PADDING, "int32"),
        ops.zeros((batch,), "float32"),
        ops.zeros((batch,), "bool"),
        _as_tensors(state),
    )


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
        end = live.log_probabilities + ops.reshape(log_p[:, END_OUTPUT], (batch, width))
        best, word = best_words(log_p, live.words, width, never_written, no_repeats)
        continued, rows = continue_live(live, best, word, place)
        alive = ops.where(place == longest, IMPOSSIBLE, continued.log_probabilities)
        continued = continued._replace(log_probabilities=alive)
        normaliser = ops.cast(place + 1, "float32") ** length_normalisation
        finished = finish(live, end, alive, finished, place, normaliser)
        state = {name: ops.take(value, rows, axis=0) for name, value in state.items()}
        return place + 1, continued, finished, state

    start = (
        ops.convert_to_tensor(0, "int32"),
        only_start(batch, width, longest),
        _nothing_finished(batch, returned, longest),
        {name: ops.repeat(value, width, axis=0) for name, value in _as_tensors(state).items()},
    )
    _, _, finished, _ = ops.while_loop(unfinished, write, start)
    return _decoded(*finished)


def _nothing_finished(batch, returned: int, longest: int) -> Finished:
    impossible = ops.full((batch, returned), IMPOSSIBLE, "float32")
    words = ops.full((batch, returned, longest + 1), PADDING, "int32")
    return Finished(words, impossible, impossible)


def _decoded(words, log_probabilities, scores) -> Decoded:
    """Blanks the places without a hypothesis and counts the words of the others."""
    words = ops.where((scores > IMPOSSIBLE)[:, :, None], words, PADDING)
    lengths = ops.sum(ops.cast(words != PADDING, "int32"), axis=-1)
    return Decoded(words, log_probabilities, scores, lengths)


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
    if any(output < 0 or output == END_OUTPUT for output in never_written):
        raise ValueError(
            f"decoding: never_written is {list(never_written)}; expected outputs above "
            f"{END_OUTPUT}, which is END"
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
