"""The stages: what trains, exact resume after a real kill, stops that keep the last good state."""

import json
import os
import pathlib
import signal
import subprocess
import sys

import numpy as np
import pytest
from tiny_runs import STAGES, tiny_settings

from s_cnn_rnn.model.stages import STAGES as TABLE
from s_cnn_rnn.runs.checkpoints import read_arrays
from s_cnn_rnn.runs.handover import StagesMissing, load_model
from s_cnn_rnn.runs.run_folder import RunFolder, SettingsDiffer
from s_cnn_rnn.runs.run_stages import planned_stages
from s_cnn_rnn.training.segment_watch import TrainingDiverged
from s_cnn_rnn.training.stage_training import StageTraining
from s_cnn_rnn.training.whole_run import train

REPOSITORY = pathlib.Path(__file__).parents[2]


def weights(folder: pathlib.Path) -> dict[str, np.ndarray]:
    return {
        name: array
        for path in sorted(folder.glob("*.npz"))
        for name, array in read_arrays(path)[0].items()
    }


@pytest.mark.parametrize("name", STAGES)
def test_each_stage_moves_its_parts_and_no_others(tiny_training, name):
    run, weights = tiny_training
    [trains] = [s.trains for s in planned_stages(run.settings()) if s.name == name]
    before, after = weights[name, "before"], weights[name, "after"]
    moved = {path for path in before if not np.array_equal(before[path], after[path])}
    assert moved == {path for path in before if path.split(":")[0] in trains}
    saved = {p.stem: read_arrays(p)[0] for p in run.stage(name).weights.iterdir()}
    assert set(saved) == set(trains)
    for arrays in saved.values():
        for path, array in arrays.items():
            np.testing.assert_array_equal(array, after[path])


@pytest.mark.parametrize("name", STAGES[1:])
def test_each_stage_begins_where_those_before_it_ended(tiny_training, name):
    run, weights = tiny_training
    ended = {}
    for earlier in STAGES[: STAGES.index(name)]:
        for path in run.stage(earlier).weights.iterdir():
            ended |= read_arrays(path)[0]
    before = weights[name, "before"]
    assert ended.keys() & before.keys()
    for path in ended.keys() & before.keys():
        np.testing.assert_array_equal(before[path], ended[path])


def test_stages_end_with_a_summary_and_a_log(tiny_run):
    for name in STAGES:
        summary = json.loads(tiny_run.stage(name).summary.read_text())
        assert summary["steps"] == 3
        lines = [json.loads(line) for line in tiny_run.stage(name).log.read_text().splitlines()]
        assert {line["step"] for line in lines} == {2, 3}
        for output in TABLE[name].outputs:
            measure = {"concepts": "validation/Lu", "words": "validation/Lr"}[output]
            assert np.isfinite(summary["validation"][measure])
        assert list(tiny_run.stage(name).path.glob("events.*"))


def test_losses_of_the_joint_stage_add_up(tiny_run):
    lines = [json.loads(line) for line in tiny_run.stage("joint").log.read_text().splitlines()]
    for line in lines:
        if "loss" in line:
            assert line["loss"] == pytest.approx(line["Lu"] + line["Lr"], rel=1e-5)


def test_a_validation_part_of_one_photograph_is_enough(tiny_data, tmp_path):
    folder = RunFolder(tmp_path / "run")
    settings = tiny_settings(tiny_data, stages=_some("rnn", "joint"), evaluation_photographs=1)
    train(folder, settings, programs=("train_rnn",))
    assert "validation/CIDEr" in folder.stage("rnn").read_summary()["validation"]


def test_other_settings_are_refused_by_name(tiny_run, tiny_data):
    with pytest.raises(SettingsDiffer, match=r"model\.units is 16 there and 17 here"):
        train(
            tiny_run,
            tiny_settings(tiny_data, model={"units": 17, "word_embedding": 12, "longest": 16}),
        )


def test_a_run_can_start_from_another_runs_cnn(tiny_run, tiny_data, tmp_path):
    settings = tiny_settings(
        tiny_data, cnn_from=str(tiny_run.path), stages={"rnn_predicted": {"steps": 1}}
    )
    folder = RunFolder(tmp_path / "other")
    train(folder, settings)
    for part in ("encoder", "semantic"):
        theirs = read_arrays(tiny_run.stage("cnn").weights / f"{part}.npz")[0]
        ours = read_arrays(folder.weights / f"{part}.npz")[0]
        for name in theirs:
            np.testing.assert_array_equal(theirs[name], ours[name])


