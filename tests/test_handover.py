"""The final weights of a run: collected once, from the latest stage that trained each part."""

import shutil

import numpy as np
import pytest

from s_cnn_rnn import handover
from s_cnn_rnn.checkpoints import read_arrays
from s_cnn_rnn.run_folder import RunFolder
from s_cnn_rnn.training import train

PARTS = {"encoder", "semantic", "interface", "decoder"}


@pytest.fixture
def finished(tiny_run, tmp_path):
    return RunFolder(shutil.copytree(tiny_run.path, tmp_path / "ours"))


def test_a_whole_run_is_not_built_again(finished, monkeypatch):
    def fail(*_, **__):
        raise AssertionError("the model was built")

    monkeypatch.setattr(handover, "build_model", fail)
    train(finished, finished.settings())
    assert {path.stem for path in finished.weights.iterdir()} == PARTS


def test_a_missing_file_of_final_weights_is_written_again(finished):
    (finished.weights / "decoder.npz").unlink()
    train(finished, finished.settings())
    collected, _ = read_arrays(finished.weights / "decoder.npz")
    last, _ = read_arrays(finished.stage("joint").weights / "decoder.npz")
    assert collected.keys() == last.keys()
    for name, array in last.items():
        np.testing.assert_array_equal(collected[name], array)
