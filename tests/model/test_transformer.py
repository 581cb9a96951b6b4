"""The transformer decoder against NumPy, and its steps against whole sequences."""

import keras
import numpy as np
import pytest

from s_cnn_rnn.decoding.search import beam_search
from s_cnn_rnn.model.transformer import TransformerDecoder
from s_cnn_rnn.vocabulary import END, FIRST_OUTPUT, START

WORDS, UNITS, HEADS, PREFIX, LONGEST = 9, 6, 2, 2, 6
ANNOTATIONS = np.array(
    [
        [[START, 4, 5, 6, END, 0], [START, 7, END, 0, 0, 0]],
        [[START, 8, 8, 3, 4, END], [0, 0, 0, 0, 0, 0]],
    ],
    "int32",
)
OPENING = {"input": np.random.default_rng(0).normal(size=(2, PREFIX * UNITS)).astype("float32")}


def build(**options):
    keras.utils.set_random_seed(3)
    options = {"units": UNITS, "heads": HEADS, "prefix": PREFIX, "longest": LONGEST, **options}
    decoder = TransformerDecoder(WORDS, **options, name="decoder")
    decoder.build()
    for number, weight in enumerate(decoder.trainable_weights):
        random = np.random.default_rng(number)
        weight.assign(random.normal(scale=0.5, size=weight.shape))
    return decoder


def softmax(x):
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def weights(layer):
    return [np.asarray(weight, "float64") for weight in layer.weights]


def linear(layer, x):
    kernel, bias = weights(layer)
    return x @ kernel + bias


def norm(layer, x):
    gamma, beta = weights(layer)
    centred = x - x.mean(-1, keepdims=True)
    return centred / np.sqrt((centred**2).mean(-1, keepdims=True) + 1e-3) * gamma + beta


def by_hand(decoder, tokens, words):
    """Log p [T, outputs] after each of the words read, token by token and head by head."""
    embedding, places = weights(decoder.embedding)[0], weights(decoder.places)[0]
    x = np.concatenate([tokens, np.sqrt(UNITS) * embedding[words] + places[: len(words)]])
    width = UNITS // HEADS
    for block in decoder.blocks:
        normed = norm(block.attention_norm, x)
        q, k, v = (linear(layer, normed) for layer in (block.query, block.key, block.value))
        seen = np.zeros_like(x)
        for t in range(len(x)):
            upto = max(t + 1, PREFIX)
            for head in range(HEADS):
                own = slice(head * width, (head + 1) * width)
                alpha = softmax(k[:upto, own] @ q[t, own] / np.sqrt(width))
                seen[t, own] = alpha @ v[:upto, own]
        x = x + linear(block.joined, seen)
        inner = np.maximum(linear(block.wide, norm(block.word_norm, x)), 0)
        x = x + linear(block.narrow, inner)
    logits = linear(decoder.output_layer, norm(decoder.last_norm, x[PREFIX:]))
    return np.log(softmax(logits))


@pytest.mark.parametrize("packs", [True, False], ids=["packed", "padded"])
def test_teacher_forcing_equals_numpy(packs):
    decoder = build(packs=packs)
    found = np.asarray(decoder(ANNOTATIONS, OPENING))
    expected = np.zeros((2, 2, 5))
    for photograph, annotation in np.ndindex(2, 2):
        words = ANNOTATIONS[photograph, annotation]
        tokens = OPENING["input"][photograph].reshape(PREFIX, UNITS)
        log_p = by_hand(decoder, tokens, words[:-1])
        for t in np.flatnonzero(words[1:]):
            expected[photograph, annotation, t] = log_p[t, words[t + 1] - FIRST_OUTPUT]
    np.testing.assert_allclose(found, expected, atol=1e-4)


def test_steps_equal_the_whole_sequence():
    decoder = build()
    state = decoder.begin({"input": keras.ops.convert_to_tensor(OPENING["input"])})
    words = ANNOTATIONS[:, 0]
    for t in range(5):
        log_p, after = decoder.step(words[:, t], state)
        assert {n: v.shape for n, v in after.items()} == {n: v.shape for n, v in state.items()}
        state = after
        for photograph in range(2):
            tokens = OPENING["input"][photograph].reshape(PREFIX, UNITS)
            expected = by_hand(decoder, tokens, words[photograph, : t + 1])[-1]
            np.testing.assert_allclose(log_p[photograph], expected, atol=1e-4)


def test_beams_carry_what_they_read():
    """The log probability of what a beam wrote is that of teacher forcing."""
    decoder = build()
    state = decoder.begin({"input": keras.ops.convert_to_tensor(OPENING["input"])})
    decoded = beam_search(decoder.step, state, width=3, longest=LONGEST, returned=3)
    start = np.full((2, 3, 1), START)
    words = np.concatenate([start, np.asarray(decoded.words)], axis=-1).astype("int32")
    likelihood = np.asarray(decoder(words, OPENING)).sum(axis=-1)
    np.testing.assert_allclose(decoded.log_probabilities, likelihood, atol=1e-4)


def test_padding_changes_nothing():
    decoder = build()
    longer = np.concatenate([ANNOTATIONS, np.zeros((2, 2, 2), "int32")], axis=-1)
    short, long = (np.asarray(decoder(words, OPENING)) for words in (ANNOTATIONS, longer))
    np.testing.assert_allclose(long[..., :5], short, atol=1e-5)
    assert not np.any(long[..., 5:])


def test_dropout_and_smoothing_act_in_training_alone():
    exact = np.asarray(build()(ANNOTATIONS, OPENING))
    for options in ({"dropout": 0.5}, {"dropout_of_layers": 0.5}, {"label_smoothing": 0.2}):
        decoder = build(**options)
        np.testing.assert_allclose(decoder(ANNOTATIONS, OPENING), exact, atol=1e-5)
        assert not np.allclose(decoder(ANNOTATIONS, OPENING, training=True), exact, atol=1e-3)


def test_steps_agree_with_float32_in_mixed_bfloat16():
    exact = build()
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        mixed = build()
    finally:
        keras.config.set_dtype_policy("float32")
    expected = np.asarray(exact(ANNOTATIONS, OPENING))
    np.testing.assert_allclose(mixed(ANNOTATIONS, OPENING), expected, atol=0.1)
    state = mixed.begin({"input": keras.ops.convert_to_tensor(OPENING["input"])})
    log_p, state = mixed.step(ANNOTATIONS[:, 0, 0], state)
    assert keras.backend.standardize_dtype(log_p.dtype) == "float32"
    own = np.asarray(log_p)[np.arange(2), ANNOTATIONS[:, 0, 1] - FIRST_OUTPUT]
    np.testing.assert_allclose(own, expected[:, 0, 0], atol=0.1)


def test_what_it_cannot_do_is_told():
    with pytest.raises(ValueError, match=r"model.units \(6\) to a multiple of .*heads \(4\)"):
        build(heads=4)
    with pytest.raises(ValueError, match="annotations of 4 words: this decoder has places for 2"):
        build(longest=2)(ANNOTATIONS, OPENING)
    with pytest.raises(ValueError, match="no words of its own"):
        build()(ANNOTATIONS, OPENING, np.zeros((2, 2, 5), bool))
