"""Votes of similar photographs' captions: recomputed, kept, and what they change."""

import dataclasses

import numpy as np
import pytest
from pycocoevalcap.cider.cider_scorer import CiderScorer

from s_cnn_rnn.data.model_inputs import ModelInputs
from s_cnn_rnn.decoding.beam import IMPOSSIBLE
from s_cnn_rnn.decoding.consensus import votes
from s_cnn_rnn.decoding.neighbours import SHARE, SHARPNESS, Described, Neighbours
from s_cnn_rnn.decoding.writing import Written
from s_cnn_rnn.runs.run_folder import RunFolder
from s_cnn_rnn.settings import DecodingSettings
from s_cnn_rnn.vocabulary import END

PHOTOGRAPHS, CAPTIONS, WIDTH = 12, 3, 6


def described(members=1):
    random = np.random.default_rng(0)
    captions = np.zeros((PHOTOGRAPHS, CAPTIONS, 9), np.int32)
    for n, photograph in enumerate(captions):
        for c, caption in enumerate(photograph):
            length = random.integers(2, 8)
            caption[:length] = random.integers(END + 1, 12, length)
            caption[length] = END
            if n == 4 and c:  # a photograph with one caption
                caption[:] = 0
    features = [random.normal(size=(PHOTOGRAPHS, WIDTH)).astype(np.float16) for _ in range(members)]
    return Described(tuple(features), captions)


def written(photographs=5, hypotheses=4):
    random = np.random.default_rng(1)
    words = np.zeros((photographs, hypotheses, 8), np.int32)
    for row in words.reshape(-1, 8):
        length = random.integers(1, 7)
        row[:length] = random.integers(END + 1, 12, length)
        row[length] = END
    log_p = np.sort(random.normal(-5, 2, (photographs, hypotheses)))[:, ::-1].astype(np.float32)
    log_p[2, -1], words[2, -1] = IMPOSSIBLE, 0
    return Written(words, log_p.copy(), None)


def features(photographs, members=1):
    random = np.random.default_rng(2)
    return [random.normal(size=(photographs, WIDTH)).astype(np.float32) for _ in range(members)]


def text(ids):
    return " ".join(str(n) for n in ids if n)


def official(given, candidate):
    """CIDEr-D of a candidate against each photograph's captions, by the official code."""
    scorer = CiderScorer()
    for captions in given.captions:
        scorer += (text(candidate), [text(c) for c in captions if c.any()])
    return scorer.compute_score()[1]


@pytest.mark.parametrize("members", [1, 2])
def test_the_nearest_by_the_angle_from_the_mean_count_most(members):
    given, own = described(members), features(5, members)
    found, counts = Neighbours(given, 3).nearest(own)
    for n in range(5):
        cosines = np.zeros(PHOTOGRAPHS)
        for theirs, mine in zip(given.features, own, strict=True):
            mean = theirs.astype("float64").mean(0)
            a, b = mine[n] - mean, theirs.astype("float64") - mean
            cosines += b @ a / np.linalg.norm(a) / np.linalg.norm(b, axis=1) / members
        nearest = np.argsort(-cosines)[:3]
        np.testing.assert_array_equal(found[n], nearest)
        expected = np.exp(SHARPNESS * cosines[nearest])
        np.testing.assert_allclose(counts[n], expected / expected.sum(), rtol=2e-3)


def test_scores_are_the_official_cider_and_the_consensus():
    given, some, own = described(), written(), features(5)
    neighbours = Neighbours(given, 4)
    found, counts = neighbours.nearest(own)
    consensus = np.asarray(votes(some.words, some.log_probabilities, "captions"))
    scores = neighbours.scores(some, own)
    for n, r in np.ndindex(5, 4):
        if (n, r) == (2, 3):
            assert scores[n, r] == IMPOSSIBLE
            continue
        each = official(given, some.words[n, r])
        theirs = sum(c * each[j] / 10 for c, j in zip(counts[n], found[n], strict=True))
        expected = SHARE * theirs + (1 - SHARE) * consensus[n, r]
        assert scores[n, r] == pytest.approx(expected, rel=1e-5)


def test_hypotheses_come_out_with_the_highest_scores_first():
    some, own = written(photographs=70), features(70)  # more than are scored at once
    neighbours = Neighbours(described(), 4)
    scores = neighbours.scores(some, own)
    ordered = neighbours.ordered(some, [ModelInputs(features=own[0][:, None])])
    for n, best in enumerate(np.argsort(-scores, axis=1)):
        np.testing.assert_array_equal(ordered.words[n], some.words[n, best])
        np.testing.assert_array_equal(ordered.log_probabilities[n], some.log_probabilities[n, best])
    assert (ordered.words != some.words).any()


def test_all_photographs_vote_where_there_are_fewer():
    found, counts = Neighbours(described(), 60).nearest(features(2))
    assert found.shape == (2, PHOTOGRAPHS)
    np.testing.assert_allclose(counts.sum(axis=1), 1)


def test_kept_in_the_folder_until_the_weights_change(tmp_path):
    folder, given = RunFolder(tmp_path), described(members=2)
    folder.weights.mkdir()
    (folder.weights / "decoder.npz").write_bytes(b"first")
    assert Described.load(folder) is None
    given.save(folder)
    loaded = Described.load(folder)
    np.testing.assert_array_equal(loaded.captions, given.captions)
    for one, other in zip(loaded.features, given.features, strict=True):
        np.testing.assert_array_equal(one, other)
    (folder.weights / "decoder.npz").write_bytes(b"second")
    assert Described.load(folder) is None


def test_neighbours_need_hypotheses_to_vote_on():
    with pytest.raises(ValueError, match="neighbours is 60, but decoding"):
        DecodingSettings(neighbours=60)
    both = DecodingSettings(consensus=20, neighbours=60)
    assert dataclasses.replace(both, neighbours=0).searched_width == 20