def test_a_run_that_is_not_over_names_what_is_missing(tiny_data, tmp_path):
    folder = RunFolder(tmp_path / "run")
    train(folder, tiny_settings(tiny_data), programs=("train_rnn",))
    with pytest.raises(
        FileNotFoundError, match="missing stages: cnn_head, cnn, rnn_predicted, joint"
    ):
        load_model(folder)


def test_stages_wait_for_those_they_start_from(tiny_data, tmp_path):
    folder = RunFolder(tmp_path / "run")
    with pytest.raises(
        StagesMissing, match=r"joint starts from .* cnn_head .*experiments\.train_cnn"
    ):
        train(
            folder,
            tiny_settings(tiny_data, stages=_some("cnn_head", "joint")),
            programs=("train_joint",),
        )
    features = tiny_settings(tiny_data, system="nic-deeply", stages=_some("cnn", "rnn"))
    with pytest.raises(StagesMissing, match="rnn starts from what stage cnn learns"):
        train(RunFolder(tmp_path / "other"), features, programs=("train_rnn",))
    lost = tiny_settings(tiny_data, cnn_from=str(tmp_path / "no"), stages=_some("joint"))
    with pytest.raises(FileNotFoundError, match="no: no run folder"):
        train(RunFolder(tmp_path / "third"), lost)


def _some(*names: str) -> dict:
    return {name: {"steps": 1, "photographs": 8} for name in names}


def test_a_loss_that_is_no_number_stops_and_keeps_the_last_checkpoint(tiny_data, tmp_path):
    stage = {"steps": 40, "photographs": 8, "checkpoint_every": 1, "learning_rate": 1e18}
    folder = RunFolder(tmp_path / "run")
    with pytest.raises(TrainingDiverged, match=r"stage rnn, step .*lower the learning rate"):
        train(folder, tiny_settings(tiny_data, stages={"rnn": stage} | _some("joint")))
    newest = sorted(folder.stage("rnn").checkpoints.glob("*.npz"))
    assert newest
    for path in newest:
        arrays, _ = read_arrays(path)
        assert all(np.isfinite(a).all() for n, a in arrays.items() if n.startswith("decoder"))


def test_weights_that_are_no_numbers_are_not_kept(tiny_data, tmp_path, monkeypatch):
    """The loss of a step is known before its update: it may be a number, and the weights none."""
    folder = RunFolder(tmp_path / "run")
    fit = StageTraining._fit

    def fit_and_spoil(training, first, upto):
        done = fit(training, first, upto)
        if upto == 4:
            spoiled = training.keras_model.trainable_variables[0]
            spoiled.assign(np.full(spoiled.shape, np.nan))
        return done

    monkeypatch.setattr(StageTraining, "_fit", fit_and_spoil)
    stage = {"steps": 6, "photographs": 8, "checkpoint_every": 2}
    with pytest.raises(TrainingDiverged, match=r"stage rnn, step 4: .* holds values"):
        train(folder, tiny_settings(tiny_data, stages={"rnn": stage} | _some("joint")))
    [newest] = folder.stage("rnn").checkpoints.glob("*.npz")
    assert newest.stem == "step_00000002"


def test_an_unwritable_run_folder_is_told_before_training(tiny_data, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="file"):
        train(RunFolder(tmp_path / "file" / "run"), tiny_settings(tiny_data))


def test_a_small_disk_is_told_before_training(tiny_data, tmp_path, monkeypatch):
    usage = type("Usage", (), {"free": 1000})
    monkeypatch.setattr("shutil.disk_usage", lambda path: usage)
    with pytest.raises(OSError, match=r"0 MB free, but the checkpoints of stage cnn_head take"):
        train(RunFolder(tmp_path / "run"), tiny_settings(tiny_data))


def test_nic_f_learns_no_concepts(tiny_data, tmp_path):
    stage = {"steps": 1, "photographs": 8}
    settings = tiny_settings(
        tiny_data, system="nic-f", stages={name: dict(stage) for name in STAGES}
    )
    folder = RunFolder(tmp_path / "nic")
    train(folder, settings)
    assert [s.name for s in planned_stages(settings)] == ["rnn", "rnn_predicted", "joint"]
    assert load_model(folder).semantic is None


