import os
import pathlib
import subprocess
import sys

import pytest
from finished_runs import copy_run, untrained_run, write_captions

from experiments import evaluation_run
from s_cnn_rnn.scoring.results import read_results

REPOSITORY = pathlib.Path(__file__).parents[2]


@pytest.mark.filterwarnings("ignore:METEOR is missing")
def test_scores_are_printed_added_and_reported(tiny_run, tmp_path, without_java, capsys):
    ours = copy_run(tiny_run, tmp_path / "ours")
    other = copy_run(tiny_run, tmp_path / "other", seed=1)
    write_captions(other, ["a dot"] * 6, split="test")
    results = tmp_path / "results" / "table.csv"
    evaluation_run.evaluate(
        [str(ours.path)],
        compare=[str(other.path)],
        split="test",
        results=str(results),
        command="python -m experiments.evaluate --run=runs/ours",
    )
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1] == f"report: {ours.report}"
    assert "other" in ours.report.read_text("utf-8")
    assert "ours (ours) minus ours (other) (paired over photographs)" in lines
    found = read_results(results)
    assert {row.against for row in found} == {"", "ours (other), seed 1"}
    rows = {row.metric: row for row in found if not row.against}
    assert {"CIDEr", "true captions", "true captions of new pairs"} <= set(rows)
    assert {row.seeds for row in rows.values()} == {"0"}
    assert {row.command for row in rows.values()} == {
        "python -m experiments.evaluate --run=runs/ours"
    }
    (printed,) = (line for line in lines[:15] if line.split()[:1] == ["CIDEr"])
    assert float(printed.split()[1]) == pytest.approx(rows["CIDEr"].value, abs=1e-4)


def test_labels_are_scored_by_the_same_program(tiny_data, tmp_path, capsys):
    options = {"task": "labels", "stages": {"cnn": {"steps": 1}, "joint": {"steps": 1}}}
    ours, other = (
        untrained_run(tmp_path / system, tiny_data, system=system, **options)
        for system in ("ours", "cnn-logistic")
    )
    results = tmp_path / "table.csv"
    for run, compare in ((ours, [str(other.path)]), (other, [])):
        evaluation_run.evaluate(
            [str(run.path)], compare=compare, results=str(results), report=False
        )
    lines = capsys.readouterr().out.splitlines()
    assert "ours minus cnn-logistic (paired over photographs)" in lines
    assert "own stop, beam 3 minus threshold chosen on train" in lines
    found = read_results(results)
    rows = {(row.system, row.protocol, row.metric) for row in found if not row.against}
    assert {row.against for row in found if row.against} == {"cnn-logistic, seed 0"}
    assert {(s, p) for s, p, _ in rows} == {
        ("ours", "own stop, beam 3"),
        ("cnn-logistic", "top 3"),
        ("cnn-logistic", "threshold chosen on train"),
        ("cnn-logistic", "per-label thresholds chosen on train"),
    }
    assert ("ours", "own stop, beam 3", "text-only O-F1") in rows
    assert ("cnn-logistic", "top 3", "O-F1") in rows


def test_the_command_is_as_one_would_type_it_here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    arguments = [f"--run={tmp_path}/runs/ours 0", "--run=runs/ours_1", "--noreport"]
    assert evaluation_run.command("experiments.evaluate", arguments) == (
        "python -m experiments.evaluate '--run=runs/ours 0' --run=runs/ours_1 --noreport"
    )


def _program(*arguments: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-m", "experiments.evaluate", *arguments],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "2"},
    )


def test_the_program_tells_faults_in_a_line(tmp_path):
    done = _program(f"--run={tmp_path}/nothing")
    assert done.returncode == 1
    assert done.stdout == ""
    last = done.stderr.splitlines()[-1]
    assert last.startswith(f"evaluate: {tmp_path}/nothing: no run folder")
    assert "Traceback" not in done.stderr
