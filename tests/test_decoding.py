import itertools
import math
import subprocess
import sys

import hypothesis
import hypothesis.strategies as st
import keras
import numpy as np
import pytest
from keras import ops

from s_cnn_rnn.decoding import beam_search, greedy
from s_cnn_rnn.vocabulary import END, FIRST_OUTPUT, PADDING

FEW = hypothesis.settings(max_examples=15, deadline=None)


class HistoryModel:
    """A step whose log probabilities depend on everything written, which only the state holds.

    ``table`` [B, histories, V]: a row for each photograph and each history, numbered in the base
    of the words. The history is a matrix in the state, so a beam that is gathered along a wrong
    axis, or not at all, reads another row.
    """

    def __init__(self, photographs, outputs, longest, seed, sharpness=1.5):
        self.outputs, self.longest = outputs, longest
        histories = sum((outputs - 1) ** length for length in range(longest + 1))
        logits = np.random.default_rng(seed).normal(0, sharpness, (photographs, histories, outputs))
        self.table = (logits - np.log(np.exp(logits).sum(-1, keepdims=True))).astype("float32")
        self.calls = 0

    def start(self):
        photographs = len(self.table)
        return {
            "photograph": np.arange(photographs, dtype="int32"),
            "history": np.zeros((photographs, 2, self.longest + 1), "float32"),
            "place": np.zeros((photographs,), "int32"),
        }

    def step(self, word, state):
        self.calls += 1
        place, history = state["place"], state["history"]
        written = ops.cast(ops.maximum(word - FIRST_OUTPUT, 0), "float32")  # START counts as 0
        here = ops.arange(self.longest + 1) == place[:, None]
        both_rows = ops.stack([written, -written], axis=1)[:, :, None]
        history = ops.where(here[:, None, :], both_rows, history)
        number = ops.zeros_like(place)
        for position in range(1, self.longest + 1):
            digit = ops.cast((history[:, 0, position] - history[:, 1, position]) / 2, "int32")
            number = ops.where(position <= place, number * (self.outputs - 1) + digit, number)
        log_p = ops.take(
            ops.reshape(ops.convert_to_tensor(self.table), (-1, self.outputs)),
            state["photograph"] * self.table.shape[1] + number,
            axis=0,
        )
        return log_p, {
            "photograph": state["photograph"],
            "history": history,
            "place": place + 1,
        }

    def log_probability(self, photograph, written):
        """Of a sequence of outputs without END, by walking through the table."""
        number, total = 0, 0.0
        for output in written:
            total += float(self.table[photograph, number, output])
            number = number * (self.outputs - 1) + output
        return total + float(self.table[photograph, number, 0])

    def all_hypotheses(self, photograph, normalisation=0.0, never=(), no_repeats=False):
        """Every hypothesis as (score, log probability, outputs without END), best first."""
        words = [output for output in range(1, self.outputs) if output not in never]
        found = []
        for length in range(self.longest + 1):
            for written in itertools.product(words, repeat=length):
                if no_repeats and len(set(written)) < length:
                    continue
                log_p = self.log_probability(photograph, written)
                found.append((log_p / (length + 1) ** normalisation, log_p, written))
        return sorted(found, reverse=True)


def as_outputs(words):
    """The outputs before END; checks that END and padding close the sequence."""
    words = list(np.asarray(words))
    end = words.index(END)
    assert all(word == PADDING for word in words[end + 1 :])
    assert all(word > END for word in words[:end])
    return tuple(int(word) - FIRST_OUTPUT for word in words[:end])


def to_numpy(decoded):
    return type(decoded)(*(np.asarray(part) for part in decoded))


def assert_same(decoded, expected):
    np.testing.assert_array_equal(decoded.words, expected.words)
    np.testing.assert_array_equal(decoded.lengths, expected.lengths)
    np.testing.assert_allclose(decoded.log_probabilities, expected.log_probabilities, rtol=1e-5)
    np.testing.assert_allclose(decoded.scores, expected.scores, rtol=1e-5)


