import pathlib
import subprocess
import sys

import pytest

from s_cnn_rnn.scoring.result_tables import fill_tables
from s_cnn_rnn.scoring.results import Result, append_results

_REPOSITORY = pathlib.Path(__file__).parents[2]


def _run(*arguments: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-m", "experiments.readme_tables", *arguments],
        cwd=_REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )


def test_readmes_tables_are_as_the_result_files_say():
    readme = _REPOSITORY / "README.md"
    text = readme.read_text("utf-8") if readme.exists() else ""
    if "<!-- table:" not in text:
        pytest.skip("README has no table markers yet")
    assert fill_tables(text, _REPOSITORY) == text, "run: python -m experiments.readme_tables"


def test_the_program_writes_and_checks(tmp_path):
    append_results(tmp_path / "results" / "table.csv", [Result("ours", "CIDEr", 0.563)])
    readme = tmp_path / "README.md"
    before = "<!-- table: results/table.csv columns=CIDEr -->\n<!-- end of table -->\n"
    readme.write_text(before)

    checked = _run(f"--readme={readme}", "--check")
    assert checked.returncode == 1
    assert "tables differ" in checked.stderr
    assert readme.read_text() == before

    written = _run(f"--readme={readme}")
    assert written.returncode == 0, written.stderr
    assert "| ours | .563 |" in readme.read_text()
    assert _run(f"--readme={readme}", "--check").returncode == 0


def test_a_wrong_marker_is_told_without_a_traceback(tmp_path):
    readme = tmp_path / "README.md"
    readme.write_text("<!-- table: results/none.csv -->\n<!-- end of table -->\n")
    failed = _run(f"--readme={readme}")
    assert failed.returncode == 1
    assert "none.csv" in failed.stderr
    assert "Traceback" not in failed.stderr


def test_help_can_be_followed():
    shown = _run("--help").stdout
    assert "--check" in shown
    assert "readme" in shown
