"""What the train split's photographs say: weights and votes recomputed; kept in the folder."""

import numpy as np
import pytest
from finished_runs import untrained_run
from pycocoevalcap.cider.cider_scorer import CiderScorer

from s_cnn_rnn.decoding import train_photographs
from s_cnn_rnn.decoding.train_photographs import (
    RIDGE,
    SHARPNESS,
    Described,
    TrainPhotographs,
    train_photographs_of,
)
from s_cnn_rnn.progress import no_progress
from s_cnn_rnn.runs.handover import load_model
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


def recomputed_weights(given, own):
    """w of one photograph by the formula, in float64; own: F of each member."""
    cosines, among = np.zeros(PHOTOGRAPHS), np.zeros((PHOTOGRAPHS, PHOTOGRAPHS))
    for theirs, mine in zip(given.features, own, strict=True):
        mean = theirs.astype("float64").mean(0)
        a, b = mine - mean, theirs.astype("float64") - mean
        a, b = a / np.linalg.norm(a), b / np.linalg.norm(b, axis=1, keepdims=True)
        cosines += b @ a / len(own)
        among += b @ b.T / len(own)
    kernel = np.exp(SHARPNESS * (among - 1)) + RIDGE * np.eye(PHOTOGRAPHS)
    return np.linalg.solve(kernel, np.exp(SHARPNESS * (cosines - 1)))


@pytest.mark.parametrize("members", [1, 2])
def test_votes_are_ridge_regression_on_the_official_cider(members):
    given, words, own = described(members), some_words(), features(5, members)
    photographs = TrainPhotographs(given)
    weights, votes = photographs.weights(own), photographs.votes(words, own)
    for n in range(5):
        expected = recomputed_weights(given, [each[n] for each in own])
        np.testing.assert_allclose(weights[n], expected, rtol=1e-4, atol=1e-5)
        for r in range(words.shape[1]):
            each = official(given, words[n, r])
            assert votes[n, r] == pytest.approx(expected @ each / 10, rel=1e-3, abs=1e-5)
    assert (weights < 0).any()


def test_a_photograph_of_the_train_split_speaks_for_its_own_captions():
    """Regression gives what it learnt: its own captions score highest of all photographs'."""
    given = described()
    own = [each.astype(np.float32) for each in given.features]
    captions = np.broadcast_to(given.captions[:, 0], (PHOTOGRAPHS, PHOTOGRAPHS, 9))
    votes = TrainPhotographs(given).votes(captions, own)
    np.testing.assert_array_equal(votes.argmax(axis=1), np.arange(PHOTOGRAPHS))


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


def test_of_a_large_train_split_some_are_drawn(tiny_data, tmp_path, monkeypatch):
    options = {"stages": {"joint": {"steps": 3}}, "decoding": {"consensus": 6}}
    options["decoding"]["photographs_vote"] = True
    kept = []
    for name, most in (("all", 10_000), ("some", 7)):
        monkeypatch.setattr(train_photographs, "MOST", most)
        run = untrained_run(tmp_path / name, tiny_data, system="nic-f", **options)
        train_photographs_of(run, load_model(run), progress=no_progress)
        kept.append(Described.load(run))
    everything, drawn = kept
    assert len(everything.captions) == len(tiny_data.annotations("train"))
    assert len(drawn.captions) == len(drawn.features[0]) == 7
    rows = [everything.features[0].tolist().index(row) for row in drawn.features[0].tolist()]
    assert rows == sorted(set(rows))
    longest = drawn.captions.shape[-1]
    np.testing.assert_array_equal(everything.captions[rows, :, :longest], drawn.captions)
