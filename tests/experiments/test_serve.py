import pathlib
import socket
import subprocess
import sys

import pytest
from finished_runs import untrained_run

from experiments.serving import listen, name_of_run, shown_runs
from s_cnn_rnn.box import box_runs

REPOSITORY = pathlib.Path(__file__).parents[2]


def test_a_port_in_use_is_told():
    with listen("127.0.0.1", 0) as listening:
        port = listening.getsockname()[1]
        assert listening.getsockname()[0] == "127.0.0.1"
        with pytest.raises(OSError, match=f"port {port} .*choose another --port"):
            listen("127.0.0.1", port)
        with socket.create_connection(("127.0.0.1", port), timeout=5):
            pass


def test_runs_are_loaded_and_named(tiny_data, tmp_path):
    run = untrained_run(tmp_path / "holiday_0", tiny_data)
    [shown] = shown_runs([str(run.path)], correlated=False)
    assert shown.name == "holiday_0: ours"
    assert "--nocorrelated" in shown.described()["not_correlated"]
    assert shown.beams == 3


def test_models_in_the_box_are_called_what_they_are(tmp_path):
    assert name_of_run(box_runs()[0], "ours") == "captions: the model that comes along"
    assert name_of_run(tmp_path / "mine", "ours") == "mine: ours"


@pytest.mark.slow
def test_a_folder_that_is_no_run_is_told(tmp_path):
    command = [sys.executable, "-m", "experiments.serve", f"--run={tmp_path}", "--port=0"]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "no run folder" in done.stderr
    assert "Traceback" not in done.stderr
