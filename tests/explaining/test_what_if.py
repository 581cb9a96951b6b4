"""What if: on untrained runs, whose decoders depend on s_hat as trained ones do."""

import doctest
import itertools
import json

import numpy as np
import pytest
from finished_runs import untrained_run

from s_cnn_rnn.annotating.annotation import Annotation, PredictedConcept
from s_cnn_rnn.annotator import Annotator
from s_cnn_rnn.data.photographs import DamagedPhotograph
from s_cnn_rnn.decoding import reranking
from s_cnn_rnn.decoding.hypotheses import Hypothesis
from s_cnn_rnn.explaining import concept_statistics as statistics_module
from s_cnn_rnn.explaining import concept_switches
from s_cnn_rnn.explaining.concept_statistics import ConceptStatistics
from s_cnn_rnn.explaining.concept_switches import concept_named, switched
from s_cnn_rnn.explaining.what_if import ChangedConcept, WhatIf
from s_cnn_rnn.runs.run_names import system_of_run

MODEL = {"units": 16, "word_embedding": 16, "longest": 6}


def run_of(system, tiny_data, folder, **options):
    return untrained_run(folder / system, tiny_data, system=system, model=MODEL, **options)


@pytest.fixture(scope="module")
def annotator(tiny_data, tmp_path_factory) -> Annotator:
    return Annotator.from_run(run_of("ours", tiny_data, tmp_path_factory.mktemp("runs")).path)


@pytest.fixture(scope="module")
def photographs(tiny_data) -> list[bytes]:
    return tiny_data.photographs("validation", range(3))


def test_documented_examples_run():
    assert doctest.testmod(concept_switches).attempted > 0
    assert doctest.testmod(concept_switches).failed == 0


def test_only_what_is_set_changes(annotator, photographs):
    on, off, between = annotator.model.vocabulary.concepts[:3]
    found = list(
        annotator.what_if(
            photographs,
            with_concepts=[on],
            without_concepts=[off],
            probabilities={between: 0.25},
            correlated=False,
        )
    )
    expected = list(annotator.annotate(photographs))
    for changed, annotation in zip(found, expected, strict=True):
        assert changed.before.text == annotation.text
        assert [concept.after for concept in changed.switched] == [1.0, 0.0, 0.25]
        assert [concept.word for concept in changed.switched] == [on, off, between]
        for word in annotator.model.vocabulary.concepts[3:]:
            assert changed.after.probability(word) == changed.before.probability(word)
        assert changed.moved(5) == []


def test_the_text_after_is_what_the_decoder_writes_from_that_s_hat(annotator, photographs):
    """Against the decoder's own steps, greedily, in the place of the search."""
    words = annotator.model.vocabulary.concepts[:4]
    changed = annotator.what_if(photographs[0], with_concepts=words)
    s_hat = np.array(
        [[changed.after.probability(word) for word in annotator.model.vocabulary.concepts]],
        np.float32,
    )
    ids = annotator.model.vocabulary.encode(changed.after.words)
    state, likely = annotator.model.start({"embedding": s_hat}), 0.0
    for word, following in itertools.pairwise(ids):
        log_p, state = annotator.model.step(np.array([word]), state)
        likely += float(np.asarray(log_p)[0, following - 2])
    assert changed.after.log_probability == pytest.approx(likely, rel=1e-4)
    assert changed.after.log_probability != pytest.approx(changed.before.log_probability)


def test_one_photograph_gives_one_result_and_several_an_iterator(annotator, photographs, tmp_path):
    word = annotator.model.vocabulary.concepts[0]
    several = annotator.what_if(photographs, with_concepts=[word])
    alone = annotator.what_if(photographs[1], with_concepts=[word])
    assert [next(several), next(several)][1].after.text == alone.after.text
    path = tmp_path / "photograph.jpg"
    path.write_bytes(photographs[1])
    assert annotator.what_if(path, with_concepts=[word]).file_name == str(path)
    with pytest.raises(DamagedPhotograph, match="No such file"):
        annotator.what_if(str(tmp_path / "none.jpg"), with_concepts=[word])
    skipped = []
    found = annotator.what_if(
        [b"", photographs[0]], with_concepts=[word], on_damaged=skipped.append
    )
    assert len(list(found)) == len(skipped) == 1


