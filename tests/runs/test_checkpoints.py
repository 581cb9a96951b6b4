"""Checkpoints: whole or absent, compared by path and shape, only the newest kept."""

import keras
import numpy as np
import pytest

from s_cnn_rnn.runs import checkpoints
from s_cnn_rnn.runs.checkpoints import CheckpointMismatch, Checkpoints


def layer(units=2, name="part"):
    keras.utils.set_random_seed(units)
    built = keras.Sequential(
        [keras.layers.Dense(units, name="dense"), keras.layers.Dropout(0.5)], name=name
    )
    built.build((None, 3))
    return built


def test_round_trip_with_random_states(tmp_path):
    first, second = layer(), layer()
    first.layers[0].kernel.assign(np.full((3, 2), 7.0))
    first(np.ones((1, 3)), training=True)  # moves the random state
    saved = checkpoints.layer_variables({"part": first})
    assert "part:random_state/0" in saved
    checkpoints.save(tmp_path / "c.npz", saved, {"step": 5})
    metadata = checkpoints.load(tmp_path / "c.npz", checkpoints.layer_variables({"part": second}))
    assert metadata == {"step": 5}
    x = np.ones((50, 3))
    np.testing.assert_array_equal(first(x, training=True), second(x, training=True))


def test_weights_are_without_random_states():
    assert set(checkpoints.weights_of({"part": layer()})) == {
        "part:part/dense/kernel",
        "part:part/dense/bias",
    }


def test_another_shape_is_refused_and_nothing_is_assigned(tmp_path):
    checkpoints.save(tmp_path / "c.npz", checkpoints.weights_of({"part": layer(2)}), {})
    other = layer(3)
    before = other.layers[0].kernel.numpy()
    with pytest.raises(CheckpointMismatch, match=r"c\.npz.*shape \(.*another vocabulary"):
        checkpoints.load(tmp_path / "c.npz", checkpoints.weights_of({"part": other}))
    np.testing.assert_array_equal(other.layers[0].kernel, before)


def test_other_variables_are_named(tmp_path):
    checkpoints.save(tmp_path / "c.npz", checkpoints.weights_of({"part": layer()}), {})
    with pytest.raises(
        CheckpointMismatch, match=r"model only: .*other:part/dense.*file only: .*part:part/dense"
    ):
        checkpoints.load(tmp_path / "c.npz", checkpoints.weights_of({"other": layer()}))


def test_damaged_and_hostile_files_are_refused(tmp_path):
    (tmp_path / "c.npz").write_bytes(b"PK no zip")
    with pytest.raises(ValueError, match=r"c\.npz: damaged"):
        checkpoints.read_arrays(tmp_path / "c.npz")
    np.savez(tmp_path / "p.npz", a=np.array([object()], dtype=object))  # a pickle inside
    with pytest.raises(ValueError, match=r"p\.npz: damaged"):
        checkpoints.read_arrays(tmp_path / "p.npz")


def test_a_failed_write_leaves_the_old_checkpoint_and_no_litter(tmp_path, monkeypatch):
    variables = checkpoints.weights_of({"part": layer()})
    checkpoints.save(tmp_path / "c.npz", variables, {"step": 1})

    def full_disk(file, **arrays):
        file.write(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez", full_disk)
    with pytest.raises(OSError, match="No space"):
        checkpoints.save(tmp_path / "c.npz", variables, {"step": 2})
    assert [p.name for p in tmp_path.iterdir()] == ["c.npz"]
    assert checkpoints.read_arrays(tmp_path / "c.npz")[1] == {"step": 1}


def test_the_newest_are_kept(tmp_path):
    kept = Checkpoints(tmp_path, keep=2)
    for step in (5, 10, 100, 20):
        kept.save(step, checkpoints.weights_of({"part": layer()}), {})
    assert [path.stem for path in kept.paths()] == ["step_00000020", "step_00000100"]
