"""The interfaces of fig. 1 against NumPy."""

import numpy as np
import pytest

from s_cnn_rnn.model.annotation_model import build_model
from s_cnn_rnn.model.interfaces import INTERFACES, PREFIX, build_interface
from s_cnn_rnn.model.systems import find_system
from s_cnn_rnn.settings import RunSettings
from s_cnn_rnn.vocabulary import Vocabulary

EMBEDDING = np.random.default_rng(0).normal(size=(2, 6)).astype("float32")
FIRST_STATE = {"h": 5, "c": 5}
OPENINGS = {
    "step_zero_input": {"input": 4},
    "initial_state": FIRST_STATE,
    "late_fusion": {"image": 5},
    "semantic": FIRST_STATE,
    "prefix": {"input": PREFIX * 5},
}


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


@pytest.mark.parametrize("name", INTERFACES)
def test_openings_are_linear_maps_of_the_embedding(name):
    interface = build_interface(name, units=5, word_embedding=4)
    opening = interface(EMBEDDING)
    assert {key: value.shape[1] for key, value in opening.items()} == OPENINGS[name]
    kernels = {w.path.split("/")[-2]: w.numpy() for w in interface.weights if w.ndim == 2}
    for key, value in opening.items():
        kernel = kernels[key]
        np.testing.assert_allclose(value, EMBEDDING @ kernel, atol=1e-5)  # the bias starts at 0


def test_attributes_are_read_as_if_they_were_the_first_word():
    """v2l by hand: s_hat of its attributes alone, centred and mapped, then one step of the LSTM."""
    words = tuple(f"word{n}" for n in range(300))
    vocabulary = Vocabulary("captions", words, (1,) * 300, words[:280], 1.0, 1.0, {})
    vocabulary = vocabulary.with_concepts(find_system("v2l").most_concepts)
    content = {
        "data": "",
        "system": "v2l",
        "encoder": {"name": "small_cnn", "weights": None},
        "model": {"units": 5, "word_embedding": 4, "centres_s_hat": True, "s_hat_scale": 20.0},
    }
    prior = np.linspace(0.9, 0.001, 256)
    settings = RunSettings.from_dict(content)
    model = build_model(settings, vocabulary, prior=prior, with_encoder=False)
    features = np.random.default_rng(0).normal(size=(2, 256)).astype("float32")
    kernel, bias = (np.asarray(w) for w in model.semantic.dense.weights)
    s_hat = sigmoid(features @ kernel + bias)
    assert s_hat.shape == (2, 256)
    mapping = model.interface.maps["input"]
    assert np.std(mapping.kernel) == pytest.approx(20 * np.sqrt(2 / (256 + 4)), rel=0.1)
    x = (s_hat - prior) @ np.asarray(mapping.kernel) + np.asarray(mapping.bias)
    w_x, _, b = (np.asarray(w) for w in model.decoder.cell.weights)
    i, g, _, o = np.split(x @ w_x + b, 4, axis=-1)  # h and c before it are 0
    c = sigmoid(i) * np.maximum(g, 0)
    state = model.start(model.seen({"features": features}))
    np.testing.assert_allclose(state["c"], c, rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(state["h"], sigmoid(o) * np.maximum(c, 0), rtol=1e-3, atol=1e-4)


def test_features_and_detected_words_are_read_together_as_if_they_were_the_first_word():
    """msr-captivator by hand: noisy-or over the places, joined to F, then one step of the GRU."""
    words = tuple(f"word{n}" for n in range(300))
    vocabulary = Vocabulary("captions", words, (1,) * 300, words[:100], 1.0, 1.0, {})
    content = {
        "data": "",
        "system": "msr-captivator",
        "encoder": {"name": "small_cnn", "weights": None},
        "model": {"units": 5, "word_embedding": 4, "centres_s_hat": True, "s_hat_scale": 20.0},
    }
    prior = np.linspace(0.9, 0.01, 100)
    settings = RunSettings.from_dict(content)
    shapes = {"feature_map": (6, 8)}
    model = build_model(settings, vocabulary, prior=prior, with_encoder=False, side_shapes=shapes)
    random = np.random.default_rng(0)
    features = random.normal(size=(2, 256)).astype("float32")
    places = random.normal(size=(2, 6, 8)).astype("float32")
    kernel = random.normal(size=(8, 100)).astype("float32")
    bias = np.asarray(model.semantic.dense.bias)
    model.semantic.dense.kernel.assign(kernel)
    s_hat = 1 - np.prod(1 - sigmoid(places @ kernel + bias), axis=1)
    mapping = model.interface.maps["input"]
    of_features, of_words = np.split(np.asarray(mapping.kernel), [256])
    for part, scale in ((of_features, 1), (of_words, 20)):
        assert np.std(part) == pytest.approx(scale * np.sqrt(2 / (356 + 4)), rel=0.1)
    x = features @ of_features + (s_hat - prior) @ of_words + np.asarray(mapping.bias)
    w_x, _, b = (np.asarray(w) for w in model.decoder.cell.weights)
    z, _, n = np.split(x @ w_x + b, 3, axis=-1)  # h before it is 0
    state = model.start(model.seen({"features": features, "feature_map": places}))
    expected = (1 - sigmoid(z)) * np.maximum(n, 0)
    np.testing.assert_allclose(state["h"], expected, rtol=1e-3, atol=1e-4)


def test_cell_state_may_stay_zero():
    interface = build_interface("semantic", units=5, word_embedding=4, sets_cell=False)
    assert set(interface(EMBEDDING)) == {"h"}


def test_scale_multiplies_the_initial_map():
    deviations = []
    for scale in (1.0, 10.0):
        interface = build_interface("semantic", units=200, word_embedding=4, scale=scale)
        interface.build((None, 300))
        deviations.append(float(np.std(interface.maps["h"].kernel.numpy())))
    assert deviations[1] / deviations[0] == pytest.approx(10, rel=0.05)
    assert deviations[0] == pytest.approx(np.sqrt(2 / 500), rel=0.05)  # Glorot


def test_unknown_interface_is_refused():
    with pytest.raises(ValueError, match=r"'early_fusion'.*step_zero_input"):
        build_interface("early_fusion", units=5, word_embedding=4)


@pytest.mark.parametrize("name", INTERFACES)
def test_dropout_of_the_embedding_acts_in_training_alone(name):
    embedding = np.random.default_rng(0).normal(size=(3, 40)).astype("float32")
    interface = build_interface(name, units=5, word_embedding=4, dropout=0.5)
    seen = interface(embedding)
    for key, values in interface(embedding, training=True).items():
        np.testing.assert_array_equal(seen[key], interface(embedding)[key])
        assert not np.allclose(seen[key], values)


def test_the_centre_moves_a_constant_into_the_bias():
    centre = np.random.default_rng(1).random(6)
    interface = build_interface("semantic", units=5, word_embedding=4, centre=centre)
    opening = interface(EMBEDDING)
    for key, value in opening.items():
        kernel = interface.maps[key].kernel.numpy()
        np.testing.assert_allclose(value, EMBEDDING @ kernel - centre @ kernel, atol=1e-5)
    assert [w.path.split("/")[-1] for w in interface.non_trainable_weights] == ["centre"]
    nothing_special = np.tile(centre.astype("float32"), (2, 1))
    assert all(np.abs(v).max() < 1e-6 for v in interface(nothing_special).values())