@pytest.mark.parametrize(
    ("outputs", "longest", "normalisation", "never", "no_repeats"),
    [
        (4, 3, 0.0, (), False),
        (4, 3, 0.7, (), False),
        (3, 4, 1.0, (), False),
        (5, 3, 0.0, (2,), False),
        (4, 4, 0.5, (), True),
        (5, 3, 2.0, (1,), True),
    ],
)
def test_beam_wide_enough_is_exhaustive_search(outputs, longest, normalisation, never, no_repeats):
    model = HistoryModel(photographs=3, outputs=outputs, longest=longest, seed=outputs + longest)
    returned = 7
    decoded = to_numpy(
        beam_search(
            model.step,
            model.start(),
            width=outputs**longest,
            longest=longest,
            returned=returned,
            length_normalisation=normalisation,
            never_written=never,
            no_repeats=no_repeats,
        )
    )
    assert decoded.words.shape == (3, returned, longest + 1)
    for photograph in range(3):
        best = model.all_hypotheses(photograph, normalisation, never, no_repeats)[:returned]
        assert [as_outputs(words) for words in decoded.words[photograph]] == [b[2] for b in best]
        np.testing.assert_allclose(decoded.scores[photograph], [b[0] for b in best], rtol=1e-5)
        np.testing.assert_allclose(
            decoded.log_probabilities[photograph], [b[1] for b in best], rtol=1e-5
        )
        assert list(decoded.lengths[photograph]) == [len(b[2]) + 1 for b in best]


def test_places_without_hypothesis_are_blank():
    model = HistoryModel(photographs=2, outputs=2, longest=2, seed=0)
    decoded = to_numpy(beam_search(model.step, model.start(), width=8, returned=5, longest=2))
    # One word: only the sequences of 0, 1 and 2 of it exist.
    assert np.isfinite(decoded.scores[:, :3]).all()
    assert (decoded.scores[:, 3:] == -np.inf).all()
    assert (decoded.log_probabilities[:, 3:] == -np.inf).all()
    assert (decoded.words[:, 3:] == PADDING).all()
    assert (decoded.lengths[:, 3:] == 0).all()


# A ladder drawn by hand. Outputs: END, a, b. Probabilities after each word:
#   START: a .6, b .4        greedy climbs by a
#   a: END .35, a .35, b .3  best by a: "a" .6 * .35 = .21
#   b: END .9, a .05, b .05  "b" .4 * .9 = .36
LADDER = {"start": [1e-9, 0.6, 0.4], "a": [0.35, 0.35, 0.3], "b": [0.9, 0.05, 0.05]}


def markov_step(rows):
    """A step that looks at the last word only. ``rows`` [words + 1, V]: START, then the words."""
    table = ops.log(ops.convert_to_tensor(rows, "float32"))

    def step(word, state):
        return ops.take(table, ops.maximum(word - FIRST_OUTPUT, 0), axis=0), state

    return step


def test_ladder_where_greedy_is_wrong_and_beam_right():
    step = markov_step([LADDER["start"], LADDER["a"], LADDER["b"]])
    state = {"nothing": np.zeros((2, 1), "float32")}
    climbed = to_numpy(greedy(step, state, longest=4))
    found = to_numpy(beam_search(step, state, width=2, longest=4, returned=2))
    a, b = 3, 4
    for photograph in range(2):
        # END and a are equally probable after a: the lowest output, END, is written.
        assert climbed.words[photograph, 0].tolist() == [a, END, 0, 0, 0]
        assert found.words[photograph].tolist() == [[b, END, 0, 0, 0], [a, END, 0, 0, 0]]
    np.testing.assert_allclose(climbed.log_probabilities, math.log(0.21), rtol=1e-5)
    np.testing.assert_allclose(
        found.log_probabilities, [[math.log(0.36), math.log(0.21)]] * 2, rtol=1e-5
    )


def test_length_normalisation_changes_the_winner_as_worked_by_hand():
    # START: END .4, a .6; a: END .5, a .5.
    # So "" has .4, "a" .6 * .5 = .3, "a a" .6 * .5 * .5 = .15, which is the order by log p.
    # Its mean over words and END: ln .4 / 1 = -.916, ln .3 / 2 = -.602, ln .15 / 3 = -.632.
    step = markov_step([[0.4, 0.6], [0.5, 0.5]])
    state = {"nothing": np.zeros((2, 1), "float32")}
    options = {"width": 3, "longest": 2, "returned": 3}
    plain = to_numpy(beam_search(step, state, **options))
    mean = to_numpy(beam_search(step, state, length_normalisation=1.0, **options))
    for photograph in range(2):
        # END is forced on "a a", with its .5.
        assert plain.words[photograph].tolist() == [[END, 0, 0], [3, END, 0], [3, 3, END]]
        assert mean.words[photograph].tolist() == [[3, END, 0], [3, 3, END], [END, 0, 0]]
    np.testing.assert_allclose(plain.scores, [np.log([0.4, 0.3, 0.15])] * 2, rtol=1e-5)
    np.testing.assert_allclose(mean.scores, [[-0.60199, -0.63237, -0.91629]] * 2, rtol=1e-4)
    np.testing.assert_allclose(mean.log_probabilities, [np.log([0.3, 0.15, 0.4])] * 2, rtol=1e-5)


