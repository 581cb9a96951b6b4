"""Measures of maps, on maps and decoders made by hand, and once on an untrained run."""

import numpy as np
import pytest
from keras import ops

from s_cnn_rnn.measures import map_measures
from s_cnn_rnn.measures.concept_writer import Captions, ConceptWriter
from s_cnn_rnn.measures.map_measures import (
    Subject,
    area_scores,
    areas,
    from_centre,
    map_similarity,
    masks_of,
    randomisation_scores,
    shuffled,
    word_probabilities,
)


@pytest.fixture(scope="module")
def writer(untrained_ours) -> ConceptWriter:
    return ConceptWriter.of_run(untrained_ours, "validation", 2)


@pytest.fixture
def saying(writer, monkeypatch):
    """The writer, whose captions are two of its concepts, both asked for."""
    concepts = writer.model.vocabulary.concepts
    before = Captions([[concepts[1], concepts[4]]] * 2, np.zeros(2))
    monkeypatch.setitem(writer.__dict__, "before", before)
    monkeypatch.setattr(map_measures, "written_about", lambda writer: np.array([1, 4]))
    return writer


def test_masks_grow_from_the_highest_place_to_all():
    values = np.arange(49.0).reshape(7, 7)
    masks = masks_of(values, 14)
    assert masks.shape == (8, 14, 14, 1)
    assert not masks[0].any()
    assert masks[-1].all()
    assert [int(mask.sum()) for mask in masks] == [28 * n for n in range(8)]
    assert masks[1][12:].all()  # the last row of places is the highest
    assert not masks[1][:12].any()


def test_the_right_map_has_the_smaller_deletion_and_the_larger_insertion(monkeypatch):
    """A word that is as likely as the top left quarter is bright."""
    pixels = np.full((28, 28, 3), 0, np.uint8)
    pixels[:14, :14] = np.random.default_rng(0).integers(200, 256, (14, 14, 3))

    def likely(model, images, words, t):
        return images[:, :14, :14].mean(axis=(1, 2, 3)) / 255

    monkeypatch.setattr(map_measures, "word_probabilities", likely)
    monkeypatch.setattr(map_measures, "_blurred", np.zeros_like)
    right = np.zeros((4, 4))
    right[:2, :2] = 1
    found = areas(None, Subject(0, pixels, ("x",), np.array([0])), 0, {"a": right, "b": -right})
    bright = pixels[:14, :14].mean() / 255
    assert found["deletion, a"] < found["deletion, b"]
    assert found["insertion, a"] > found["insertion, b"]
    # Of eight photographs from whole to blurred, with 16 places in 7 steps: 0, 2, 5, 7, ... gone.
    gone = np.minimum(np.round(np.linspace(0, 16, 8)), 4) / 4
    assert found["deletion, a"] == pytest.approx((bright * (1 - gone)).mean(), rel=0.02)


def test_probabilities_of_a_word_are_the_decoders(saying):
    model = saying.model
    words = saying.before.words[0]
    images = np.random.default_rng(1).integers(0, 256, (3, 32, 32, 3)).astype(np.uint8)
    found = word_probabilities(model, images, words, 1)
    s_hat = model.concepts({"features": model.encoder(images)})
    state = model.start({"embedding": s_hat})
    ids = model.vocabulary.encode(words)
    for word in ids[:2]:
        log_p, state = model.step(np.full(3, word), state)
    expected = np.exp(ops.convert_to_numpy(log_p))[:, ids[2] - 2]
    np.testing.assert_allclose(found, expected, rtol=1e-4)


def test_shuffled_weights_come_back(writer):
    dense = writer.model.semantic.dense
    before = ops.convert_to_numpy(dense.kernel)
    with shuffled(writer.model, "semantic"):
        within = ops.convert_to_numpy(dense.kernel)
        assert (within != before).mean() > 0.9
        np.testing.assert_array_equal(np.sort(within.ravel()), np.sort(before.ravel()))
    np.testing.assert_array_equal(ops.convert_to_numpy(dense.kernel), before)


def test_similarity_of_maps():
    maps = np.random.default_rng(0).normal(size=(2, 4, 4))
    assert map_similarity(maps, maps * 3 + 1) == pytest.approx(1)
    assert map_similarity(maps, -maps) == pytest.approx(-1)
    assert from_centre((3, 5)).argmax() == 7


def test_every_figure_is_measured(saying):
    found = area_scores(saying).values
    ways = ("map", "random", "centre")
    assert set(found) == {f"{kind}, {way}" for kind in ("deletion", "insertion") for way in ways}
    assert all(0 < value < 1 for value in found.values())
    similar = randomisation_scores(saying).values
    assert set(similar) == {
        f"similarity, {p} shuffled" for p in ("semantic", "interface", "decoder")
    }
    assert all(-1 <= value < 0.999 for value in similar.values())
