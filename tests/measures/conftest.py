import pytest
from finished_runs import SMALL_MODEL, untrained_run

from s_cnn_rnn.runs.run_folder import RunFolder


@pytest.fixture(scope="module")
def untrained_ours(tiny_data, tmp_path_factory) -> RunFolder:
    folder = tmp_path_factory.mktemp("runs") / "run"
    return untrained_run(folder, tiny_data, system="ours", model=SMALL_MODEL, decoding={"width": 1})
