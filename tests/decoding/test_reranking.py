"""Candidates in another order."""

import json

import numpy as np
import pytest
from finished_runs import copy_run, untrained_run

from s_cnn_rnn.annotator import Annotator
from s_cnn_rnn.caption_metrics import quick_cider, quick_scores
from s_cnn_rnn.decoding import reranking as module
from s_cnn_rnn.decoding.hypotheses import Hypothesis
from s_cnn_rnn.decoding.reranking import Reranker, choose, features
from s_cnn_rnn.runs.ensemble_folder import make_ensemble
from s_cnn_rnn.scoring.evaluation import score_run
from s_cnn_rnn.scoring.predictions import predict

CONCEPTS = {"a": 0, "dog": 1, "cat": 2, "runs": 3}
S_HAT = np.array([0.9, 0.6, 0.1, 0.4])


def candidate(text, log_probability):
    return Hypothesis.of_words(text.split(), "captions", log_probability)


CANDIDATES = (
    candidate("a cat", -1.0),
    candidate("a dog runs", -1.5),
    candidate("a dog dog sits", -3.0),
)


def test_features_are_counted_by_hand():
    expected = [[-1.0, 2, 1.0 / 2.0], [-1.5, 3, 1.9 / 2.0], [-3.0, 4, 1.5 / 2.0]]
    np.testing.assert_allclose(features(CANDIDATES, S_HAT, CONCEPTS), expected)


@pytest.mark.parametrize(
    ("weights", "first"),
    [
        (Reranker(), "a cat"),
        (Reranker(coverage=2.0), "a dog runs"),  # -0.5 + 0.45 * 2
        (Reranker(length=1.6), "a dog dog sits"),  # -3.0 + 6.4 is above -1.5 + 4.8
        (Reranker(length=-1.0, coverage=1.0), "a cat"),
    ],
)
def test_the_weighted_best_comes_first(weights, first):
    ranked = weights.ranked(CANDIDATES, S_HAT, CONCEPTS)
    assert ranked[0].annotation == first
    assert set(ranked) == set(CANDIDATES)


def test_equals_stay_as_the_beam_has_them():
    twins = (candidate("a cat", -1.0), candidate("a dog", -1.0))
    assert Reranker().ranked(twins, S_HAT, CONCEPTS) == twins


def test_the_weights_with_the_highest_score_are_chosen():
    """Two photographs: the first is better off by coverage alone, which must not lose the other."""
    given = [
        np.array([[-1.0, 5, 0.1], [-2.0, 5, 0.4]]),  # coverage above 3.3 takes the second
        np.array([[-1.0, 5, 0.1], [-2.0, 5, 0.15]]),  # coverage above 20 takes the second
    ]
    scores = [np.array([0.2, 1.0]), np.array([0.6, 0.0])]
    chosen, before, after = choose(given, scores)
    assert (before, after) == (pytest.approx(0.4), pytest.approx(0.8))
    assert chosen == Reranker(0.0, 4.0)  # the smallest that does
    chosen, before, after = choose(given, [np.array([1.0, 0.0])] * 2)
    assert (chosen, before, after) == (Reranker(as_found=True), 1.0, 1.0)
    twins = (candidate("a cat", -3.0), candidate("a dog", -1.0))  # as length normalisation may
    assert chosen.ranked(twins, S_HAT, CONCEPTS) == twins


def test_cider_of_each_candidate_is_that_of_the_set_it_stands_in():
    references = [["a dog runs", "the dog is running"], ["a cat sits", "one cat"], ["a red car"]]
    captions = [["a dog runs", "a cat"], ["a cat sits", "the cat", "a dog"], ["a red car"]]
    each = quick_cider(captions, references)
    assert [len(scores) for scores in each] == [2, 3, 1]
    for second in (0, 1, 2):
        written = {0: captions[0][1], 1: captions[1][second], 2: captions[2][0]}
        expected = quick_scores(written, dict(enumerate(references)))["CIDEr"]
        assert np.mean([each[0][1], each[1][second], each[2][0]]) == pytest.approx(expected)


@pytest.fixture(scope="module")
def run(tiny_data, tmp_path_factory):
    return untrained_run(
        tmp_path_factory.mktemp("runs") / "run",
        tiny_data,
        system="msr-captivator",
        model={"units": 16, "word_embedding": 12, "longest": 6},
        stages={"rnn": {"steps": 1}},
        decoding={"width": 2},
    )


def test_predictions_are_re_ranked_by_what_the_run_folder_says(run, tiny_data, monkeypatch):
    monkeypatch.setattr(module, "PHOTOGRAPHS", 4)
    found = predict(run, "validation")
    content = json.loads(run.reranking.read_text())
    assert content["CIDEr"]["re-ranked"] >= content["CIDEr"]["as the beam has them"]
    assert found.made_from["reranking"] == content["weights"]
    assert all(len(p.beams) == 2 for p in found.photographs)

    def longest_first():
        content["weights"] = {"length": 100.0, "coverage": 0.0}
        run.reranking.write_text(json.dumps(content))
        return predict(run, "validation")

    anew = longest_first()
    for photograph in anew.photographs:
        assert len(photograph.words) == 6
        likely = [beam.log_probability for beam in photograph.beams]
        assert likely == sorted(likely, reverse=True)
    photographs = tiny_data.photographs("validation", range(6))
    annotated = list(Annotator.from_run(run.path).annotate(photographs))
    assert [a.text for a in annotated] == [p.annotation for p in anew.photographs]


def test_a_run_that_is_decoded_otherwise_re_ranks_as_well(run, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "PHOTOGRAPHS", 4)
    one = make_ensemble(tmp_path / "one", [run], {"width": 3})
    found = predict(one, "validation")
    assert found.made_from["reranking"] == json.loads(one.reranking.read_text())["weights"]
    assert all(len(p.beams) == 3 for p in found.photographs)
    with pytest.raises(ValueError, match=r"msr-captivator re-ranks .* leave out --consensus"):
        make_ensemble(tmp_path / "voted", [run], {"consensus": 5})
    assert not (tmp_path / "voted").exists()


@pytest.mark.filterwarnings("ignore:METEOR is missing")
def test_the_protocol_says_whether_candidates_were_re_ranked(
    run, tmp_path, monkeypatch, without_java
):
    monkeypatch.setattr(module, "PHOTOGRAPHS", 4)
    one = make_ensemble(tmp_path / "one", [run])
    two = make_ensemble(tmp_path / "two", [run, copy_run(run, tmp_path / "other", seed=1)])
    protocols = [score_run(folder, "validation").protocols[0].protocol for folder in (one, two)]
    assert [protocol.split(", ")[:2] for protocol in protocols] == [
        ["beam 10", "re-ranked"],
        ["beam 2", "5 references"],
    ]


def test_other_weights_of_the_model_are_re_ranked_anew(run, monkeypatch):
    monkeypatch.setattr(module, "PHOTOGRAPHS", 4)
    content = json.loads(run.reranking.read_text())
    content["made_from"]["weights"] = "others"
    run.reranking.write_text(json.dumps(content))
    predict(run, "validation")
    assert json.loads(run.reranking.read_text())["made_from"]["weights"] == run.weights_digest()
