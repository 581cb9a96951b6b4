"""Measures of switching, interventions and leaks, on an untrained run and on made-up arrays."""

import dataclasses
import doctest

import numpy as np
import pytest
from finished_runs import SMALL_MODEL, untrained_run
from scipy.stats import spearmanr

from s_cnn_rnn.measures import contribution_measures, intervention_measures, what_if_measures
from s_cnn_rnn.measures.concept_writer import Captions, ConceptWriter, mean_of_photograph
from s_cnn_rnn.measures.contribution_measures import agreement_scores, rank_correlation
from s_cnn_rnn.measures.intervention_measures import (
    exchanged_within_bins,
    intervention_curve,
    leak_scores,
    orders,
    set_to_truth,
)
from s_cnn_rnn.measures.measure_rows import lines_of_rows, rows_of_measure
from s_cnn_rnn.measures.what_if_measures import Pairs, switch_scores, switched_one_by_one


@pytest.fixture(scope="module")
def writer(untrained_ours) -> ConceptWriter:
    return ConceptWriter.of_run(untrained_ours, "validation", 4)


def pretending(writer, words_by_row, monkeypatch):
    """The writer says the words of its photographs' concepts above one half, and "said" besides."""
    concepts = writer.model.vocabulary.concepts

    def call(self, rows, s_hat):
        words = [
            ["said", *(word for word, p in zip(concepts, row, strict=True) if p > 0.5)]
            for row in s_hat
        ]
        return Captions(words, np.full(len(rows), 2.0))

    before = Captions(words_by_row, np.full(len(writer.s_hat), 1.5))
    monkeypatch.setattr(ConceptWriter, "__call__", call)
    monkeypatch.setitem(writer.__dict__, "before", before)


def test_success_is_counted_as_defined(writer, monkeypatch):
    """A decoder that says what it is told, on s_hat that is never sure: all succeed."""
    concepts = writer.model.vocabulary.concepts
    monkeypatch.setattr(what_if_measures.written_about, "__defaults__", (1,))
    monkeypatch.setitem(writer.__dict__, "usual", np.full(len(concepts), 0.1))
    present = [np.flatnonzero(row)[-2:].tolist() for row in writer.true]
    words = [["said", "more", *(concepts[j] for j in each)] for each in present]
    pretending(writer, words, monkeypatch)
    s_hat = np.full_like(writer.s_hat, 0.2)
    monkeypatch.setitem(writer.__dict__, "s_hat", s_hat)
    found = switch_scores(writer, correlated=False, draws=2)
    assert found.values["gained"] == found.values["lost"] == 1.0
    assert found.values["fluency cost when gained"] == pytest.approx(0.5)
    # Of "said", "more" and two concepts "said" stays; the concept that is lost is not counted.
    assert found.values["words kept when gained"] == pytest.approx(1 / 4)
    assert found.values["words kept when lost"] == pytest.approx(1 / 3)


def test_pairs_are_switched_each_alone_or_with_what_goes_along(writer):
    pairs = Pairs(np.array([0, 2, 2]), np.array([5, 5, 7]))
    alone = switched_one_by_one(writer, pairs, 1.0, correlated=False)
    expected = writer.s_hat[[0, 2, 2]].copy()
    expected[[0, 1, 2], [5, 5, 7]] = 1.0
    np.testing.assert_array_equal(alone, expected)
    along = switched_one_by_one(writer, pairs, 1.0, correlated=True)
    for row, (n, j) in enumerate(zip(*pairs, strict=True)):
        one = writer.statistics.realigned(writer.s_hat[[n]], np.array([j]), np.array([1.0]))
        np.testing.assert_allclose(along[row], one[0], atol=1e-6)


def test_all_concepts_set_to_the_truth_are_the_truth(writer):
    everything = np.tile(np.arange(20), (4, 1))
    for correlated in (False, True):
        found = set_to_truth(writer, everything, correlated=correlated)
        np.testing.assert_array_equal(found, writer.true.astype(np.float32))
    nothing = set_to_truth(writer, everything[:, :0], correlated=True)
    np.testing.assert_array_equal(nothing, writer.s_hat)
    two = set_to_truth(writer, np.array([[3, 8]] * 4), correlated=False)
    changed = np.flatnonzero((two != writer.s_hat).any(axis=0))
    assert changed.tolist() == [3, 8]


