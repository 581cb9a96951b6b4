import html
import re

import numpy as np
import pytest
import sklearn.metrics
from finished_runs import untrained_run, write_words

from s_cnn_rnn.report import write_report
from s_cnn_rnn.report.run_report import make_report
from s_cnn_rnn.scoring.evaluation import compare_systems, score_systems
from s_cnn_rnn.scoring.label_evaluation import labelled_split

OPTIONS = {"task": "labels", "decoding": {"width": 1}, "stages": {"cnn": {"steps": 1}}}


@pytest.fixture(scope="module")
def systems(tiny_data, tmp_path_factory):
    """`ours`, which wrote each photograph's rarest label and "red", and `cnn-logistic`."""
    folder = tmp_path_factory.mktemp("runs")
    ours, other = (
        untrained_run(folder / system, tiny_data, system=system, **OPTIONS)
        for system in ("ours", "cnn-logistic")
    )
    references = labelled_split(ours, "validation").references
    write_words(ours, [list(dict.fromkeys((labels[0], "red"))) for labels in references])
    return score_systems([[ours], [other]], "validation")


@pytest.fixture(scope="module")
def report(systems):
    ours, other = systems
    return make_report(ours, [compare_systems(ours, other)], command="evaluate")


def test_systems_stand_side_by_side_under_each_protocol(report, systems):
    ours, other = systems
    assert report.kind == "labels"
    assert report.system == "ours, own stop"
    assert [run.name for run in report.compared] == [
        "cnn-logistic, top 3",
        "cnn-logistic, threshold chosen on train",
        "cnn-logistic, per-label thresholds chosen on train",
    ]
    scores = {score.metric: score for score in report.scores}
    assert scores["O-F1"].value == ours.main.values["O-F1"]
    assert (scores["O-F1"].low, scores["O-F1"].high) == ours.main.intervals["O-F1"]
    for run, expected in zip(report.compared, other.protocols, strict=True):
        assert {s.metric: s.value for s in run.scores} == expected.values
    written = [bool(run.written) for run in report.compared]
    assert written == [True, False, False]  # photographs show the main protocol alone
    baseline = {score.metric: score.value for score in report.baseline_scores}
    assert baseline["O-F1"] == ours.text_only.values["O-F1"]


def test_each_label_is_counted(report, systems):
    run = systems[0].runs[0]
    labels = run.folder.vocabulary().concepts
    truth = run.data.concepts.astype(bool)
    table = {row.word: row for row in report.label_table.labels}
    assert set(table) == set(labels)
    red = labels.index("red")
    assert table["red"].found == truth[:, red].sum()
    assert table["red"].invented == (~truth[:, red]).sum()
    ((name, f1),) = report.label_table.compared
    assert name == "cnn-logistic, top 3"
    assert set(f1) == set(labels)
    together = report.co_occurrence
    np.testing.assert_array_equal(np.diag(together.true), truth.sum(axis=0))
    assert together.predicted[red, red] == len(truth)


def test_the_label_table_is_that_of_scikit_learn(report, systems):
    scored, other = (system.runs[0] for system in systems)
    truth = scored.data.concepts
    lists = [photograph.words for photograph in scored.predictions.photographs]
    written = scored.folder.vocabulary().indicators(lists)
    counted = sklearn.metrics.precision_recall_fscore_support(truth, written, zero_division=0)
    confused = sklearn.metrics.multilabel_confusion_matrix(truth, written)
    for k, label in enumerate(report.label_table.labels):
        precision, recall, f1, support = (figures[k] for figures in counted)
        assert label.word == scored.folder.vocabulary().concepts[k]
        assert (label.precision, label.f1) == pytest.approx((precision, f1))
        assert (label.recall or 0) == pytest.approx(recall)
        assert label.support == support
        assert (label.invented, label.missed, label.found) == tuple(confused[k].ravel()[1:])
        if support:
            precision = sklearn.metrics.average_precision_score(
                truth[:, k], scored.predictions.s_hat[:, k]
            )
            assert label.average_precision == pytest.approx(precision)
        else:
            assert label.average_precision is None
    ((_, beside),) = report.label_table.compared
    top = np.argsort(-other.predictions.s_hat, axis=1, kind="stable")[:, :3]
    chosen = np.zeros_like(truth)
    np.put_along_axis(chosen, top, 1, axis=1)
    expected = sklearn.metrics.f1_score(truth, chosen, average=None, zero_division=0)
    assert [beside[label.word] for label in report.label_table.labels] == pytest.approx(expected)
    together = report.co_occurrence
    for n, (first, second) in enumerate([(0, 1), (3, 2), (5, 5)]):
        both = sklearn.metrics.confusion_matrix(truth[:, first], truth[:, second], labels=[0, 1])
        found = sklearn.metrics.confusion_matrix(
            written[:, first], written[:, second], labels=[0, 1]
        )
        assert (together.true[first, second], together.predicted[first, second]) == (
            both[1, 1],
            found[1, 1],
        ), n


def test_photographs_show_labels_in_the_order_of_writing(report, systems):
    run = systems[0].runs[0]
    for n, shown in enumerate(report.photographs):
        assert shown.written == run.predictions.photographs[n].words
        assert shown.references == run.data.references[n]
        assert shown.score == run.protocols[0].per_photograph[n]
        assert shown.baseline_written == run.predictions.text_only.words
        assert len(shown.beams) == 1
    assert report.photograph_metric == "F1"


def test_a_system_without_a_decoder_has_its_own_protocols(systems, tmp_path):
    _, other = systems
    report = make_report(other)
    assert report.system == "cnn-logistic, top 3"
    assert [run.name for run in report.compared] == [
        "cnn-logistic, threshold chosen on train",
        "cnn-logistic, per-label thresholds chosen on train",
    ]
    assert report.baseline_scores == []
    assert all(not shown.beams for shown in report.photographs)
    assert all(shown.baseline_written == "" for shown in report.photographs)
    write_report(tmp_path / "report.html", report)


def test_the_page_is_whole(report, tmp_path):
    page = write_report(tmp_path / "report.html", report).read_text("utf-8")
    text = " ".join(html.unescape(re.sub("<[^>]*>", "", page)).split())
    for part in (
        "ours on shapes, validation",
        "writes the labels one by one",
        "ours minus cnn-logistic.own stop minus top 3.O-F1",
        "Labels that stand together",
        "True labels, rare ones first",
    ):
        assert part in text
