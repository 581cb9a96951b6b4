"""The preferred order against a search written label by label."""

import keras
import numpy as np
import pytest

from s_cnn_rnn.model.decoder import Decoder
from s_cnn_rnn.model.label_alignment import PreferredOrder
from s_cnn_rnn.vocabulary import END, FIRST_OUTPUT, START

WORDS = np.array(
    [[[START, 3, 4, 5, 7, END]], [[START, 6, END, 0, 0, 0]], [[START, END, 0, 0, 0, 0]]], "int32"
)


@pytest.fixture
def decoder():
    keras.utils.set_random_seed(0)
    decoder = Decoder(9, units=5, word_embedding=4)
    decoder.build()
    for number, weight in enumerate(decoder.weights):
        weight.assign(np.random.default_rng(number).normal(scale=1.5, size=weight.shape))
    return decoder


@pytest.fixture
def opening():
    random = np.random.default_rng(0)
    return {name: random.normal(size=(3, 5)).astype("float32") for name in ("h", "c")}


def by_hand(decoder, opening, words):
    """One photograph: at each step the most likely of the labels not yet written."""
    state = decoder.begin({name: value[None] for name, value in opening.items()})
    left, ordered, word = [int(w) for w in words if w > END], [], START
    while left:
        log_p, state = decoder.step(np.array([word], "int32"), state)
        word = max(left, key=lambda label: float(log_p[0, label - FIRST_OUTPUT]))
        left.remove(word)
        ordered.append(word)
    return [START, *ordered, END, *[0] * (len(words) - 2 - len(ordered))]


def test_each_step_takes_its_most_likely_true_label(decoder, opening):
    ordered = np.asarray(PreferredOrder(decoder)(WORDS, opening))
    for n in range(3):
        one = {name: value[n] for name, value in opening.items()}
        assert ordered[n, 0].tolist() == by_hand(decoder, one, WORDS[n, 0])
    assert ordered[0, 0].tolist() != WORDS[0, 0].tolist()


def test_the_given_order_does_not_matter(decoder, opening):
    other = WORDS.copy()
    other[0, 0, 1:5] = WORDS[0, 0, 4:0:-1]
    layer = PreferredOrder(decoder)
    np.testing.assert_array_equal(layer(WORDS, opening), layer(other, opening))
