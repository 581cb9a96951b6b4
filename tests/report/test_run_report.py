import dataclasses
import html
import re

import numpy as np
import pytest
from finished_runs import copy_run, untrained_run, write_captions

from s_cnn_rnn.report import write_report
from s_cnn_rnn.report.run_report import learning_curves, make_report
from s_cnn_rnn.runs.run_cost import finished_stages
from s_cnn_rnn.scoring.evaluation import compare_systems, score_systems

pytestmark = pytest.mark.filterwarnings("ignore:METEOR is missing")


@pytest.fixture(scope="module")
def systems(tiny_run, tmp_path_factory, without_java):
    other = copy_run(tiny_run, tmp_path_factory.mktemp("runs") / "other", seed=1)
    write_captions(other, [f"caption {n} of the other" for n in range(6)])
    return score_systems([[tiny_run], [other]], "validation")


@pytest.fixture(scope="module")
def report(systems):
    ours, other = systems
    command = "python -m experiments.evaluate --run=runs/ours"
    return make_report(ours, [compare_systems(ours, other)], command=command)


def test_scores_are_those_of_the_evaluation(report, systems):
    values = systems[0].main.values
    scores = {score.metric: score for score in report.scores}
    assert report.scores[0].metric == "CIDEr"
    assert scores["CIDEr"].value == values["CIDEr"]
    assert (scores["CIDEr"].low, scores["CIDEr"].high) == systems[0].main.intervals["CIDEr"]
    assert "left out" in scores["METEOR"].reason
    assert report.concept_scores.mean_average_precision.value == values["concept mAP"]
    baseline = {score.metric: score.value for score in report.baseline_scores}
    assert baseline["CIDEr"] == systems[0].text_only.values["CIDEr"]
    assert "METEOR" not in baseline
    assert baseline["distinct captions"] == 1


def test_photographs_show_what_was_predicted(report, systems, tiny_data):
    run = systems[0].runs[0]
    vocabulary = run.folder.vocabulary()
    for n, shown in enumerate(report.photographs):
        annotation = tiny_data.annotations("validation")[n]
        assert shown.file_name == annotation.file_name
        assert shown.jpeg() == tiny_data.photographs("validation", [n])[0]
        assert shown.references == annotation.captions
        assert shown.written == run.predictions.photographs[n].annotation
        assert shown.baseline_written == run.predictions.text_only.annotation
        place = run.protocols[0].image_ids.index(annotation.image_id)
        assert shown.score == run.protocols[0].per_photograph[place]
        said = {word for caption in annotation.captions for word in caption.lower().split()}
        true = {concept.word for concept in shown.concepts if concept.is_true}
        assert true >= said & set(vocabulary.concepts)
        for concept in shown.concepts:
            number = vocabulary.concepts.index(concept.word)
            assert concept.probability == pytest.approx(run.predictions.s_hat[n, number])


def test_only_telling_concepts_are_kept(systems, monkeypatch):
    monkeypatch.setattr("s_cnn_rnn.report.run_report.SUREST", 2)
    run = systems[0].runs[0]
    concepts = np.full_like(run.predictions.s_hat, 0.1)
    concepts[:, 3] = 0.7
    concepts[:, 5] = 0.2
    predictions = dataclasses.replace(run.predictions, s_hat=concepts)
    changed = dataclasses.replace(run, predictions=predictions)
    report = make_report(dataclasses.replace(systems[0], runs=(changed,)))
    words = run.folder.vocabulary().concepts
    for shown in report.photographs:
        kept = {concept.word for concept in shown.concepts if not concept.is_true}
        assert kept <= {words[3], words[5]}


def test_learning_curves_are_the_log(tiny_run):
    joint = finished_stages(tiny_run)[-1]
    curves = {(c.measure, c.part): c for c in learning_curves(joint)}
    assert set(curves) == {
        ("Lu", "train"),
        ("Lu", "validation"),
        ("Lr", "train"),
        ("Lr", "validation"),
        ("concept mAP", "validation"),
        ("CIDEr (quick, without Java)", "validation"),
    }
    lu = curves["Lu", "validation"]
    assert [(p.step, p.photographs_seen) for p in lu.points] == [(2, 16), (3, 24)]
    assert lu.points[-1].value == joint.summary["validation"]["validation/Lu"]
    assert lu.unit == "nats per photograph"


def test_the_page_is_whole(report, tmp_path):
    page = write_report(tmp_path / "report.html", report).read_text("utf-8")
    text_alone = " ".join(html.unescape(re.sub("<[^>]*>", "", page)).split())
    for text in (
        "ours (ours_0) on shapes, validation",
        "each of 20 concepts",
        "five stages below",
        "The interface and the decoder learn the words (Lr) from the true concepts.",
        "caption 3 of the other",
        "python -m experiments.evaluate --run=runs/ours",
        "ours (ours_0) minus ours (other).beam 3, 5 references, imitated PTB tokeniser.CIDEr",
        "settings.stages.joint.steps",
    ):
        assert text in text_alone


def test_a_run_without_concepts(tiny_data, tmp_path, without_java):
    stages = {"rnn": {"steps": 1}}
    run = untrained_run(tmp_path / "nic-f", tiny_data, system="nic-f", stages=stages)
    (system,) = score_systems([[run]], "validation")
    report = make_report(system)
    assert report.concept_scores is None
    assert "concept mAP" not in system.main.values
    assert all(not photograph.concepts for photograph in report.photographs)
    assert [stage.name for stage in report.stages] == ["rnn"]
    assert "No concepts are learnt" in write_report(tmp_path / "r.html", report).read_text("utf-8")
