"""Run folders: they belong to their settings, vocabulary and data, and say so."""

import json
import shutil

import pytest

from s_cnn_rnn.data.prepared import PreparedData
from s_cnn_rnn.runs.run_folder import DataSetDiffers, RunFolder

OTHER = "0" * 64


@pytest.fixture
def run(tiny_run, tmp_path):
    return RunFolder(shutil.copytree(tiny_run.path, tmp_path / "ours"))


@pytest.fixture
def other_data(tiny_data, tmp_path):
    """The same data with another digest, as if a caption had been mended."""
    folder = shutil.copytree(tiny_data.folder, tmp_path / "prepared" / "1.0.0")
    description = json.loads((folder / "prepared.json").read_text()) | {"digest": OTHER}
    (folder / "prepared.json").write_text(json.dumps(description))
    return PreparedData(folder)


def open_again(run, data):
    run.open(run.settings(), run.vocabulary(), data)


def test_the_data_is_recorded_and_opening_again_is_fine(run, tiny_data):
    assert run.data_digest() == tiny_data.digest
    assert json.loads(run.data_path.read_text())["name"] == tiny_data.name
    open_again(run, tiny_data)


def test_other_data_is_refused_with_both_digests_and_what_to_do(run, tiny_data, other_data):
    expected = rf"ours: .*{tiny_data.digest}.* has {OTHER}.*train anew in another folder"
    with pytest.raises(DataSetDiffers, match=expected):
        open_again(run, other_data)
    assert run.data_digest() == tiny_data.digest


def test_a_folder_older_than_the_record_warns_once_and_records(run, tiny_data, caplog):
    run.data_path.unlink()
    assert run.data_digest() is None
    for _ in range(2):
        open_again(run, tiny_data)
    assert run.data_digest() == tiny_data.digest
    warnings = [record.getMessage() for record in caplog.records]
    assert len(warnings) == 1
    assert "does not say which data" in warnings[0]
    assert tiny_data.digest in warnings[0]
