import json
import os
import pathlib
import subprocess
import sys

import pytest

from s_cnn_rnn.export import report_text

REPOSITORY = pathlib.Path(__file__).parents[2]


def _export(*flags: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-m", "experiments.export", *flags],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "2"},
    )


def test_the_program_exports(tiny_run, tmp_path):
    output = tmp_path / "ours"
    flags = [f"--run={tiny_run.path}", "--format=saved_model", f"--output={output}"]
    done = _export(*flags, "--photographs=2")
    assert done.returncode == 0, done.stderr
    report = json.loads((tmp_path / "ours.report.json").read_text("utf-8"))
    assert done.stdout.strip() == report_text(str(output), report)
    assert "2 of 2 texts are the run's own; CIDEr" in done.stdout


@pytest.mark.slow
def test_photographs_of_ones_own_are_named(tiny_run, tiny_data, tmp_path):
    own, output = tmp_path / "own", tmp_path / "ours"
    own.mkdir()
    flags = [f"--run={tiny_run.path}", "--format=saved_model", f"--output={output}"]
    done = _export(*flags, f"--compare_on={own}")
    assert done.returncode == 1
    assert f"no photograph in {own}" in done.stderr
    for n, jpeg in enumerate(tiny_data.photographs("validation", range(2))):
        (own / f"{n}.jpg").write_bytes(jpeg)
    done = _export(*flags, f"--compare_on={own}")
    assert done.returncode == 0, done.stderr
    assert "2 of 2 texts are the run's own\n" in done.stdout


@pytest.mark.slow
def test_the_exit_status_tells_what_went_wrong(tiny_run, tmp_path):
    flags = [f"--run={tiny_run.path}", "--format=saved_model", f"--output={tmp_path}"]
    done = _export(*flags)
    assert done.returncode == 1
    assert "export: " in done.stderr
    assert "exists already" in done.stderr


def test_a_report_in_two_lines():
    report = {
        "megabytes": 12.34,
        "milliseconds_a_photograph": {"exported, one at a time": 56.7},
        "same": 199,
        "photographs": 200,
        "score": {"metric": "", "original": None, "exported": None},
    }
    first, second = report_text("out.onnx", report).splitlines()
    assert first == "out.onnx: 12.3 MB, 57 ms a photograph"
    assert second == "199 of 200 texts are the run's own"