RUN = """
import sys, pathlib
sys.path[:0] = [{repository!r}, {tests!r}]
import tensorflow as tf
tf.config.experimental.enable_op_determinism()
from tiny_runs import tiny_settings
from s_cnn_rnn.data.prepared import PreparedData
from s_cnn_rnn.runs.run_folder import RunFolder
from s_cnn_rnn.training.stage_training import StoppedByUser
from s_cnn_rnn.training.whole_run import train
stage = {{"steps": 12, "photographs": 8, "checkpoint_every": 2, "flip": True, "smallest_crop": 0.5,
          "optimiser": "adamw", "learning_rate": 1e-3, "schedule": "cosine", "weight_average": 0.9}}
settings = tiny_settings(
    PreparedData({data!r}), stages={{"joint": stage}},
    model={{"units": 16, "word_embedding": 12, "longest": 16, "decoder_dropout": 0.3,
            "semantic_dropout": 0.3}})
def progress(what, done, total, values):
    print(what, done, flush=True)
try:
    train(RunFolder(pathlib.Path(sys.argv[1])), settings, progress=progress)
except StoppedByUser:
    sys.exit(3)
"""


def start(script: str, folder: pathlib.Path) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-c", script, str(folder)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
    )


def wait_for(process: subprocess.Popen, line: str) -> None:
    for text in process.stdout:
        if text.strip() == line:
            return
    pytest.fail(f"the training ended without {line!r}")


@pytest.mark.slow
def test_killed_and_stopped_runs_end_with_the_same_weights_bit_for_bit(tiny_data, tmp_path):
    script = RUN.format(
        repository=str(REPOSITORY), tests=str(REPOSITORY / "tests"), data=str(tiny_data.folder)
    )
    undisturbed = start(script, tmp_path / "undisturbed")
    assert undisturbed.wait(timeout=300) == 0

    killed = start(script, tmp_path / "killed")
    wait_for(killed, "joint 5")  # between two checkpoints
    killed.send_signal(signal.SIGKILL)
    killed.wait(timeout=60)
    assert list((tmp_path / "killed").rglob("step_*.npz")), "killed before the first checkpoint"
    assert start(script, tmp_path / "killed").wait(timeout=300) == 0

    stopped = start(script, tmp_path / "stopped")
    wait_for(stopped, "joint 5")
    stopped.send_signal(signal.SIGINT)
    assert stopped.wait(timeout=60) == 3
    assert start(script, tmp_path / "stopped").wait(timeout=300) == 0

    expected = weights(tmp_path / "undisturbed" / "weights")
    assert expected
    for other in ("killed", "stopped"):
        found = weights(tmp_path / other / "weights")
        assert set(found) == set(expected)
        for name, array in expected.items():
            np.testing.assert_array_equal(found[name], array, err_msg=f"{other}: {name}")


TWO_DEVICES = """
import sys, pathlib
sys.path[:0] = [{repository!r}, {tests!r}]
import tensorflow as tf
cpus = tf.config.list_physical_devices("CPU")
tf.config.set_logical_device_configuration(cpus[0], [tf.config.LogicalDeviceConfiguration()] * 2)
from tiny_runs import tiny_settings
from s_cnn_rnn.data.prepared import PreparedData
from s_cnn_rnn.runs.run_folder import RunFolder
from s_cnn_rnn.training.whole_run import train
settings = tiny_settings(
    PreparedData({data!r}), stages={{"joint": {{"steps": 2, "photographs": 8}}}})
devices = int(sys.argv[2])
strategy = tf.distribute.MirroredStrategy([f"CPU:{{n}}" for n in range(devices)])
assert strategy.num_replicas_in_sync == devices
with strategy.scope():
    train(RunFolder(pathlib.Path(sys.argv[1])), settings)
"""


@pytest.mark.slow
def test_two_devices_take_the_same_steps_as_one(tiny_data, tmp_path):
    script = TWO_DEVICES.format(
        repository=str(REPOSITORY), tests=str(REPOSITORY / "tests"), data=str(tiny_data.folder)
    )
    for devices in ("1", "2"):
        subprocess.run(
            [sys.executable, "-c", script, str(tmp_path / devices), devices],
            check=True,
            timeout=300,
            capture_output=True,
        )
    one, two = weights(tmp_path / "1" / "weights"), weights(tmp_path / "2" / "weights")
    for name, array in one.items():
        np.testing.assert_allclose(two[name], array, atol=2e-6, err_msg=name)
