"""How many of the words are the decoder's own, through the stages of a run."""

import numpy as np
import pytest

from s_cnn_rnn.runs.run_folder import RunFolder
from s_cnn_rnn.runs.run_stages import planned_stages
from s_cnn_rnn.settings import RunSettings
from s_cnn_rnn.training.scheduled_sampling import own_words

STEPS = {"rnn": 40, "rnn_predicted": 150, "joint": 11}


def settings(stages: dict, **changes) -> RunSettings:
    content = {"data": "", "system": "nic-v2", "stages": stages, **changes}
    return RunSettings.from_dict(content)


def parts(folder: RunFolder, run: RunSettings) -> dict[str, tuple[float, float]]:
    return {s.name: own_words(folder, run, s) for s in planned_stages(run) if not s.rewarded}


def test_the_part_grows_evenly_from_stage_to_stage(tmp_path):
    run = settings({name: {"steps": steps} for name, steps in STEPS.items()})
    found = parts(RunFolder(tmp_path), run)
    # 201 steps in all, step after step: 0 at the first, the default .25 at the last.
    by_hand = 0.25 * np.arange(201) / 200
    expected = {"rnn": by_hand[[0, 39]], "rnn_predicted": by_hand[[40, 189]]}
    expected["joint"] = by_hand[[190, 200]]
    for name, ends in expected.items():
        assert found[name] == pytest.approx(tuple(ends))


def test_one_stage_alone_begins_at_none(tmp_path):
    run = settings({"joint": {"steps": 5, "scheduled_sampling": 0.5}})
    assert parts(RunFolder(tmp_path), run) == {"joint": (0.0, 0.5)}
    run = settings({"joint": {"steps": 1, "scheduled_sampling": 0.5}})
    assert parts(RunFolder(tmp_path), run) == {"joint": (0.0, 0.0)}


def test_a_stage_may_read_true_words_alone(tmp_path):
    stages = {name: {"steps": steps} for name, steps in STEPS.items()}
    stages["rnn"]["scheduled_sampling"] = 0.0
    found = parts(RunFolder(tmp_path), settings(stages))
    assert found["rnn"] == (0.0, 0.0)
    assert found["rnn_predicted"][0] == pytest.approx(0.25 * 40 / 200)


def test_a_run_that_starts_from_another_goes_on(tmp_path):
    first = RunFolder(tmp_path / "first")
    first.path.mkdir()
    settings({"rnn": {"steps": 30}}).save(first.settings_path)
    stages = {"joint": {"steps": 71}, "self_critical": {"steps": 500}}
    run = settings(stages, starts_from=str(first.path))
    assert parts(RunFolder(tmp_path / "run"), run)["joint"] == pytest.approx((0.25 * 0.3, 0.25))
