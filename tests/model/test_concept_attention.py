"""Semantic attention against NumPy: to what, at input and output, and what that costs."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from s_cnn_rnn.model.concept_attention import ConceptAttention, attention_penalty
from s_cnn_rnn.model.decoder import Decoder
from s_cnn_rnn.model.fusion import Widths
from s_cnn_rnn.vocabulary import END, START

UNITS = 6
RANDOM = np.random.default_rng(0)
WORDS = RANDOM.normal(size=(3, UNITS)).astype("float32")
STATE = RANDOM.normal(size=(3, UNITS)).astype("float32")


def softmax(x):
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


@pytest.fixture
def attention():
    keras.utils.set_random_seed(0)
    layer = ConceptAttention(concept_ids=[4, 7, 5, 9, 6], attended=3)
    layer.build_for(Widths(UNITS, UNITS))
    for number, weight in enumerate(layer.trainable_weights):
        weight.assign(np.random.default_rng(number).normal(size=weight.shape))
    return layer


def test_the_surest_concepts_are_attended_to_by_their_words(attention):
    table = keras.layers.Embedding(12, UNITS)
    s_hat = np.array([[0.1, 0.9, 0.3, 0.2, 0.8], [0.5, 0.4, 0.3, 0.2, 0.1]], "float32")
    found = attention.prepare({"concepts": s_hat}, table)["attributes"]
    expected = table(np.array([[7, 6, 5], [4, 7, 5]]))
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_attention_at_input_and_output(attention):
    attributes = np.random.default_rng(9).normal(size=(3, 3, UNITS)).astype("float32")
    constants = {"attributes": attributes}
    u, v = np.asarray(attention.input_scores), np.asarray(attention.output_scores)
    kernel, bias = (np.asarray(w) for w in attention.output_map.weights)
    rectified = np.maximum(attributes, 0)
    for n in range(3):
        alpha = softmax(np.array([WORDS[n] @ u @ y for y in attributes[n]]))
        x = WORDS[n] + np.asarray(attention.input_weight) * (alpha @ attributes[n])
        np.testing.assert_allclose(attention.before(WORDS, constants)[n], x, rtol=1e-4, atol=1e-5)
        beta = softmax(np.array([STATE[n] @ v @ y for y in rectified[n]]))
        seen = STATE[n] + np.asarray(attention.output_weight) * (beta @ rectified[n])
        out = attention.after(STATE, WORDS, constants)[n]
        np.testing.assert_allclose(out, seen @ kernel + bias, rtol=1e-4, atol=1e-4)


def test_attention_needs_words_and_state_of_one_width():
    with pytest.raises(ValueError, match=r"model.word_embedding \(4\) and model.units \(6\)"):
        ConceptAttention(concept_ids=[4, 5]).build_for(Widths(6, 4))


def test_attended_to_is_what_is_surer_than_usual():
    """A photograph's surest words are "a" and "the", whatever it shows."""
    prior = [0.95, 0.8, 0.1, 0.05, 0.02]
    layer = ConceptAttention(concept_ids=[4, 7, 5, 9, 6], attended=2, prior=prior)
    layer.build_for(Widths(UNITS, UNITS))
    table = keras.layers.Embedding(12, UNITS)
    s_hat = np.array([[0.97, 0.7, 0.3, 0.06, 0.6], [0.99, 0.99, 0.1, 0.05, 0.02]], "float32")
    found = layer.prepare({"concepts": s_hat}, table)["attributes"]
    np.testing.assert_allclose(found, table(np.array([[6, 5], [7, 4]])), atol=1e-6)
    assert len(layer.non_trainable_weights) == 1


def penalty_by_hand(alpha, p=2, q=0.5):
    """Of one sequence, [T, A], sum by sum."""
    steps, concepts = alpha.shape
    used = [sum(alpha[t, i] for t in range(steps)) for i in range(concepts)]
    at_once = [sum(a**q for a in alpha[t]) ** (1 / q) for t in range(steps)]
    return sum(u**p for u in used) ** (1 / p) + sum(at_once)


def test_the_penalty_by_hand():
    logits = np.random.default_rng(1).normal(scale=2, size=(3, 5, 4))
    alpha, lengths = softmax(logits), [5, 2, 0]
    real = (np.arange(5) < np.array(lengths)[:, None]).astype("float32")
    given = tf.Variable(np.log(alpha).astype("float32"))
    with tf.GradientTape() as tape:
        found = attention_penalty(given, real)
    expected = [penalty_by_hand(alpha[n, :length]) for n, length in enumerate(lengths[:2])]
    np.testing.assert_allclose(found, [*expected, 0.0], rtol=1e-4, atol=1e-5)
    gradient = np.asarray(tape.gradient(found, given))
    assert np.isfinite(gradient).all()
    assert not gradient[real == 0].any()
    sharp = np.full((1, 4, 4), -1e9, "float32")  # each step another concept: the least there is
    sharp[0, np.arange(4), np.arange(4)] = 0
    spread = np.full((1, 4, 4), np.log(0.25), "float32")
    real = np.ones((1, 4), "float32")
    assert float(attention_penalty(sharp, real)[0]) == pytest.approx(2 + 4)
    assert float(attention_penalty(spread, real)[0]) == pytest.approx(2 + 4 * 4)


@pytest.mark.parametrize("packs", [True, False], ids=["packed", "padded"])
def test_the_penalty_is_added_to_the_loss_in_training_alone(packs):
    keras.utils.set_random_seed(2)
    options = {"units": UNITS, "word_embedding": UNITS, "fusion": "concept_attention"}
    decoder = Decoder(
        12, concept_ids=[4, 7, 5, 9, 6], attention_penalty=0.5, packs=packs, **options
    )
    decoder.build()
    for number, weight in enumerate(decoder.trainable_weights):
        weight.assign(np.random.default_rng(number).normal(scale=0.5, size=weight.shape))
    words = np.zeros((2, 2, 5), "int32")
    words[0, 0] = [START, 5, 8, 6, END]
    words[0, 1, :3] = [START, 11, END]
    words[1, 0, :4] = [START, 9, 4, END]  # and a sequence of padding alone
    opening = {
        "input": RANDOM.normal(size=(2, UNITS)).astype("float32"),
        "concepts": RANDOM.random((2, 5)).astype("float32"),
    }
    decoder(words, opening)
    assert decoder.losses == []
    decoder(words, opening, training=True)
    [found] = decoder.losses
    total = 0.0
    for photograph, caption in ((0, 0), (0, 1), (1, 0)):
        own = {name: value[photograph : photograph + 1] for name, value in opening.items()}
        state, logs = decoder.begin(own), []
        for word in words[photograph, caption]:
            if word in (END, 0):
                break
            read = np.array([word], "int32")
            _, after = decoder.step(read, state)
            logs.append(decoder.fusion.log_attention(after["h"], decoder.embedding(read), state))
            state = after
        for number in range(2):
            alpha = np.exp([np.asarray(log[number][0], "float64") for log in logs])
            np.testing.assert_allclose(alpha.sum(axis=-1), 1, rtol=1e-5)
            total += penalty_by_hand(alpha)
    assert float(found) == pytest.approx(0.5 * total / 3, rel=1e-4)
