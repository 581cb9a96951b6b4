"""Similar photographs: which, what they count, their votes by the official code; kept."""

import numpy as np
import pytest
from pycocoevalcap.cider.cider_scorer import CiderScorer

from s_cnn_rnn.decoding.neighbours import SHARPNESS, Described, Neighbours
from s_cnn_rnn.runs.run_folder import RunFolder
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


def some_words(photographs=5, hypotheses=4):
    random = np.random.default_rng(1)
    words = np.zeros((photographs, hypotheses, 8), np.int32)
    for row in words.reshape(-1, 8):
        length = random.integers(1, 7)
        row[:length] = random.integers(END + 1, 12, length)
        row[length] = END
    return words


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


def test_votes_are_the_official_cider():
    given, words, own = described(), some_words(), features(5)
    neighbours = Neighbours(given, 4)
    found, counts = neighbours.nearest(own)
    for (n, r), vote in np.ndenumerate(neighbours.votes(words, own)):
        each = official(given, words[n, r])
        expected = sum(c * each[j] / 10 for c, j in zip(counts[n], found[n], strict=True))
        assert vote == pytest.approx(expected, rel=1e-5)


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
