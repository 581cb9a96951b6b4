import math

import hypothesis
import hypothesis.strategies as st
import keras
import numpy as np
import pytest
from keras import ops
from sequence_models import HistoryModel, as_outputs, assert_same, markov_step, only, to_numpy

from s_cnn_rnn.decoding.beam import largest
from s_cnn_rnn.decoding.search import beam_search, greedy
from s_cnn_rnn.vocabulary import END, PADDING

FEW = hypothesis.settings(max_examples=15, deadline=None)


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


@pytest.mark.parametrize("length", [640, 701])
@pytest.mark.parametrize("count", [1, 4, 30])
def test_largest_values_of_long_rows_lowest_index_first(length, count):
    generator = np.random.default_rng(length + count)
    values = generator.integers(-40, 40, (5, length)).astype("float32")  # many are equal
    values[1, : length - 2] = -np.inf
    values[2] = 0.0
    values[3, -1] = values[3, 0] = 50.0
    best, index = largest(values, count)
    expected = np.argsort(-values, axis=1, kind="stable")[:, :count]
    np.testing.assert_array_equal(index, expected)
    np.testing.assert_array_equal(best, np.take_along_axis(values, expected, axis=1))


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


def stubborn_model():
    """Photographs that differ in when they are done; the last never wants to end."""
    model = HistoryModel(photographs=7, outputs=5, longest=5, seed=3, sharpness=3)
    model.table[-1, :, 0] = -50.0
    return model


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
