import pytest
from tiny_runs import train_tiny

from s_cnn_rnn.scoring.evaluation import score_run

STAGE = {"steps": 2, "photographs": 8, "learning_rate": 1e-3}


def _logged(folder, stage: str) -> dict[str, float]:
    values = folder.stage(stage).read_summary()["validation"]
    return {name.removeprefix("validation/"): value for name, value in values.items()}


@pytest.fixture(scope="module")
def runs(tiny_data, tmp_path_factory):
    """`ours` and `cnn-logistic` after a few steps; all of validation is looked at in training."""
    folder = tmp_path_factory.mktemp("runs")
    options = {"task": "labels", "decoding": {"width": 1}}
    stages = {"ours": ("cnn_head", "joint"), "cnn-logistic": ("cnn",)}
    return {
        system: train_tiny(
            folder / system,
            tiny_data,
            system=system,
            stages={name: dict(STAGE) for name in names},
            **options,
        )
        for system, names in stages.items()
    }


def test_written_labels_are_scored_as_they_are_at_the_end(runs):
    logged = _logged(runs["ours"], "joint")
    (scores,) = score_run(runs["ours"], "validation").protocols
    assert logged["O-F1"] == pytest.approx(scores.values["O-F1"])
    assert logged["C-F1"] == pytest.approx(scores.values["C-F1"])
    assert logged["concept_mAP"] == pytest.approx(scores.values["mAP"])
    assert not {"BLEU-4", "CIDEr", "O-F1_top_3"} & set(logged)


def test_without_written_labels_the_highest_scores_count(runs):
    logged = _logged(runs["cnn-logistic"], "cnn")
    top, *_ = score_run(runs["cnn-logistic"], "validation").protocols
    assert logged["O-F1_top_3"] == pytest.approx(top.values["O-F1"])
    assert logged["concept_mAP"] == pytest.approx(top.values["mAP"])
    assert "O-F1_top_3" in _logged(runs["ours"], "cnn_head")
    assert "distinct" not in logged
