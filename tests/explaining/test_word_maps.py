"""Maps against class activation maps worked out by hand, and for every kind of system."""

import doctest

import numpy as np
import pytest
from finished_runs import untrained_run

from s_cnn_rnn.annotator import Annotator
from s_cnn_rnn.explaining import word_maps as module
from s_cnn_rnn.explaining.attribution import WordLikelihoods, contributions
from s_cnn_rnn.explaining.concept_statistics import log_odds
from s_cnn_rnn.explaining.explanation import Explainer
from s_cnn_rnn.explaining.word_maps import PhotographPlaces, concept_maps, enlarge, word_maps
from s_cnn_rnn.model.ensemble import Ensemble
from s_cnn_rnn.runs.handover import load_model

MODEL = {"units": 16, "word_embedding": 16, "longest": 5, "transformer_heads": 2}
LITE = {"name": "efficientnet_lite0", "weights": None, "image_size": 64}


def test_documented_examples_run():
    assert doctest.testmod(module).attempted > 0
    assert doctest.testmod(module).failed == 0


@pytest.fixture(scope="module")
def averaged(tiny_data, tmp_path_factory):
    """A model whose features are the mean over four places, and a photograph's feature map."""
    folder = tmp_path_factory.mktemp("runs") / "lite"
    run = untrained_run(folder, tiny_data, system="ours", model=MODEL, encoder=LITE)
    model = load_model(run)
    random = np.random.default_rng(0)
    feature_map = random.uniform(0, 6, size=(2, 2, 1280)).astype(np.float32)
    kernel, bias = (np.asarray(weight, np.float64) for weight in model.semantic.dense.weights)
    logits = feature_map.astype(np.float64).mean(axis=(0, 1)) @ kernel + bias
    s_hat = (1 / (1 + np.exp(-logits))).astype(np.float32)
    usual = random.uniform(0.05, 0.3, size=20).astype(np.float32)
    return model, feature_map, kernel, s_hat, usual


def test_a_concepts_map_is_its_class_activation_map(averaged):
    model, feature_map, kernel, s_hat, usual = averaged
    numbers = np.array([2, 9, 17])
    found = concept_maps(PhotographPlaces(model), feature_map, {}, s_hat, usual, numbers)
    activation = feature_map.astype(np.float64) @ kernel[:, numbers] / 4  # [2, 2, 3]
    expected = np.moveaxis(activation, -1, 0)
    lacking = (log_odds(s_hat) - log_odds(usual))[numbers] - expected.sum(axis=(1, 2))
    np.testing.assert_allclose(found, expected + lacking[:, None, None] / 4, atol=1e-4)


def test_a_words_map_is_that_of_its_concepts_by_their_contributions(averaged):
    model, feature_map, _, s_hat, usual = averaged
    places = PhotographPlaces(model)
    features = feature_map.mean(axis=(0, 1))[None]
    words = model.vocabulary.encode(model.vocabulary.words[:3])
    likelihoods = WordLikelihoods(model, {"features": features}, words)
    found = contributions(likelihoods, s_hat, usual, points=8)
    maps = concept_maps(places, feature_map, {}, s_hat, usual, np.arange(20))
    shares = found.values / maps.sum(axis=(1, 2))
    expected = np.einsum("tj,jyx->tyx", shares, maps)
    given = word_maps(places, feature_map, {}, s_hat, usual, found)
    np.testing.assert_allclose(given, expected, atol=1e-5)
    np.testing.assert_allclose(given.sum(axis=(1, 2)), found.values.sum(axis=1), atol=1e-6)


@pytest.mark.parametrize(
    ("system", "task", "shares"),
    [
        ("ours+attention", "captions", True),
        ("ours+transformer", "captions", True),
        ("msr-captivator", "captions", True),
        ("att", "captions", True),
        ("nic-f", "captions", False),
        ("nic-deeply", "captions", False),
        ("ours", "labels", True),
        ("cnn-logistic", "labels", False),
    ],
)
def test_words_of_every_kind_of_system_have_maps(system, task, shares, tiny_data, tmp_path):
    options = {"stages": {"cnn": {"steps": 1}}, "decoding": {"width": 1}, "task": task}
    run = untrained_run(tmp_path / "run", tiny_data, system=system, model=MODEL, **options)
    explanation = Annotator.from_run(run.path).why(tiny_data.photographs("validation", [0])[0])
    assert [word.word for word in explanation.words] == list(explanation.annotation.words)
    assert explanation.words, "an untrained run that writes nothing tests nothing"
    for word in explanation.words:
        assert word.map.shape == (4, 4)
        assert np.isfinite(word.map).all()
        assert np.ptp(word.map) > 0
        assert bool(word.shares) == shares
        assert (word.usual_log_probability is None) == (not shares)
    learns = system not in ("nic-f",)
    assert bool(explanation.concept_maps) == learns


def test_the_direct_part_of_a_map_is_the_gradient_times_the_activation(tiny_data, tmp_path):
    """nic-f: against finite differences of the word's log probability."""
    run = untrained_run(tmp_path / "run", tiny_data, system="nic-f", model=MODEL)
    model = load_model(run)
    places = PhotographPlaces(model)
    feature_map = np.random.default_rng(3).uniform(0.5, 1.5, (4, 4, 64)).astype(np.float32)
    words = model.vocabulary.encode(model.vocabulary.words[:2])
    likelihoods = WordLikelihoods(model, {}, words)
    found = places.of_words(feature_map, likelihoods, None)

    def with_place(factor):
        changed = feature_map.copy()
        changed[1, 2] *= factor
        features = np.asarray(places.head(changed[None]))
        return WordLikelihoods(model, {"features": features}, words).of_all(None)[0]

    slope = (with_place(1.01) - with_place(0.99)) / 0.02
    np.testing.assert_allclose(found[:, 1, 2], slope, atol=2e-3 * np.abs(found).max())


def test_ensembles_are_refused(tiny_data, tmp_path):
    model = load_model(untrained_run(tmp_path / "run", tiny_data, system="ours", model=MODEL))
    with pytest.raises(ValueError, match="explain a member's run folder"):
        Explainer(Ensemble((model, model)))


def test_a_map_is_enlarged_over_the_whole_photograph():
    values = np.array([[0.0, 2.0], [4.0, 6.0]])
    found = enlarge(values, 60, 40)
    assert found.shape == (60, 40)
    assert found.mean() == pytest.approx(3.0, abs=1e-4)
    assert found[0, 0] == 0.0
    assert found[-1, -1] == 6.0
