"""The decoder against a NumPy recomputation of eq. 2 and 3."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from s_cnn_rnn.model.decoder import Decoder
from s_cnn_rnn.model.fusions import FUSIONS
from s_cnn_rnn.model.losses import word_loss
from s_cnn_rnn.vocabulary import END, FIRST_OUTPUT, START

WORDS, UNITS, EMBEDDING = 9, 5, 4


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def numpy_step(decoder, word, h, c):
    """One step of eq. 2 (without peepholes, forget bias 1, ReLU) and eq. 3, gate by gate."""
    table = decoder.embedding.embeddings.numpy()
    w_x, w_h, b = (np.split(w.numpy(), 4, axis=-1) for w in decoder.cell.weights)
    i, g, f, o = (table[word] @ w_x[n] + h @ w_h[n] + b[n] for n in range(4))
    c = sigmoid(f + 1) * c + sigmoid(i) * np.maximum(g, 0)
    h = sigmoid(o) * np.maximum(c, 0)
    kernel, bias = (w.numpy() for w in decoder.output_layer.weights)
    logits = h @ kernel + bias
    return logits - np.log(np.exp(logits).sum()), h, c


@pytest.fixture(params=[True, False], ids=["packed", "padded"])
def decoder(request):
    return build_decoder(packs=request.param)


def build_decoder(**options):
    keras.utils.set_random_seed(3)
    decoder = Decoder(WORDS, **{"units": UNITS, "word_embedding": EMBEDDING, **options})
    decoder.build()
    for weight in decoder.weights:
        random = np.random.default_rng(len(weight.shape))
        weight.assign(random.normal(scale=0.4, size=weight.shape))
    return decoder


@pytest.fixture
def opening():
    random = np.random.default_rng(0)
    return {name: random.normal(size=(2, UNITS)).astype("float32") for name in ("h", "c")}


ANNOTATIONS = np.array(
    [
        [[START, 4, 5, 6, END, 0], [START, 7, END, 0, 0, 0]],
        [[START, 8, 8, 3, 4, END], [0, 0, 0, 0, 0, 0]],
    ],
    "int32",
)


def test_teacher_forcing_equals_numpy(decoder, opening):
    likelihood = keras.ops.convert_to_numpy(decoder(ANNOTATIONS, opening))
    expected = np.zeros((2, 2, 5))
    for photograph, annotation in np.ndindex(2, 2):
        h, c = (opening[name][photograph] for name in ("h", "c"))
        words = ANNOTATIONS[photograph, annotation]
        for t in range(5):
            log_p, h, c = numpy_step(decoder, words[t], h, c)
            if words[t + 1]:
                expected[photograph, annotation, t] = log_p[words[t + 1] - FIRST_OUTPUT]
    np.testing.assert_allclose(likelihood, expected, atol=1e-5)
    assert np.mean(word_loss(ANNOTATIONS, likelihood)) == pytest.approx(-expected.sum() / 3, 1e-5)


def test_steps_equal_the_whole_sequence(decoder, opening):
    whole = keras.ops.convert_to_numpy(decoder(ANNOTATIONS, opening))[:, 0]
    state = decoder.begin({k: keras.ops.convert_to_tensor(v) for k, v in opening.items()})
    for t in range(5):
        log_p, state = decoder.step(ANNOTATIONS[:, 0, t], state)
        for photograph in range(2):
            target = ANNOTATIONS[photograph, 0, t + 1]
            if target:
                got = float(log_p[photograph, target - FIRST_OUTPUT])
                assert got == pytest.approx(whole[photograph, t], abs=1e-5)


def test_padding_changes_nothing(decoder, opening):
    longer = np.concatenate([ANNOTATIONS, np.zeros((2, 2, 3), "int32")], axis=-1)
    short = decoder(ANNOTATIONS, opening)
    long = decoder(longer, opening)
    np.testing.assert_array_equal(long[..., :5], short)
    assert not np.any(long[..., 5:])
    # In float64 the few float32 values are added up exactly, in whatever order.
    short, long = (np.asarray(each, "float64") for each in (short, long))
    assert np.mean(word_loss(longer, long)) == np.mean(word_loss(ANNOTATIONS, short))


@pytest.mark.parametrize("packs", [True, False], ids=["packed", "padded"])
def test_label_smoothing_spreads_a_part_of_the_target_in_training_alone(packs, opening):
    smoothing = 0.2
    decoder = build_decoder(packs=packs, label_smoothing=smoothing)
    exact = decoder(ANNOTATIONS, opening, training=False).numpy()
    np.testing.assert_allclose(
        exact, build_decoder(packs=packs)(ANNOTATIONS, opening).numpy(), atol=1e-6
    )
    smoothed = decoder(ANNOTATIONS, opening, training=True).numpy()
    words = ANNOTATIONS[0, 1]  # START, 7, END
    h, c = opening["h"][0], opening["c"][0]
    for t in range(2):
        log_p, h, c = numpy_step(decoder, words[t], h, c)
        expected = (1 - smoothing) * log_p[words[t + 1] - FIRST_OUTPUT] + smoothing * log_p.mean()
        assert smoothed[0, 1, t] == pytest.approx(expected, abs=1e-5)
    assert (smoothed[0, 1, 2:] == 0).all()


def test_step_zero_reads_the_image_as_a_word(decoder):
    image = np.random.default_rng(1).normal(size=(2, EMBEDDING)).astype("float32")
    state = decoder.begin({"input": keras.ops.convert_to_tensor(image)})
    w_x, _, b = (np.split(w.numpy(), 4, axis=-1) for w in decoder.cell.weights)
    i, g, _, o = (image @ w_x[n] + b[n] for n in range(4))
    c = sigmoid(i) * np.maximum(g, 0)
    np.testing.assert_allclose(state["c"], c, atol=1e-6)
    np.testing.assert_allclose(state["h"], sigmoid(o) * np.maximum(c, 0), atol=1e-6)


def test_late_fusion_sees_the_image_at_every_step():
    keras.utils.set_random_seed(1)
    decoder = Decoder(WORDS, units=UNITS, word_embedding=EMBEDDING, fusion="multimodal")
    decoder.build()
    image = np.random.default_rng(1).normal(size=(2, UNITS)).astype("float32")
    opening = {"image": keras.ops.convert_to_tensor(image)}
    likelihood = decoder(ANNOTATIONS, opening)
    state = decoder.begin(opening)
    for t in range(4):
        log_p, state = decoder.step(ANNOTATIONS[:, 0, t], state)
        target = ANNOTATIONS[0, 0, t + 1]
        assert float(log_p[0, target - FIRST_OUTPUT]) == pytest.approx(
            float(likelihood[0, 0, t]), abs=1e-5
        )
    kernel, bias = (w.numpy() for w in decoder.fusion.of_state.weights)
    fused = np.maximum(np.asarray(state["h"]) @ kernel + bias + image, 0)
    output, output_bias = (w.numpy() for w in decoder.output_layer.weights)
    logits = fused @ output + output_bias
    np.testing.assert_allclose(
        log_p, logits - np.log(np.exp(logits).sum(-1, keepdims=True)), atol=1e-5
    )


@pytest.mark.parametrize("cell", ["lstm", "gru", "simple"])
@pytest.mark.parametrize("fusion", FUSIONS)
def test_packed_padded_and_single_steps_agree(cell, fusion):
    random = np.random.default_rng(0)
    opening = {name: random.normal(size=(2, UNITS)).astype("float32") for name in ("h", "image")}
    opening["concepts"] = random.random((2, 5)).astype("float32")
    opening["feature_map"] = random.normal(size=(2, 3, 7)).astype("float32")
    options = {"cell": cell, "fusion": fusion, "word_embedding": UNITS, "concept_ids": range(4, 9)}
    options["channels"] = 7
    decoder = build_decoder(packs=True, **options)
    packed = np.asarray(decoder(ANNOTATIONS, opening))
    padded = np.asarray(build_decoder(packs=False, **options)(ANNOTATIONS, opening))
    np.testing.assert_allclose(packed, padded, atol=1e-5)
    state = decoder.begin({k: keras.ops.convert_to_tensor(v) for k, v in opening.items()})
    for t in range(4):
        log_p, state = decoder.step(ANNOTATIONS[:, 0, t], state)
        targets = ANNOTATIONS[:, 0, t + 1]
        if (targets != 0).all():
            single = np.asarray(log_p)[np.arange(2), targets - FIRST_OUTPUT]
            np.testing.assert_allclose(single, packed[:, 0, t], atol=1e-5)


def test_words_that_are_not_drawn_are_the_true_ones(opening):
    decoder = build_decoder(fusion="multimodal")
    opening = opening | {"image": opening["h"]}
    nowhere = np.zeros((2, 2, 5), bool)
    np.testing.assert_allclose(
        decoder(ANNOTATIONS, opening, nowhere), decoder(ANNOTATIONS, opening), atol=1e-5
    )


def test_drawn_words_follow_what_the_decoder_predicts(opening):
    """With one output far above all others the draw is known: the decoder reads that word."""
    decoder = build_decoder()
    bias = decoder.output_layer.bias
    bias.assign(np.where(np.arange(WORDS - FIRST_OUTPUT) == 5, 30.0, 0.0))
    drawn = np.ones((2, 2, 5), bool)
    likelihood = np.asarray(decoder(ANNOTATIONS, opening, drawn, training=True))
    words = ANNOTATIONS[0, 0]
    h, c, read = opening["h"][0], opening["c"][0], START
    for t in range(4):
        log_p, h, c = numpy_step(decoder, read, h, c)
        assert likelihood[0, 0, t] == pytest.approx(log_p[words[t + 1] - FIRST_OUTPUT], rel=1e-4)
        read = 5 + FIRST_OUTPUT


def test_true_and_drawn_words_are_mixed_as_told(opening):
    """Scheduled sampling by hand: the third word read is the decoder's own, the others are true."""
    decoder = build_decoder()
    bias = decoder.output_layer.bias
    bias.assign(np.where(np.arange(WORDS - FIRST_OUTPUT) == 5, 30.0, 0.0))
    drawn = np.zeros((2, 2, 5), bool)
    drawn[0, 0, [0, 2]] = True  # START is never the decoder's own, whatever it is told
    likelihood = np.asarray(decoder(ANNOTATIONS, opening, drawn, training=True))
    words = ANNOTATIONS[0, 0]
    assert words[2] != 5 + FIRST_OUTPUT
    h, c, read = opening["h"][0], opening["c"][0], words.copy()
    read[2] = 5 + FIRST_OUTPUT
    for t in range(4):
        log_p, h, c = numpy_step(decoder, read[t], h, c)
        assert likelihood[0, 0, t] == pytest.approx(log_p[words[t + 1] - FIRST_OUTPUT], rel=1e-4)
    true = np.asarray(decoder(ANNOTATIONS, opening))
    np.testing.assert_allclose(likelihood[1], true[1], atol=1e-5)
    assert np.abs(likelihood[0, 0] - true[0, 0]).max() > 1e-3


