"""Every kind of label system goes through its stages on drawn shapes with labels and tags."""

import json

import numpy as np
import pytest
from tiny_runs import tiny_settings

from s_cnn_rnn.runs.handover import load_model
from s_cnn_rnn.runs.run_folder import RunFolder
from s_cnn_rnn.runs.run_stages import planned_stages
from s_cnn_rnn.training.whole_run import train

STAGE = {"steps": 2, "photographs": 8, "learning_rate": 1e-3, "flip": True}


def label_settings(data, system: str, *stages: str):
    return tiny_settings(
        data, system=system, task="labels", stages={name: dict(STAGE) for name in stages}
    )


@pytest.mark.parametrize(
    ("system", "stages", "weights"),
    [
        (
            "ours+tags-fixed",
            ("tags", "cnn_head", "rnn", "joint_frozen"),
            {"encoder", "tag_layer", "semantic", "interface", "decoder"},
        ),
        ("ours+free-order", ("joint",), {"encoder", "semantic", "interface", "decoder"}),
        ("cnn-rnn", ("joint",), {"encoder", "interface", "decoder"}),
        ("cnn-warp", ("cnn",), {"encoder", "semantic"}),
        ("tags-alone", ("tags",), {"tag_layer"}),
        ("tag-neighbours", ("cnn_head",), {"encoder", "semantic"}),
        ("sinn", ("cnn_head",), {"encoder", "semantic"}),
    ],
)
def test_a_system_trains_and_is_read_back(tiny_data, tmp_path, system, stages, weights):
    folder = RunFolder(tmp_path / "run")
    settings = label_settings(tiny_data, system, *stages)
    assert [stage.name for stage in planned_stages(settings)] == list(stages)
    train(folder, settings)
    assert {path.stem for path in folder.weights.iterdir()} == weights
    for stage in stages:
        values = json.loads(folder.stage(stage).summary.read_text())["validation"]
        assert values
        assert all(np.isfinite(value) for value in values.values())
    model = load_model(folder)
    assert set(model.present_parts()) == weights
    sees_tags = "tags" in model.system.side_information
    assert folder.tag_words_path.exists() == sees_tags


def test_frequent_labels_come_first_where_the_system_says_so(tiny_data):
    from s_cnn_rnn.training.training_data import open_data

    vocabulary, data = open_data(label_settings(tiny_data, "cnn-rnn", "joint"))
    counts = dict(zip(vocabulary.words, vocabulary.counts, strict=True))
    for words in data.train.words[:, 0].tolist():
        written = [counts[word] for word in vocabulary.decode(words)]
        assert written == sorted(written, reverse=True)
