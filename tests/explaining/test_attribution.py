"""Contributions against finite differences and exhaustive switching, on untrained runs."""

import pathlib
import re

import numpy as np
import pytest
from finished_runs import untrained_run

from s_cnn_rnn.annotator import Annotator
from s_cnn_rnn.explaining.attribution import (
    WordLikelihoods,
    by_leaving_out,
    contributions,
    stepwise_contributions,
    usual_s_hat,
)
from s_cnn_rnn.runs.handover import load_model

MODEL = {"units": 16, "word_embedding": 16, "longest": 6, "transformer_heads": 2}
READING_CONCEPTS = ("ours", "ours+attention", "ours+transformer", "msr-captivator")


def model_of(system, tiny_data, folder):
    return load_model(untrained_run(folder / system, tiny_data, system=system, model=MODEL))


def inputs_of(model):
    random = np.random.default_rng(0)
    return {
        name: random.uniform(size=(1, *shape)).astype(np.float32)
        for name, shape in model.shapes.items()
    }


@pytest.fixture(scope="module", params=READING_CONCEPTS)
def case(request, tiny_data, tmp_path_factory):
    """(likelihoods of four words, s_hat, s0)."""
    model = model_of(request.param, tiny_data, tmp_path_factory.mktemp("runs"))
    words = model.vocabulary.encode(model.vocabulary.words[:4])
    concepts = np.random.default_rng(1).uniform(size=20).astype(np.float32)
    return WordLikelihoods(model, inputs_of(model), words), concepts, usual_s_hat(model)


def by_steps(likelihoods, concepts):
    """f_t by the decoder's single steps, in the place of teacher forcing."""
    model = likelihoods.model
    state = model.start(model.seen(likelihoods.inputs, concepts[None]))
    found = []
    for word, following in zip(likelihoods.words[:-2], likelihoods.words[1:-1], strict=True):
        log_p, state = model.step(np.array([word]), state)
        found.append(float(np.asarray(log_p)[0, following - 2]))
    return np.array(found)


def test_contributions_sum_to_what_the_concepts_gain_each_word(case):
    likelihoods, concepts, usual = case
    found = contributions(likelihoods, concepts, usual)
    gained = by_steps(likelihoods, concepts) - by_steps(likelihoods, usual)
    assert np.abs(gained).max() > 1e-3
    np.testing.assert_allclose(found.values.sum(axis=1), gained, atol=1e-5)
    assert np.abs(found.corrections).max() < 0.05 * np.abs(gained).max()
    np.testing.assert_allclose(found.log_probabilities, by_steps(likelihoods, concepts), atol=1e-5)
    np.testing.assert_allclose(found.slopes * (concepts - usual), found.values, atol=1e-9)


def test_contributions_of_two_concepts_are_their_integral(case):
    """Against a fine trapezium rule over finite differences of the decoder's own steps."""
    likelihoods, concepts, usual = case
    moved = usual.copy()
    moved[[4, 12]] = concepts[[4, 12]]
    found = contributions(likelihoods, moved, usual, points=64)
    step = np.zeros((2, len(usual)), np.float32)
    step[[0, 1], [4, 12]] = 5e-3
    line = [usual + a * (moved - usual) for a in (np.arange(40) + 0.5) / 40]
    for row, j in zip(step, (4, 12), strict=True):
        rows = np.stack([point + sign * row for point in line for sign in (1, -1)])
        up, down = np.moveaxis(likelihoods.of_all(rows).reshape(40, 2, -1), 1, 0)
        expected = ((up - down) / 1e-2).mean(axis=0) * (moved[j] - usual[j])
        size = np.abs(found.values).max()
        np.testing.assert_allclose(found.values[:, j], expected, atol=0.04 * size + 1e-5)


