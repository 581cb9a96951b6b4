"""Every kind of label system goes through its stages on drawn shapes with labels and tags."""

import dataclasses

import numpy as np
import pytest
from keras import ops
from tiny_runs import tiny_settings, watch_stages

from s_cnn_rnn.annotator import Annotator
from s_cnn_rnn.model.annotation_model import AnnotationModel
from s_cnn_rnn.model.systems import SYSTEMS as ALL
from s_cnn_rnn.progress import no_progress
from s_cnn_rnn.runs.handover import load_model, load_parts
from s_cnn_rnn.runs.run_folder import RunFolder
from s_cnn_rnn.runs.run_inputs import frozen_inputs
from s_cnn_rnn.runs.run_stages import planned_stages
from s_cnn_rnn.scoring.evaluation import score_systems
from s_cnn_rnn.scoring.predictions import predict
from s_cnn_rnn.scoring.score_table import rows_of_system
from s_cnn_rnn.settings import RunSettings
from s_cnn_rnn.training.training_data import open_data
from s_cnn_rnn.training.whole_run import train

STAGE = {"steps": 2, "photographs": 8, "learning_rate": 1e-3, "flip": True}
CONSTANTS = ("prior_logits", "centre")
"""Made from the data set, never trained."""


def label_settings(data, system: str, *stages: str):
    return tiny_settings(
        data,
        system=system,
        task="labels",
        stages={name: dict(STAGE) for name in stages},
        decoding={"width": 1, "length_normalisation": 0.0},
    )


FIXED_LENGTH = ["top 3", "threshold chosen on train", "per-label thresholds chosen on train"]
WRITTEN = {"encoder", "semantic", "interface", "decoder"}

# System -> the stages it goes through here, and the parts it ends with.
SYSTEMS = {
    "ours": (("joint",), WRITTEN),
    "ours+tags": (("tags", "joint"), WRITTEN | {"tag_layer"}),
    "ours+tags-fixed": (("tags", "cnn_head", "rnn", "joint_frozen"), WRITTEN | {"tag_layer"}),
    "ours+free-order": (("joint",), WRITTEN),
    "ria": (("joint",), WRITTEN - {"semantic"}),
    "cnn-rnn": (("joint",), WRITTEN - {"semantic"}),
    "cnn-logistic": (("cnn_head", "cnn"), {"encoder", "semantic"}),
    "cnn-softmax": (("cnn",), {"encoder", "semantic"}),
    "cnn-warp": (("cnn",), {"encoder", "semantic"}),
    "cnn-asymmetric": (("cnn",), {"encoder", "semantic"}),
    "cnn+tags": (("tags", "cnn"), {"encoder", "semantic", "tag_layer"}),
    "tags-alone": (("tags",), {"tag_layer"}),
    "tag-neighbours": (("cnn_head",), {"encoder", "semantic"}),
    "sinn": (("cnn_head",), {"encoder", "semantic"}),
}


def test_every_system_is_trained_here():
    assert set(SYSTEMS) == {row.name for row in ALL.values() if "labels" in row.tasks}


@pytest.fixture(scope="module", params=SYSTEMS)
def training(request, tiny_data, tmp_path_factory):
    """The finished run, and the weights around each of its stages (`watch_stages`)."""
    stages, _ = SYSTEMS[request.param]
    folder = RunFolder(tmp_path_factory.mktemp("runs") / request.param)
    settings = label_settings(tiny_data, request.param, *stages)
    assert [stage.name for stage in planned_stages(settings)] == list(stages)
    with pytest.MonkeyPatch.context() as patch:
        weights = watch_stages(patch)
        train(folder, settings)
    return folder, weights


def test_a_system_trains_and_is_read_back(training):
    folder, _ = training
    stages, weights = SYSTEMS[folder.settings().system]
    assert {path.stem for path in folder.weights.iterdir()} == weights
    for stage in stages:
        values = folder.stage(stage).read_summary()["validation"]
        assert values
        assert all(np.isfinite(value) for value in values.values())
    model = load_model(folder)
    assert set(model.present_parts()) == weights
    sees_tags = "tags" in model.system.side_information
    assert folder.tag_words_path.exists() == sees_tags