def test_draws_go_on_from_the_decoders_own_random_state(opening):
    drawn = np.ones((2, 2, 5), bool)
    decoder = build_decoder()
    first = np.asarray(decoder(ANNOTATIONS, opening, drawn))
    assert not np.array_equal(first, decoder(ANNOTATIONS, opening, drawn))


@given(data=st.data())
@settings(max_examples=25, deadline=None)
@pytest.mark.parametrize(
    ("parts", "seen"),
    [
        ({"fusion": "multimodal"}, ("c", "image")),
        ({"fusion": "visual_attention", "channels": 3}, ("c", "feature_map")),
        ({"cell": "gru"}, ()),
    ],
    ids=("lstm", "visual_attention", "gru"),
)
def test_packed_and_padded_agree_in_values_and_gradients(parts, seen, data):
    lengths = data.draw(st.lists(st.integers(0, 4), min_size=4, max_size=4))
    words = np.zeros((2, 2, 6), "int32")
    for place, length in zip(np.ndindex(2, 2), lengths, strict=True):
        ids = data.draw(st.lists(st.integers(3, WORDS - 1), min_size=length, max_size=length))
        words[place][: length + 2] = [START, *ids, END]
    shapes = {"h": (2, UNITS), "c": (2, UNITS), "image": (2, UNITS), "feature_map": (2, 4, 3)}
    opening = {
        name: tf.Variable(np.random.default_rng(n).normal(size=shape), dtype="float32")
        for n, (name, shape) in enumerate(shapes.items())
    }
    results = []
    for packs in (True, False):
        decoder = build_decoder(packs=packs, **parts)
        with tf.GradientTape() as tape:
            likelihood = decoder(words, {name: v + 0.0 for name, v in opening.items()})
            loss = tf.reduce_mean(word_loss(words, likelihood))
        variables = [v.value for v in decoder.trainable_variables]
        variables += [opening[name] for name in ("h", *seen)]
        gradients = tape.gradient(loss, variables)
        results.append([likelihood, *map(tf.convert_to_tensor, gradients)])
    for packed, padded in zip(*results, strict=True):
        np.testing.assert_allclose(packed, padded, atol=1e-5)


def test_a_step_that_looks_projected_words_up_equals_one_that_multiplies(opening):
    decoder = build_decoder()
    state = decoder.begin(opening)
    words = np.array([START, 7], "int32")
    expected, after = decoder.step(words, state)
    found, found_after = decoder.step(words, state, decoder.projected_words())
    np.testing.assert_allclose(found, expected, rtol=1e-5)
    for name, value in after.items():
        np.testing.assert_allclose(found_after[name], value, rtol=1e-5, atol=1e-6)


def test_words_are_not_projected_where_a_fusion_acts_before():
    with_words = build_decoder(fusion="multimodal_with_words")
    assert with_words.projected_words() is not None
    concepts = {"units": UNITS, "word_embedding": UNITS, "concept_ids": [4, 5]}
    assert build_decoder(fusion="concept_attention", **concepts).projected_words() is None