def test_words_that_appear_and_disappear_and_what_it_costs():
    concepts = (PredictedConcept("a", 0.9, None), PredictedConcept("dog", 0.1, None))
    others = (PredictedConcept("dog", 1.0, None), PredictedConcept("a", 0.5, None))
    before = Annotation(
        "x", "captions", (Hypothesis.of_words(["a", "man", "runs"], "captions", -4.0),), concepts
    )
    after = Annotation(
        "x", "captions", (Hypothesis.of_words(["a", "dog"], "captions", -4.5),), others
    )
    changed = WhatIf(before, after, (ChangedConcept("dog", 0.1, 1.0),))
    assert changed.appeared == ("dog",)
    assert changed.disappeared == ("man", "runs")
    assert changed.fluency_cost == pytest.approx(-4 / 4 + 4.5 / 3)
    assert changed.moved(3) == [ChangedConcept("a", 0.9, 0.5)]


def test_capital_letters_do_not_matter_where_one_concept_is_meant(annotator, photographs):
    word = annotator.model.vocabulary.concepts[0]
    [meant, expected] = (
        annotator.what_if(photographs[0], with_concepts=[name], correlated=False)
        for name in (word.title(), word)
    )
    assert meant.switched == expected.switched
    assert meant.after.text == expected.after.text
    with pytest.raises(ValueError, match=f"'{word}' is set to 1 and to 0"):
        annotator.what_if(
            photographs[0], with_concepts=[word], without_concepts=[word.title()], correlated=False
        )
    assert concept_named("polish", ["Polish", "polish"]) == "polish"
    assert concept_named("POLISH", ["Polish", "polish"]) is None
    assert concept_named("berlin", ["Berlin"]) == "Berlin"


def test_mistakes_are_explained(annotator, photographs):
    with pytest.raises(ValueError, match=r"none of the 20 concepts"):
        annotator.what_if(photographs[0], with_concepts=["dogg"])
    word = annotator.model.vocabulary.concepts[0]
    with pytest.raises(ValueError, match=f"similar ones: .*{word}"):
        annotator.what_if(photographs[0], with_concepts=[word + "x"])
    with pytest.raises(ValueError, match="set to 1 and to 0"):
        annotator.what_if(photographs[0], with_concepts=[word], without_concepts=[word])
    with pytest.raises(ValueError, match="expected a probability"):
        annotator.what_if(photographs[0], probabilities={word: 1.5})
    with pytest.raises(ValueError, match="no concept is switched"):
        annotator.what_if(photographs[0])
    with pytest.raises(TypeError, match="not a text"):
        annotator.what_if(photographs[0], with_concepts=word)


@pytest.mark.parametrize(
    ("system", "reason", "task"),
    [
        ("nic-f", "learns no concepts", "captions"),
        ("nic-v2", "learns no concepts", "captions"),
        ("m-rnn", "learns no concepts", "captions"),
        ("nic-deeply", "writes from the features alone", "captions"),
        ("cnn-logistic", "one by one", "labels"),
    ],
)
def test_systems_that_do_not_write_from_concepts_are_refused(
    system, reason, task, tiny_data, tmp_path, photographs
):
    stages = {"cnn": {"steps": 1}, "rnn": {"steps": 1}}
    run = run_of(system, tiny_data, tmp_path, task=task, stages=stages, decoding={"width": 1})
    with pytest.raises(ValueError, match=f"{reason}.*such as ours"):
        Annotator.from_run(run.path).what_if(photographs[0], with_concepts=["red"])