def test_end_is_forced_after_the_longest_with_its_own_log_probability():
    step = markov_step([[0.01, 0.99], [0.02, 0.98]])
    state = {"nothing": np.zeros((2, 1), "float32")}
    expected = math.log(0.99) + math.log(0.98) * 2 + math.log(0.02)
    for decoded in (
        greedy(step, state, longest=3),
        beam_search(step, state, width=1, longest=3),
    ):
        decoded = to_numpy(decoded)
        assert decoded.words[:, 0].tolist() == [[3, 3, 3, END]] * 2
        np.testing.assert_allclose(decoded.log_probabilities, expected, rtol=1e-5)


def greedy_reference(model, photograph, never=(), no_repeats=False):
    """Greedy by hand in NumPy: the outputs written, without END."""
    number, written = 0, []
    while len(written) < model.longest:
        log_p = model.table[photograph, number].copy()
        log_p[[*never, *(written if no_repeats else ())]] = -np.inf
        output = int(np.argmax(log_p))
        if output == 0:
            break
        written.append(output)
        number = number * (model.outputs - 1) + output
    return tuple(written)


@FEW
@hypothesis.given(
    seed=st.integers(0, 10_000),
    outputs=st.integers(3, 6),
    longest=st.integers(1, 4),
    forbid=st.booleans(),
    no_repeats=st.booleans(),
)
def test_greedy_and_beam_of_width_one_write_what_numpy_writes(
    seed, outputs, longest, forbid, no_repeats
):
    model = HistoryModel(3, outputs, longest, seed)
    never = (2,) if forbid else ()
    options = {"longest": longest, "never_written": never, "no_repeats": no_repeats}
    decoded = to_numpy(greedy(model.step, model.start(), **options))
    for photograph in range(3):
        expected = greedy_reference(model, photograph, never, no_repeats)
        assert as_outputs(decoded.words[photograph, 0]) == expected
        np.testing.assert_allclose(
            decoded.log_probabilities[photograph, 0],
            model.log_probability(photograph, expected),
            rtol=1e-5,
        )
    np.testing.assert_array_equal(decoded.scores, decoded.log_probabilities)
    assert_same(to_numpy(beam_search(model.step, model.start(), width=1, **options)), decoded)


@FEW
@hypothesis.given(
    seed=st.integers(0, 10_000),
    width=st.integers(1, 6),
    normalisation=st.sampled_from([0.0, 0.6, 1.0]),
    forbid=st.booleans(),
    no_repeats=st.booleans(),
)
def test_what_beam_search_returns_holds_together(seed, width, normalisation, forbid, no_repeats):
    model = HistoryModel(photographs=3, outputs=5, longest=4, seed=seed)
    never = (3,) if forbid else ()
    decoded = to_numpy(
        beam_search(
            model.step,
            model.start(),
            width=width,
            longest=4,
            returned=width,
            length_normalisation=normalisation,
            never_written=never,
            no_repeats=no_repeats,
        )
    )
    for photograph in range(3):
        assert (np.diff(decoded.scores[photograph]) <= 0).all()
        there = np.isfinite(decoded.scores[photograph])
        written = [as_outputs(words) for words in decoded.words[photograph][there]]
        assert len(set(written)) == len(written) >= 1
        for outputs, log_p, score, length in zip(
            written,
            decoded.log_probabilities[photograph],
            decoded.scores[photograph],
            decoded.lengths[photograph],
            strict=False,
        ):
            assert not set(outputs) & set(never)
            assert not no_repeats or len(set(outputs)) == len(outputs)
            assert length == len(outputs) + 1
            replayed = model.log_probability(photograph, outputs)
            np.testing.assert_allclose(log_p, replayed, rtol=1e-5)
            np.testing.assert_allclose(score, replayed / length**normalisation, rtol=1e-5)


