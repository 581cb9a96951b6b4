"""What a decoder sees beside its state, against NumPy."""

import keras
import numpy as np
import pytest

from s_cnn_rnn.model.fusion import ConceptAttention, Multimodal, MultimodalWithWords, Widths

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
    for number, weight in enumerate(layer.weights):
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


@pytest.mark.parametrize("sees_words", [False, True])
def test_the_multimodal_layer_joins_image_state_and_word(sees_words):
    layer = (MultimodalWithWords if sees_words else Multimodal)()
    layer.build_for(Widths(UNITS, UNITS))
    image = np.random.default_rng(3).normal(size=(3, UNITS)).astype("float32")
    kernel, bias = (np.asarray(w) for w in layer.of_state.weights)
    joined = STATE @ kernel + bias + image
    if sees_words:
        joined = joined + WORDS @ np.asarray(layer.of_word.kernel)
    found = layer.after(STATE, WORDS, {"image": image})
    np.testing.assert_allclose(found, np.maximum(joined, 0), rtol=1e-4, atol=1e-5)
