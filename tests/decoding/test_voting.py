"""Votes on what a beam finds: concepts recomputed, who votes, and in which order all comes out."""

import numpy as np
import pytest
from finished_runs import untrained_run

from s_cnn_rnn.data.model_inputs import ModelInputs
from s_cnn_rnn.decoding.beam import IMPOSSIBLE
from s_cnn_rnn.decoding.consensus import votes
from s_cnn_rnn.decoding.voting import WEIGHTS, ConceptVotes, Voters
from s_cnn_rnn.decoding.writing import Written
from s_cnn_rnn.runs.handover import load_model
from s_cnn_rnn.settings import DecodingSettings
from s_cnn_rnn.vocabulary import END, Vocabulary

WORDS, COUNTS = ("a", "dog", "runs", "in", "snow"), (80, 20, 10, 40, 5)
VOCABULARY = Vocabulary("captions", WORDS, COUNTS, ("dog", "snow", "in"), 1.0, 1.0, {})
CNN = {"cnn": {"steps": 3}, "joint": {"steps": 3}}


def ids(text):
    found = [VOCABULARY.first_word + WORDS.index(word) for word in text.split()] + [END]
    return np.pad(np.array(found, np.int32), (0, 8 - len(found)))


def test_concepts_speak_for_captions_that_name_what_is_seen():
    """By hand: the cosine of two vectors of three concepts, each weighed by log(80 / count)."""
    captions = ["a dog runs", "a dog in snow", "a dog in in snow", "a"]
    words = np.stack([ids(text) for text in captions])[None]
    s_hat = np.array([[0.9, 0.2, 0.5]])
    dog, snow, within = np.log(80 / np.array([20, 5, 40]))
    seen = np.array([0.9 * dog, 0.2 * snow, 0.5 * within])
    all_three = np.array([dog, snow, within])
    both = all_three @ seen / np.linalg.norm(all_three) / np.linalg.norm(seen)
    expected = [0.9 * dog / np.linalg.norm(seen), both, both, 0.0]
    found = ConceptVotes(VOCABULARY, VOCABULARY.concepts).votes(words, s_hat)
    np.testing.assert_allclose(found[0], expected, rtol=1e-6)


def test_weights_are_parts_of_one_and_those_who_do_not_vote_have_none():
    for (concepts, photographs), weights in WEIGHTS.items():
        assert sum(weights) == pytest.approx(1)
        assert all(weight >= 0 for weight in weights)
        assert (weights.concepts > 0, weights.photographs > 0) == (concepts, photographs)


class OfTheShortest:
    """Photographs that vote for short captions, known without any data."""

    def votes(self, words, features):
        assert len(words) == len(features[0])
        return 1 / np.maximum((words > END).sum(axis=-1), 1)


@pytest.fixture(scope="module")
def model(tiny_data, tmp_path_factory):
    return load_model(untrained_run(tmp_path_factory.mktemp("run") / "ours", tiny_data, stages=CNN))


def written(model, photographs, hypotheses=4):
    random = np.random.default_rng(1)
    words = np.zeros((photographs, hypotheses, 8), np.int32)
    for row in words.reshape(-1, 8):
        length = random.integers(1, 7)
        row[:length] = random.integers(END + 1, model.vocabulary.size, length)
        row[length] = END
    log_p = np.sort(random.normal(-5, 2, (photographs, hypotheses)))[:, ::-1].astype(np.float32)
    log_p[2, -1], words[2, -1] = IMPOSSIBLE, 0
    return Written(words, log_p.copy(), model.vocabulary)


@pytest.mark.parametrize(("concepts", "photographs"), WEIGHTS)
def test_hypotheses_come_out_with_the_highest_scores_first(model, concepts, photographs):
    some = written(model, 70)  # more than are scored at once
    width = model.encoder.output.shape[-1]
    features = np.random.default_rng(2).normal(size=(70, 1, width)).astype(np.float32)
    inputs = [ModelInputs(features=features)]
    voters = Voters(model, concepts, OfTheShortest() if photographs else None)
    weights = WEIGHTS[concepts, photographs]
    expected = weights.hypotheses * np.asarray(
        votes(some.words, some.log_probabilities, "captions")
    )
    if concepts:
        s_hat = np.asarray(model.concepts({"features": features[:, 0]}))
        spoken = ConceptVotes(model.vocabulary, model.learnt_concepts).votes(some.words, s_hat)
        expected = expected + weights.concepts * spoken
    if photographs:
        lengths = np.maximum((some.words > END).sum(axis=-1), 1)
        expected = expected + weights.photographs / lengths
    expected[2, -1] = -np.inf
    ordered = voters.ordered(some, inputs)
    for n, best in enumerate(np.argsort(-expected, axis=1)):
        np.testing.assert_array_equal(ordered.words[n], some.words[n, best])
        np.testing.assert_array_equal(ordered.log_probabilities[n], some.log_probabilities[n, best])
    assert (ordered.words != some.words).any()


def test_other_concepts_vote_otherwise(model):
    some, k = written(model, 5), len(model.learnt_concepts)
    inputs = [ModelInputs(features=np.zeros((5, 1, model.encoder.output.shape[-1]), np.float32))]
    voters = Voters(model, True, None)
    named = [
        {word for word in model.vocabulary.decode(ids_) if word in model.learnt_concepts}
        for ids_ in some.words[:, 3].tolist()
    ]
    s_hat = np.full((5, k), 1e-6, np.float32)
    for row, words in zip(s_hat, named, strict=True):
        row[[model.learnt_concepts.index(word) for word in words]] = 1
    scores = voters.scores(some, [each.features[:, 0] for each in inputs], [s_hat])
    assert not np.allclose(scores, voters.scores(some, [], voters.told(inputs)))
    best = np.argsort(-scores, axis=1)
    ordered = voters.ordered(some, inputs, s_hat)
    np.testing.assert_array_equal(ordered.words[0], some.words[0, best[0]])


def test_concepts_that_nobody_learns_cannot_vote(tiny_data, tmp_path):
    run = untrained_run(tmp_path / "nic", tiny_data, system="nic-f", stages={"joint": {"steps": 3}})
    with pytest.raises(ValueError, match="nic-f learns no concepts that could vote"):
        Voters(load_model(run), True, None)


@pytest.mark.parametrize("votes_too", [{"photographs_vote": True}, {"concepts_vote": True}])
def test_votes_need_hypotheses_to_vote_on(votes_too):
    with pytest.raises(ValueError, match="consensus is 0, so there is nothing to vote on"):
        DecodingSettings(**votes_too)
    assert DecodingSettings(consensus=20, **votes_too).votes_beside
