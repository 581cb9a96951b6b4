"""What stages hand on: the final weights, collected once; a CNN that several runs share."""

import dataclasses
import json
import shutil

import numpy as np
import pytest
from tiny_runs import tiny_settings

from s_cnn_rnn.runs import handover
from s_cnn_rnn.runs.checkpoints import read_arrays, weights_of
from s_cnn_rnn.runs.handover import StagesMissing
from s_cnn_rnn.runs.run_folder import DataSetDiffers, RunFolder, SettingsDiffer
from s_cnn_rnn.training.whole_run import train

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


def test_a_loaded_model_has_the_weights_of_the_files_alone(finished):
    model = handover.load_model(finished)
    assert set(model.present_parts()) == PARTS
    for name, part in model.present_parts().items():
        saved, _ = read_arrays(finished.weights / f"{name}.npz")
        variables = weights_of({name: part})
        assert variables.keys() == saved.keys()
        for path, variable in variables.items():
            np.testing.assert_array_equal(variable, saved[path])


def test_a_shared_cnn_must_have_learnt_from_the_same_data(finished, tiny_data, tmp_path):
    other = {"name": "shapes", "version": "1.0.0", "digest": "0" * 64}
    finished.data_path.write_text(json.dumps(other))
    settings = tiny_settings(
        tiny_data, cnn_from=str(finished.path), stages={"rnn_predicted": {"steps": 1}}
    )
    with pytest.raises(DataSetDiffers, match=rf"{'0' * 64}.*{tiny_data.digest}"):
        train(RunFolder(tmp_path / "other"), settings)


def test_a_shared_cnn_must_have_learnt_the_same_concepts(finished, tiny_data, tmp_path):
    vocabulary = finished.vocabulary()
    turned = dataclasses.replace(vocabulary, concepts=vocabulary.concepts[::-1])
    turned.save(finished.vocabulary_path)
    settings = tiny_settings(
        tiny_data, cnn_from=str(finished.path), stages={"rnn_predicted": {"steps": 1}}
    )
    with pytest.raises(SettingsDiffer, match="its CNN learnt other concepts"):
        train(RunFolder(tmp_path / "other"), settings)


def test_a_run_with_a_part_that_nothing_trains_is_refused(tiny_data, tmp_path):
    settings = tiny_settings(tiny_data, stages={"rnn": {"steps": 1}})
    flags = r"--config\.stages\.cnn_head\.steps=STEPS or --config\.stages\.cnn\.steps=STEPS"
    with pytest.raises(StagesMissing, match=f"trains the semantic of ours; give some to {flags}"):
        train(RunFolder(tmp_path / "run"), settings)


@pytest.mark.parametrize(
    ("system", "message"),
    [
        ("v2l", r"v2l has 256 concepts by definition, this data set has 20 \(of \d+ words\)"),
        ("att", r"set model.word_embedding \(12\) and model.units \(16\) to one width"),
    ],
)
def test_a_system_that_this_data_or_model_does_not_fit_is_refused_at_once(
    tiny_data, tmp_path, system, message
):
    """The CNN is trained first, for hours, and the decoder would be the first not to fit."""
    folder = RunFolder(tmp_path / "run")
    with pytest.raises(ValueError, match=message):
        train(folder, tiny_settings(tiny_data, system=system), programs=("train_cnn",))
    assert not (folder.path / "stages").exists()


def test_a_cnn_that_learnt_in_another_way_is_refused(finished, tiny_data, tmp_path):
    """nic-f has no concepts: a CNN that learnt them would make it another system."""
    settings = tiny_settings(
        tiny_data, system="nic-f", cnn_from=str(finished.path), stages={"joint": {"steps": 1}}
    )
    with pytest.raises(SettingsDiffer, match="ours learns concepts in another way than nic-f"):
        train(RunFolder(tmp_path / "run"), settings)


def test_a_cnn_that_learnt_without_tags_is_refused_where_nothing_joins_both(
    finished, tiny_data, tmp_path
):
    """cnn+tags adds the logits of both: apart, neither has learnt what the other says."""
    settings = tiny_settings(
        tiny_data,
        system="cnn+tags",
        task="labels",
        cnn_from=str(finished.path),
        stages={"tags": {"steps": 1}},
    )
    with pytest.raises(SettingsDiffer, match=r"ours learns concepts in another way than cnn\+tags"):
        train(RunFolder(tmp_path / "run"), settings)


def test_a_cnn_that_is_half_trained_is_refused(finished, tiny_data, tmp_path):
    finished.stage("cnn").summary.unlink()
    settings = tiny_settings(
        tiny_data, cnn_from=str(finished.path), stages={"rnn_predicted": {"steps": 1}}
    )
    with pytest.raises(StagesMissing, match="its cnn is not trained yet"):
        train(RunFolder(tmp_path / "run"), settings)