def test_constraints_hold_where_the_model_wants_otherwise():
    # a is always the best word, b the second; END the last.
    step = markov_step([[0.01, 0.6, 0.2, 0.19]] * 4)
    state = {"nothing": np.zeros((2, 1), "float32")}
    for search in (greedy, beam_search):
        free = to_numpy(search(step, state, longest=3))
        kept = to_numpy(search(step, state, longest=3, never_written=(1,)))
        once = to_numpy(search(step, state, longest=3, no_repeats=True))
        assert 3 in free.words
        assert 3 not in kept.words
        for photograph in range(2):
            written = as_outputs(once.words[photograph, 0])
            assert len(set(written)) == len(written)
    assert to_numpy(greedy(step, state, longest=3)).words[0, 0].tolist() == [3, 3, 3, END]
    once = to_numpy(greedy(step, state, longest=3, no_repeats=True))
    assert once.words[0, 0].tolist() == [3, 4, 5, END]


def test_no_repeats_ends_when_every_word_is_written():
    step = markov_step([[0.001, 0.499, 0.5]] * 3)
    state = {"nothing": np.zeros((2, 1), "float32")}
    options = {"longest": 5, "no_repeats": True}
    written = to_numpy(greedy(step, state, **options))
    assert written.words[0, 0].tolist() == [4, 3, END, 0, 0, 0]
    found = to_numpy(beam_search(step, state, width=8, returned=8, **options))
    # "", then one word, then both: .001, .5 * .001, .499 * .001 and twice .5 * .499 * .001.
    written = [as_outputs(words) for words in found.words[1][np.isfinite(found.scores[1])]]
    assert written[:3] == [(), (2,), (1,)]
    assert set(written[3:]) == {(1, 2), (2, 1)}


def stubborn_model():
    """Photographs that differ in when they are done; the last never wants to end."""
    model = HistoryModel(photographs=7, outputs=5, longest=5, seed=3, sharpness=3)
    model.table[-1, :, 0] = -50.0
    return model


def only(start, photograph):
    return {name: value[photograph : photograph + 1] for name, value in start.items()}


@pytest.mark.parametrize("normalisation", [0.0, 1.0])
def test_stopping_early_changes_nothing(normalisation):
    # A batch goes on until its last photograph is done: the others are searched to the very end.
    model = stubborn_model()
    start = model.start()
    options = {"width": 3, "longest": 5, "returned": 2, "length_normalisation": normalisation}
    together = to_numpy(beam_search(model.step, start, **options))
    greedily = to_numpy(greedy(model.step, start, longest=5))
    for photograph in range(6):
        one = only(start, photograph)
        alone = to_numpy(beam_search(model.step, one, **options))
        assert_same(alone, type(alone)(*(part[photograph][None] for part in together)))
        alone = to_numpy(greedy(model.step, one, longest=5))
        assert_same(alone, type(alone)(*(part[photograph][None] for part in greedily)))


@pytest.mark.skipif(
    keras.backend.backend() != "tensorflow", reason="only an eager loop calls the step every time"
)
def test_the_search_stops_when_nothing_can_change():
    model = stubborn_model()
    start = model.start()
    calls = []
    for photograph in range(7):
        model.calls = 0
        beam_search(model.step, only(start, photograph), width=3, longest=5)
        calls.append(model.calls)
    assert min(calls) < 6
    assert calls[-1] == 6  # five words, and the step that gives END its log probability
    model.table[:, 1:, 0] = 0.0  # END is certain after the first word
    model.table[:, 0, 0] = -50.0
    model.calls = 0
    decoded = to_numpy(greedy(model.step, start, longest=5))
    assert model.calls == 2
    assert decoded.lengths.tolist() == [[2]] * 7