def test_stepwise_contributions_sum_exactly_too(tiny_data, tmp_path):
    model = model_of("att", tiny_data, tmp_path)
    words = model.vocabulary.encode(model.vocabulary.words[:3])
    likelihoods = WordLikelihoods(model, inputs_of(model), words)
    concepts = np.random.default_rng(1).uniform(size=20).astype(np.float32)
    usual = usual_s_hat(model)
    found = stepwise_contributions(likelihoods, concepts, usual)
    gained = by_steps(likelihoods, concepts) - by_steps(likelihoods, usual)
    assert np.abs(gained).max() > 1e-4
    np.testing.assert_allclose(found.values.sum(axis=1), gained, atol=1e-5)


def test_a_word_owes_nothing_to_concepts_that_are_as_usual(case):
    likelihoods, concepts, usual = case
    concepts = concepts.copy()
    concepts[5:] = usual[5:]
    found = contributions(likelihoods, concepts, usual, points=4)
    assert not found.values[:, 5:].any()
    assert found.values[:, :5].any()


def test_gradients_are_those_of_finite_differences(case):
    likelihoods, concepts, _ = case
    gradients = likelihoods.gradients(concepts[None])[:, 0]
    for j in (0, 7, 19):
        step = np.zeros(20, np.float32)
        step[j] = 1e-2
        up, down = by_steps(likelihoods, concepts + step), by_steps(likelihoods, concepts - step)
        np.testing.assert_allclose(gradients[:, j], (up - down) / 2e-2, atol=2e-4, rtol=0.02)


def test_leaving_out_is_switching_one_by_one(case):
    likelihoods, concepts, usual = case
    places = np.array([3, 11])
    found = by_leaving_out(likelihoods, concepts, usual, places)
    for column, j in enumerate(places):
        without = concepts.copy()
        without[j] = usual[j]
        expected = by_steps(likelihoods, concepts) - by_steps(likelihoods, without)
        np.testing.assert_allclose(found[:, column], expected, atol=1e-5)
    assert by_leaving_out(likelihoods, concepts, usual).shape == (4, 20)


def test_explanations_have_a_reason_for_every_word(tiny_data, tmp_path):
    run = untrained_run(tmp_path / "run", tiny_data, system="ours", model=MODEL)
    annotator = Annotator.from_run(run.path)
    photographs = tiny_data.photographs("validation", range(2))
    explained = list(annotator.why(photographs))
    for explanation, annotation in zip(explained, annotator.annotate(photographs), strict=True):
        assert [word.word for word in explanation.words] == list(annotation.words)
        assert explanation.annotation.text == annotation.text
        for word in explanation.words:
            assert len(word.shares) == 20
            gained = word.log_probability - word.usual_log_probability
            total = sum(share.contribution for share in word.shares)
            assert total == pytest.approx(gained, abs=1e-5)
            assert word.map.sum() == pytest.approx(total, abs=1e-4)
            sizes = [abs(share.contribution) for share in word.shares]
            assert sizes == sorted(sizes, reverse=True)
            assert all(share.contribution > 0 for share in word.largest(3))
    assert annotator.why(photographs[0]).annotation.text == explained[0].annotation.text
    first = explained[0].words[0]
    assert {share.concept for share in first.largest(3)} <= set(explained[0].concept_maps)


def test_the_documents_python_runs(tiny_data, tmp_path, capsys):
    run = untrained_run(tmp_path / "run", tiny_data, system="ours", model=MODEL)
    photograph = tmp_path / "photograph.jpg"
    photograph.write_bytes(tiny_data.photographs("validation", [0])[0])
    text = (pathlib.Path(__file__).parents[2] / "docs" / "what_if_and_why.md").read_text("utf-8")
    blocks = re.findall(r"```python\n(.*?)```", text, flags=re.DOTALL)
    assert len(blocks) == 2
    on, off = run.vocabulary().concepts[:2]
    names = {"runs/flickr8k/ours_0": run.path, "photo.jpg": photograph, "dog": on, "person": off}
    program = "\n".join(blocks)
    for name, value in names.items():
        program = program.replace(f'"{name}"', f'"{value}"')
    found = {}
    exec(compile(program, "what_if_and_why.md", "exec"), found)
    assert found["over_the_photograph"].shape == (480, 640)
    assert "->" in capsys.readouterr().out
