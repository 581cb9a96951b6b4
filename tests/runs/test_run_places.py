"""A folder that is no run's is refused before TensorFlow is imported."""

import pathlib
import subprocess
import sys

import pytest

from s_cnn_rnn.runs.run_places import require_run

REPOSITORY = pathlib.Path(__file__).parents[2]


def test_a_run_has_settings(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no run folder \(it has no settings.json\); name"):
        require_run(tmp_path)
    (tmp_path / "settings.json").write_text("{}")
    require_run(tmp_path)


@pytest.mark.parametrize("program", ["annotate", "what_if", "explain", "compare", "evaluate"])
def test_programs_ask_before_anything_slow_is_imported(program, tmp_path):
    photograph = [str(REPOSITORY)] if program in ("annotate", "what_if", "explain") else []
    command = [sys.executable, "-X", "importtime", "-m", f"experiments.{program}"]
    done = subprocess.run(
        [*command, f"--run={tmp_path}", *photograph],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert f"{tmp_path}: no run folder" in done.stderr
    assert not [line for line in done.stderr.splitlines() if line.endswith(" tensorflow")]
