import pytest

from s_cnn_rnn.runs.run_folder import RunFolder
from s_cnn_rnn.settings import RunSettings


@pytest.fixture
def make_run(tmp_path):
    """Makes a run folder that holds settings alone."""

    def make(name, **settings) -> RunFolder:
        run = RunFolder(tmp_path / name)
        run.path.mkdir()
        RunSettings.from_dict({"data": "data/set", **settings}).save(run.settings_path)
        return run

    return make
