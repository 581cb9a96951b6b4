import math
import os
import pathlib
import subprocess
import sys

import hypothesis
import hypothesis.strategies as st
import numpy as np
import pytest
from keras import ops
from sequence_models import (
    HistoryModel,
    as_outputs,
    assert_same,
    greedy_reference,
    markov_step,
    to_numpy,
)

from s_cnn_rnn.decoding.search import beam_search, greedy
from s_cnn_rnn.vocabulary import END

FEW = hypothesis.settings(max_examples=15, deadline=None)


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


@FEW
@hypothesis.given(
    seed=st.integers(0, 10_000),
    outputs=st.integers(3, 6),
    longest=st.integers(1, 4),
    forbid=st.booleans(),
    no_repeats=st.booleans(),
    stop_bias=st.sampled_from([0.0, -1.5, 0.5]),
)
def test_greedy_and_beam_of_width_one_write_what_numpy_writes(
    seed, outputs, longest, forbid, no_repeats, stop_bias
):
    model = HistoryModel(3, outputs, longest, seed)
    never = (2,) if forbid else ()
    options = {"longest": longest, "never_written": never, "no_repeats": no_repeats}
    decoded = to_numpy(greedy(model.step, model.start(), stop_bias=stop_bias, **options))
    for photograph in range(3):
        expected = greedy_reference(model, photograph, never, no_repeats, stop_bias)
        assert as_outputs(decoded.words[photograph, 0]) == expected
        np.testing.assert_allclose(
            decoded.log_probabilities[photograph, 0],
            model.log_probability(photograph, expected),
            rtol=1e-5,
        )
    np.testing.assert_array_equal(decoded.scores, decoded.log_probabilities)
    if not stop_bias:
        assert_same(to_numpy(beam_search(model.step, model.start(), width=1, **options)), decoded)


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


ON_JAX = """
import jax
from sequence_models import HistoryModel, as_outputs, greedy_reference
from s_cnn_rnn.decoding.search import beam_search, greedy

model = HistoryModel(photographs=3, outputs=4, longest=3, seed=1)

def both(state):
    beam = beam_search(model.step, state, width=64, longest=3, returned=4)
    return beam, greedy(model.step, state, longest=3, no_repeats=True)

for run in (both, jax.jit(both)):
    beam, one = run(model.start())
    for i in range(3):
        best = [found[2] for found in model.all_hypotheses(i)[:4]]
        assert [as_outputs(words) for words in beam.words[i]] == best
        assert as_outputs(one.words[i, 0]) == greedy_reference(model, i, no_repeats=True)
print("the same on jax")
"""


def test_on_the_jax_backend():
    pytest.importorskip("jax", reason="jax is not installed; Keras's JAX backend is optional")
    tests = pathlib.Path(__file__).parents[1]
    found = subprocess.run(
        [sys.executable, "-c", ON_JAX],
        env={**os.environ, "KERAS_BACKEND": "jax", "PYTHONPATH": f"{tests.parent}:{tests}"},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert found.returncode == 0, found.stderr[-2000:]
    assert "the same on jax" in found.stdout