def test_the_informed_order_begins_with_the_worst_concepts(writer):
    found = orders(writer)
    wrong = np.abs(writer.true - writer.s_hat)
    sorted_wrong = np.take_along_axis(wrong, found["informed"], axis=1)
    assert (np.diff(sorted_wrong, axis=1) <= 0).all()
    for order in found.values():
        np.testing.assert_array_equal(np.sort(order, axis=1), np.tile(np.arange(20), (4, 1)))
    assert (found["random"][0] != found["random"][1]).any()


def test_exchange_keeps_each_concepts_bins(writer):
    random = np.random.default_rng(0)
    s_hat = random.uniform(size=(200, 3)).astype(np.float32)
    true = random.uniform(size=(200, 3)) < [0.5, 0.1, 0.02]
    found = exchanged_within_bins(s_hat, true, 2)
    for j in range(3):
        threshold = np.sort(s_hat[:, j])[-true[:, j].sum()]
        np.testing.assert_array_equal(found[:, j] >= threshold, s_hat[:, j] >= threshold)
        np.testing.assert_array_equal(np.sort(found[:, j]), np.sort(s_hat[:, j]))
        assert (found[:, j] != s_hat[:, j]).mean() > 0.9
    fine = exchanged_within_bins(s_hat, true, 10)
    assert np.abs(fine - s_hat).max() < 0.2
    assert np.abs(found - s_hat).max() > 0.5


def test_curves_and_leaks_have_figures_for_every_photograph(writer, monkeypatch):
    monkeypatch.setattr(intervention_measures, "BINS", (2,))
    curve = intervention_curve(writer, correlated=False, steps=(0, 2))
    names = {f"CIDEr, {k} concepts true, {order}" for k in (0, 2) for order in orders(writer)}
    assert set(curve.values) == names
    before = writer.cider(writer.before).mean()
    assert curve.values["CIDEr, 0 concepts true, random"] == pytest.approx(before)
    leak = leak_scores(writer, bins=(2,))
    lost = leak.values["CIDEr"] - leak.values["CIDEr, exchanged within 2 bins"]
    assert leak.values["leak beyond 2 bins"] == pytest.approx(lost)
    rows = rows_of_measure(writer.folder, leak, split="validation", protocol="p", command="c")
    assert {row.metric for row in rows} == set(leak.values)
    assert rows[0].protocol == "p, 4 photographs"
    assert rows[0].system == "ours"
    assert len(lines_of_rows(rows)) == 4
    changed = dataclasses.replace(writer.folder.settings(), variant="model.units=256")
    monkeypatch.setattr(type(writer.folder), "settings", lambda self: changed)
    rows = rows_of_measure(writer.folder, leak, split="validation", protocol="p", command="c")
    assert {row.variant for row in rows} == {"model.units=256"}


def test_agreement_is_that_of_contributions_and_real_losses(writer, monkeypatch):
    """Concepts that all differ by as much in a decoder that is nearly linear agree nearly."""
    concepts = writer.model.vocabulary.concepts
    monkeypatch.setattr(contribution_measures, "written_about", lambda writer: np.arange(20))
    words = [[concepts[2], concepts[5]]] * 4
    monkeypatch.setitem(writer.__dict__, "before", Captions(words, np.zeros(4)))
    found = agreement_scores(writer).values
    assert 0.5 < found["rank correlation"] <= 1
    assert 0 <= found["word gone, random"] <= 1


def test_rank_correlation_is_spearmans():
    random = np.random.default_rng(0)
    first, second = random.normal(size=(2, 30))
    assert rank_correlation(first, second) == pytest.approx(spearmanr(first, second).statistic)
    assert np.isnan(rank_correlation(np.zeros(3), np.arange(3)))
    assert doctest.testmod(contribution_measures).failed == 0


def test_means_of_photographs():
    found = mean_of_photograph(np.array([0, 0, 2]), [1.0, 2.0, 5.0], 4)
    np.testing.assert_array_equal(found, [1.5, np.nan, 5.0, np.nan])


def test_runs_that_do_not_write_captions_from_concepts_are_refused(tiny_data, tmp_path):
    run = untrained_run(tmp_path / "run", tiny_data, system="nic-f", model=SMALL_MODEL)
    with pytest.raises(ValueError, match="learns no concepts"):
        ConceptWriter.of_run(run, "validation")