def test_each_stage_moves_what_it_trains_and_nothing_else(training):
    folder, weights = training
    for stage in planned_stages(folder.settings()):
        before, after = weights[stage.name, "before"], weights[stage.name, "after"]
        moved = {path for path in before if not np.array_equal(before[path], after[path])}
        learns = {path for path in before if path.split(":")[0] in stage.trains}
        assert moved == {path for path in learns if not path.endswith(CONSTANTS)}


def test_it_is_scored_under_its_protocols(training):
    folder, _ = training
    (system,) = score_systems([[folder]], "validation")
    _, parts = SYSTEMS[folder.settings().system]
    writes = "decoder" in parts
    assert [scores.protocol for scores in system.protocols] == (
        ["own stop"] if writes else FIXED_LENGTH
    )
    found = {(row.protocol, row.metric) for row in rows_of_system(system, command="evaluate")}
    order = {"rare-first pairs", "rare-first lists", "text-only O-F1"}
    for scores in system.protocols:
        metrics = {metric for protocol, metric in found if protocol == scores.protocol}
        assert {"O-F1", "C-F1", "micro-F1", "labels per photograph"} <= metrics
        assert (metrics & order) == (order if writes else set())
        learns_concepts = bool(
            SYSTEMS[system.runs[0].settings.system][1] & {"semantic", "tag_layer"}
        )
        assert ("mAP" in metrics) == learns_concepts
        assert ("threshold" in metrics) == (scores.protocol == FIXED_LENGTH[1])


def test_photographs_are_annotated_as_in_evaluation(training, tiny_data):
    folder, _ = training
    system = folder.settings().system
    if system in ("tags-alone", "tag-neighbours"):
        with pytest.raises(ValueError, match=f"{system} labels photographs by what a data set"):
            Annotator.from_run(folder.path)
        return
    photographs = tiny_data.photographs("validation", range(6))
    tags = [annotation.tags for annotation in tiny_data.annotations("validation")]
    found = Annotator.from_run(folder.path).annotate(photographs, tags=tags)
    expected = predict(folder, "validation").photographs
    assert [one.words for one in found] == [one.words for one in expected]


def test_frequent_labels_come_first_where_the_system_says_so(tiny_data):
    vocabulary, data = open_data(label_settings(tiny_data, "cnn-rnn", "joint"))
    counts = dict(zip(vocabulary.words, vocabulary.counts, strict=True))
    for words in data.train.words[:, 0].tolist():
        written = [counts[word] for word in vocabulary.decode(words)]
        assert written == sorted(written, reverse=True)


def test_a_shared_cnn_is_taken_with_the_tag_layer_that_learnt_beside_it(tiny_data, tmp_path):
    """Until its stage joint, ours+tags says of a photograph what the run cnn+tags says."""
    cnn, run = RunFolder(tmp_path / "cnn+tags"), RunFolder(tmp_path / "ours+tags")
    train(cnn, label_settings(tiny_data, "cnn+tags", "tags", "cnn_head", "cnn"))
    written = ("tags", "cnn_head", "cnn", "rnn", "rnn_predicted", "joint")
    settings = label_settings(tiny_data, "ours+tags", *written)
    settings = dataclasses.replace(settings, cnn_from=str(cnn.path))
    train(run, settings)
    assert not run.stage("tags").path.exists()
    model = load_model(run)
    after = s_hat(model, run, settings)
    load_parts(model, run, settings, before="joint")
    expected = s_hat(load_model(cnn), cnn, settings)
    assert expected.std() > 0.01
    np.testing.assert_array_equal(s_hat(model, run, settings), expected)
    assert np.abs(after - expected).max() > 1e-4


def s_hat(model: AnnotationModel, folder: RunFolder, settings: RunSettings) -> np.ndarray:
    """What a model says of the validation photographs and their tags."""
    _, data = open_data(settings)
    inputs = frozen_inputs(folder, model.encoder, data.validation, data.train, progress=no_progress)
    return ops.convert_to_numpy(model.concepts(inputs.as_seen()))
