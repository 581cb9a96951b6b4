import json

import pytest

from s_cnn_rnn.runs.run_cost import cost_of_run, finished_stages
from s_cnn_rnn.runs.run_folder import RunFolder
from s_cnn_rnn.settings import RunSettings


@pytest.fixture
def make_run(tmp_path):
    """Makes a run folder whose named stages are over: name -> (seconds, encoder passes)."""

    def make(name, finished, planned=(), cached=None, **settings) -> RunFolder:
        run = RunFolder(tmp_path / name)
        run.path.mkdir()
        stages = {stage: {"steps": 10, "photographs": 8} for stage in (*finished, *planned)}
        content = {"data": "data/set", "stages": stages, **settings}
        RunSettings.from_dict(content).save(run.settings_path)
        for stage, (seconds, passes) in finished.items():
            folder = run.stage(stage)
            folder.path.mkdir(parents=True)
            summary = {"steps": 10, "seconds": seconds, "encoder_passes": passes}
            summary["cached_passes"] = (cached or {}).get(stage, {})
            folder.summary.write_text(json.dumps(summary))
        return run

    return make


def test_stages_are_added_up(make_run):
    run = make_run("ours", {"joint": (30.0, 80), "cnn_head": (1.5, 20), "rnn": (4.0, 0)})
    assert [f.stage.name for f in finished_stages(run)] == ["cnn_head", "rnn", "joint"]
    cost = cost_of_run(run)
    assert (cost.seconds, cost.encoder_passes, cost.trained_through) == (35.5, 100, True)


def test_a_shared_cnn_counts_for_each_run_that_uses_it(make_run):
    cnn = make_run("cnn", {"cnn_head": (1.0, 5), "cnn": (20.0, 300), "rnn": (100.0, 1000)})
    own = {"cnn": (7.0, 7), "rnn_predicted": (2.0, 50)}
    run = make_run("ours", own, cnn_from=str(cnn.path))
    names = [(f.stage.name, f.folder.path.parents[1].name) for f in finished_stages(run)]
    assert names == [("cnn_head", "cnn"), ("cnn", "cnn"), ("rnn_predicted", "ours")]
    cost = cost_of_run(run)
    assert (cost.seconds, cost.encoder_passes, cost.trained_through) == (23.0, 355, True)


def test_a_frozen_cnn_and_stages_that_are_not_over(make_run):
    run = make_run("frozen", {"cnn_head": (1.0, 5), "rnn": (2.0, 0)}, planned=("cnn", "joint"))
    assert not cost_of_run(run).trained_through
    assert [f.stage.name for f in finished_stages(run)] == ["cnn_head", "rnn"]


def test_a_frozen_run_on_a_cnn_that_was_trained_through_is_not_trained_through(make_run):
    """It takes the semantic layer that was learnt on the encoder as it was, and not the encoder."""
    cnn = make_run("cnn", {"cnn_head": (1.0, 5), "cnn": (20.0, 300)})
    own = {"rnn_predicted": (2.0, 50)}
    run = make_run("frozen", own, cnn_from=str(cnn.path), frozen_encoder=True)
    cost = cost_of_run(run)
    assert (cost.seconds, cost.encoder_passes, cost.trained_through) == (3.0, 55, False)


def test_features_of_one_frozen_encoder_count_once(make_run):
    finished = {"cnn_head": (1.0, 0), "cnn": (1.0, 320), "rnn_predicted": (1.0, 0)}
    cached = {
        "cnn_head": {"imagenet": 100},
        "rnn_predicted": {"trained": 200},
    }
    assert cost_of_run(make_run("a", finished, cached=cached)).encoder_passes == 620
    cached["rnn_predicted"] = {"imagenet": 200}  # two views now: the second is the only new one
    assert cost_of_run(make_run("b", finished, cached=cached)).encoder_passes == 520