@pytest.mark.parametrize("jit", [False, True])
@pytest.mark.parametrize("known_batch", [False, True])
def test_in_the_graph_as_outside(jit, known_batch):
    tf = pytest.importorskip("tensorflow")
    model = HistoryModel(photographs=4, outputs=6, longest=3, seed=5)
    start = model.start()

    def both(state):
        options = {"longest": 3, "never_written": (2,), "no_repeats": True}
        beam = beam_search(
            model.step, state, width=3, returned=3, length_normalisation=0.5, **options
        )
        return beam, greedy(model.step, state, **options)

    shapes = {
        name: tf.TensorSpec([4 if known_batch else None, *value.shape[1:]], value.dtype)
        for name, value in start.items()
    }
    compiled = tf.function(both, input_signature=[shapes], jit_compile=jit)
    in_graph = compiled({name: tf.constant(value) for name, value in start.items()})
    for found, expected in zip(in_graph, both(start), strict=True):
        assert_same(to_numpy(found), to_numpy(expected))


def test_state_of_every_dtype_follows_its_beam():
    # The states count, in three dtypes, how often word a was written; END is certain after two.
    def step(word, state):
        is_a = word == 3
        state = {
            "float": state["float"] + ops.cast(is_a, "float32")[:, None, None],
            "half": state["half"] + ops.cast(is_a, "bfloat16")[:, None],
            "whole": state["whole"] + ops.cast(is_a, "int32"),
            "flag": ops.logical_or(state["flag"], is_a),
        }
        agree = ops.cast(state["float"][:, 0, 1], "int32") == state["whole"]
        agree = ops.logical_and(agree, ops.cast(state["half"][:, 0], "int32") == state["whole"])
        agree = ops.logical_and(agree, state["flag"] == (state["whole"] > 0))
        twice = ops.logical_and(agree, state["whole"] >= 2)
        ends, goes_on = ops.log([0.98, 0.01, 0.01]), ops.log([0.02, 0.39, 0.59])
        return ops.where(twice[:, None], ends, goes_on), state

    state = {
        "float": np.zeros((2, 1, 2), "float32"),
        "half": ops.zeros((2, 1), "bfloat16"),
        "whole": np.zeros(2, "int32"),
        "flag": np.zeros(2, "bool"),
    }
    decoded = to_numpy(beam_search(step, state, width=4, longest=3, returned=1))
    # a a END: .39 * .39 * .98 = .149; nothing else of at most three words has more.
    assert decoded.words[:, 0].tolist() == [[3, 3, END, 0]] * 2
    np.testing.assert_allclose(decoded.log_probabilities, math.log(0.39**2 * 0.98), rtol=1e-5)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"longest": 0}, "longest is 0"),
        ({"never_written": (0,)}, "which is END"),
        ({"never_written": (9,)}, "3 outputs"),
        ({"width": 0}, "width is 0"),
        ({"returned": 4}, "returned is 4"),
        ({"length_normalisation": -1.0}, "length_normalisation is -1"),
        ({"state": {}}, "state is empty"),
        ({"step": lambda word, state: (ops.zeros((6, 3)), {})}, "returned"),
    ],
)
def test_what_cannot_be_decoded_is_refused(change, message):
    arguments = {
        "step": markov_step([[0.2, 0.4, 0.4]] * 3),
        "state": {"nothing": np.zeros((2, 1), "float32")},
        "longest": 3,
        **change,
    }
    with pytest.raises(ValueError, match=message):
        beam_search(arguments.pop("step"), arguments.pop("state"), **arguments)


def test_on_the_jax_backend():
    program = """
import jax, numpy as np
import tests.test_decoding as t
model = t.HistoryModel(photographs=3, outputs=4, longest=3, seed=1)
def both(state):
    beam = t.beam_search(model.step, state, width=64, longest=3, returned=4)
    return beam, t.greedy(model.step, state, longest=3, no_repeats=True)
for run in (both, jax.jit(both)):
    beam, one = run(model.start())
    for i in range(3):
        best = [found[2] for found in model.all_hypotheses(i)[:4]]
        assert [t.as_outputs(words) for words in beam.words[i]] == best
        assert t.as_outputs(one.words[i, 0]) == t.greedy_reference(model, i, no_repeats=True)
print("same on jax")
"""
    pytest.importorskip("jax", reason="jax is not installed; Keras's JAX backend is optional")
    found = subprocess.run(
        [sys.executable, "-c", program],
        env={"KERAS_BACKEND": "jax", "PATH": "", "TF_CPP_MIN_LOG_LEVEL": "2"},
        capture_output=True,
        text=True,
        timeout=300,
        cwd=__file__.rsplit("/tests/", 1)[0],
    )
    assert found.returncode == 0, found.stderr[-2000:]
    assert "same on jax" in found.stdout