@pytest.mark.parametrize(
    "system",
    [
        "att",
        "v2l",
        "ours+attention",
        pytest.param("ours+transformer", marks=pytest.mark.slow),
        pytest.param("msr-captivator", marks=pytest.mark.slow),
        pytest.param("ours, self-critical", marks=pytest.mark.slow),
    ],
)
def test_every_system_that_writes_from_concepts_writes_otherwise(
    system, tiny_data, tmp_path, photographs, monkeypatch
):
    """Concepts are an input of the decoder, however they reach it; a switch is one of that input.

    (v2l has as many concepts here as there are.)
    """
    monkeypatch.setattr(reranking, "PHOTOGRAPHS", 4)
    if system == "ours, self-critical":
        start = run_of("ours", tiny_data, tmp_path)
        stages = {"self_critical": {"steps": 1}}
        own = tmp_path / "rewarded"
        run = run_of("ours", tiny_data, own, stages=stages, starts_from=str(start.path))
    else:
        run = run_of(system, tiny_data, tmp_path, decoding={"width": 2})
    assert system_of_run(run) == system
    annotator = Annotator.from_run(run.path)
    words = annotator.model.vocabulary.concepts
    nothing = annotator.what_if(photographs[0], without_concepts=words, correlated=False)
    changed = annotator.what_if(photographs[0], with_concepts=words[10:15], correlated=False)
    assert changed.before.text == nothing.before.text
    likely = [each.log_probability for each in (changed.before, changed.after, nothing.after)]
    assert np.abs(np.diff(likely)).min() > 1e-4
    assert [concept.after for concept in changed.switched] == [1.0] * 5


def test_correlated_concepts_move_and_the_statistics_are_kept(tiny_data, tmp_path, photographs):
    run = run_of("ours", tiny_data, tmp_path)
    word = run.vocabulary().concepts[0]
    changed = Annotator.from_run(run.path).what_if(photographs[0], with_concepts=[word])
    assert changed.moved(100)
    assert run.concept_statistics.exists()
    assert Annotator.from_run(run.path).concept_statistics.photographs == 48
    settings = run.settings().to_dict() | {"data": str(tmp_path / "gone")}
    run.settings_path.write_text(json.dumps(settings), "utf-8")
    again = Annotator.from_run(run.path).what_if(photographs[0], with_concepts=[word])
    for concept in changed.after.concepts:  # correlations are kept as float16
        assert again.after.probability(concept.word) == pytest.approx(concept.probability, abs=2e-3)
    run.concept_statistics.unlink()
    with pytest.raises(FileNotFoundError, match="correlated concepts need this file"):
        Annotator.from_run(run.path).what_if(photographs[0], with_concepts=[word])


def test_realignment_is_the_conditional_expectation(monkeypatch):
    """Against the regression of the other concepts on those that are set."""
    monkeypatch.setattr(statistics_module, "RIDGE", 0.0)
    random = np.random.default_rng(0)
    s_hat = np.clip(0.5 + random.normal(size=(4000, 5)) @ random.normal(0, 0.03, (5, 5)), 0, 1)
    statistics = ConceptStatistics.of(s_hat)
    places, values = np.array([1, 3]), np.array([0.6, 0.4])
    centred = s_hat - s_hat.mean(axis=0)
    slopes, *_ = np.linalg.lstsq(centred[:, places], centred, rcond=None)
    expected = s_hat[:3] + (values - s_hat[:3, places]) @ slopes
    np.testing.assert_allclose(statistics.realigned(s_hat[:3], places, values), expected, atol=1e-6)


def test_concepts_that_always_go_together_can_be_parted():
    shared = np.random.default_rng(1).uniform(0, 0.2, size=(500, 1))
    statistics = ConceptStatistics.of(np.concatenate([shared, shared, 1 - shared], axis=1))
    found = statistics.realigned(np.array([[0.1, 0.1, 0.9]]), np.array([0, 1]), np.array([1.0, 0]))
    assert found[0, :2].tolist() == [1.0, 0.0]
    found = statistics.realigned(np.array([[0.1, 0.1, 0.9]]), np.array([0]), np.array([1.0]))
    assert found[0].tolist() == pytest.approx([1.0, 1.0, 0.0], abs=0.02)


def test_without_statistics_nothing_moves_along():
    low = np.array([[1e-6, 0.01]])
    assert switched(low, {1: 1.0}).tolist() == [[pytest.approx(1e-6), 1.0]]
