"""Sampling against a walk through the model's table, word by word."""

import keras
import numpy as np
import pytest
from sequence_models import HistoryModel

from s_cnn_rnn.decoding.sampling import sample
from s_cnn_rnn.vocabulary import END, FIRST_OUTPUT, PADDING, START

OUTPUTS, LONGEST = 4, 3


def by_hand(model, photograph, chances):
    """One photograph: the first output whose cumulated probability exceeds the chance."""
    number, words = 0, [START]
    for chance in chances:
        probabilities = np.exp(model.table[photograph, number].astype(np.float64))
        output = int(np.searchsorted(np.cumsum(probabilities) / probabilities.sum(), chance))
        words.append(output + FIRST_OUTPUT)
        if output + FIRST_OUTPUT == END:
            break
        number = number * (model.outputs - 1) + output
    return words + [PADDING] * (len(chances) + 1 - len(words))


@pytest.mark.parametrize("compiled", [False, True])
def test_each_word_is_the_one_that_its_chance_chooses(compiled):
    model = HistoryModel(40, OUTPUTS, LONGEST, seed=0)
    chances = np.random.default_rng(1).random((40, LONGEST), dtype=np.float32)

    class Sampler(keras.Model):
        def call(self, chances):
            return sample(model.step, model.start(), chances)

    sampler = Sampler()
    sampler.compile(jit_compile=compiled)
    words = sampler.predict(chances, batch_size=40, verbose=0)
    expected = [by_hand(model, n, chances[n]) for n in range(40)]
    np.testing.assert_array_equal(words, expected)
    assert len({tuple(row) for row in expected}) > 10
    assert any(END not in row for row in expected)  # cut off
    assert any(row[-1] == PADDING for row in expected)  # ended early


@pytest.mark.parametrize("outputs", [130, 1000])
def test_long_rows_are_searched_as_short_ones(outputs):
    random = np.random.default_rng(0)
    logits = random.normal(0, 2, (50, outputs))
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    chances = random.random((50, 1), dtype=np.float32)
    log_p = np.log(p).astype("float32")
    words = np.asarray(sample(lambda w, s: (log_p, s), {"any": np.zeros((50, 1))}, chances))
    expected = [np.searchsorted(np.cumsum(p[n]), chances[n, 0]) for n in range(50)]
    np.testing.assert_array_equal(words[:, 1] - FIRST_OUTPUT, expected)


def test_evenly_spread_chances_find_every_word_as_often_as_it_is_probable():
    model = HistoryModel(1, OUTPUTS, 0, seed=3)
    count = 1000
    chances = ((np.arange(count) + 0.5) / count).astype("float32")[:, None]

    def step(word, state):
        return np.broadcast_to(model.table[0, 0], (count, OUTPUTS)), state

    words = np.asarray(sample(step, {"any": np.zeros((count, 1), "float32")}, chances))
    shares = np.bincount(words[:, 1] - FIRST_OUTPUT, minlength=OUTPUTS) / count
    np.testing.assert_allclose(shares, np.exp(model.table[0, 0]), atol=1 / count)


def test_the_last_output_stands_for_what_rounding_leaves_over():
    log_p = np.log(np.array([[0.5, 0.5 - 1e-4]], "float32"))  # adds up to less than 1
    words = np.asarray(
        sample(lambda w, s: (log_p, s), {"any": np.zeros((1, 1))}, np.array([[0.99999]], "float32"))
    )
    assert words[0, 1] == 1 + FIRST_OUTPUT
