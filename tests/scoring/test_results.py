import concurrent.futures
import dataclasses
import multiprocessing
import pathlib
import re
import shutil
import subprocess

import pytest

from s_cnn_rnn.scoring import results
from s_cnn_rnn.scoring.results import (
    COLUMNS,
    Result,
    append_results,
    commit,
    hardware,
    read_results,
    result_rows,
)

_ROW = Result(
    system="ours",
    metric="CIDEr",
    value=0.563,
    low=0.541,
    high=0.585,
    seeds="0 1 2",
    split="validation",
    protocol="beam 3",
    encoder="efficientnet_lite0",
    trained_through="yes",
    data_hash="a1b2",
    commit="0123456789ab",
    hardware="a CPU, 2 cores",
    command='python -m experiments.evaluate --note="a, b"',
)


def test_the_file_is_one_row_a_number(tmp_path):
    path = tmp_path / "new" / "table.csv"
    append_results(path, [_ROW])
    head, row = path.read_text("utf-8").splitlines()
    assert head == (
        "system,metric,value,low,high,seeds,split,protocol,encoder,trained_through,data_hash,"
        "commit,hardware,command,variant,against,captions_in_step"
    )
    assert row.startswith("ours,CIDEr,0.563,0.541,0.585,0 1 2,validation,beam 3,")
    assert [p.name for p in path.parent.iterdir()] == ["table.csv"]


def test_what_is_written_is_read(tmp_path):
    path = tmp_path / "table.csv"
    missing = dataclasses.replace(_ROW, metric="METEOR", value=None, low=None, high=None)
    rows = [_ROW, missing, dataclasses.replace(_ROW, metric="BLEU-4", value=1 / 3, low=0.1)]
    append_results(path, rows)
    assert read_results(path) == rows


def test_the_same_measurement_is_replaced_in_place(tmp_path):
    path = tmp_path / "table.csv"
    other = dataclasses.replace(_ROW, system="nic-f")
    append_results(path, [_ROW, other])
    again = dataclasses.replace(_ROW, value=0.57, commit="f", hardware="b")
    append_results(path, [again])
    assert read_results(path) == [again, other]


@pytest.mark.parametrize("column", results.KEY)
def test_each_part_of_the_key_makes_another_measurement(tmp_path, column):
    path = tmp_path / "table.csv"
    append_results(path, [_ROW])
    other = dataclasses.replace(_ROW, **{column: "other"})
    append_results(path, [other])
    assert read_results(path) == [_ROW, other]


def test_the_same_measurement_twice_at_once_is_refused(tmp_path):
    path = tmp_path / "table.csv"
    with pytest.raises(ValueError, match=r"two new rows are the same measurement .*'ours'"):
        append_results(path, [_ROW, dataclasses.replace(_ROW, value=0.5, low=None, high=None)])
    assert not path.exists()


def test_files_without_the_later_columns_are_read_and_completed(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text(f"{','.join(COLUMNS[:14])}\nours,CIDEr,0.5{',' * 11}\n")
    old = Result("ours", "CIDEr", 0.5)
    assert read_results(path) == [old]
    new = dataclasses.replace(_ROW, variant="model.units=256")
    append_results(path, [new])
    assert path.read_text().splitlines()[0] == ",".join(COLUMNS)
    assert read_results(path) == [old, new]


def test_a_failed_write_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "table.csv"
    append_results(path, [_ROW])

    def full(*_):
        raise OSError("no space left")

    monkeypatch.setattr(results.os, "replace", full)
    with pytest.raises(OSError, match="no space"):
        append_results(path, [dataclasses.replace(_ROW, system="nic-f")])
    assert read_results(path) == [_ROW]


def _append_some(path: pathlib.Path, worker: int) -> None:
    for number in range(10):
        append_results(path, [dataclasses.replace(_ROW, system=f"{worker}-{number}")])


def test_programs_side_by_side_lose_no_row(tmp_path):
    path = tmp_path / "table.csv"
    context = multiprocessing.get_context("spawn")
    with concurrent.futures.ProcessPoolExecutor(2, mp_context=context) as pool:
        list(pool.map(_append_some, [path, path], [0, 1]))
    systems = {row.system for row in read_results(path)}
    assert systems == {f"{worker}-{number}" for worker in (0, 1) for number in range(10)}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "line 1: expected the columns system,"),
        ("system,metric\n", "line 1: expected the columns system,.* got system,metric"),
        (",".join(COLUMNS) + "\nours,CIDEr\n", "line 2: expected 17 fields, got 2"),
        (",".join(COLUMNS) + "\nours,CIDEr,much" + "," * 14 + "\n", "line 2: could not convert"),
        (",".join(COLUMNS) + "\nours,CIDEr,nan" + "," * 14 + "\n", "line 2: ours, CIDEr: value"),
    ],
)
def test_wrong_files_are_named(tmp_path, text, message):
    path = tmp_path / "table.csv"
    path.write_text(text)
    with pytest.raises(ValueError, match=f"table.csv, {message}"):
        read_results(path)


def test_wrong_intervals_are_refused():
    for low, high in ((0.6, 0.5), (0.5, None), (None, 0.5)):
        with pytest.raises(ValueError, match="low <= high"):
            Result("ours", "CIDEr", 0.55, low, high)


def test_rows_of_a_measurement():
    values = {"CIDEr": 0.5, "METEOR": None, "distinct captions": 700}
    description = {"system": "ours", "split": "validation", "command": "make it"}
    rows = result_rows(values, {"CIDEr": (0.4, 0.6)}, **description)
    assert [(r.metric, r.value, r.low, r.high) for r in rows] == [
        ("CIDEr", 0.5, 0.4, 0.6),
        ("METEOR", None, None, None),
        ("distinct captions", 700, None, None),
    ]
    assert {(r.system, r.split, r.command) for r in rows} == {("ours", "validation", "make it")}
    assert {(r.commit, r.hardware) for r in rows} == {(commit(), hardware())}


def test_hardware_names_cpu_and_cores(monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert re.fullmatch(r".+, \d+ cores?", hardware())


def test_hardware_names_gpus(monkeypatch, tmp_path):
    program = tmp_path / "nvidia-smi"
    program.write_text("#!/bin/sh\nprintf 'Big Card\\nBig Card\\nSmall Card\\n'\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    assert hardware().endswith(", 2 x Big Card, 1 x Small Card")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "-1")
    assert "Card" not in hardware()
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES")
    program.write_text("#!/bin/sh\necho no driver\nexit 9\n")
    assert "driver" not in hardware()


@pytest.fixture
def repository(tmp_path):
    """A git repository with one commit of one program in `library/`."""
    if not shutil.which("git"):
        pytest.skip("git is not installed")
    (tmp_path / "library").mkdir()
    (tmp_path / "library" / "program.py").write_text("a = 1\n")
    settings = ["-c", "user.name=Somebody", "-c", "user.email=somebody@example.org"]
    for command in (["init", "-q"], ["add", "."], [*settings, "commit", "-qm", "Begin"]):
        subprocess.run(["git", *command], cwd=tmp_path, check=True)
    return tmp_path


def test_commit_of_an_unchanged_repository(repository):
    head = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=repository, check=True, capture_output=True, text=True
    ).stdout
    assert commit(repository / "library") == head[:12]


def test_changed_and_new_programs_are_told(repository):
    clean = commit(repository / "library")
    new = repository / "settings.py"
    new.write_text("b = 2\n")
    assert commit(repository / "library") == f"{clean}+changes"
    new.unlink()
    (repository / "library" / "program.py").write_text("a = 2\n")
    assert commit(repository / "library") == f"{clean}+changes"


def test_new_results_are_no_change_of_the_program(repository):
    clean = commit(repository / "library")
    (repository / "table.csv").write_text("system\n")
    assert commit(repository / "library") == clean


def test_commit_is_unknown_outside_of_git(tmp_path, repository, monkeypatch):
    installed = repository / "packages"  # in the repository's folder, but no part of it
    installed.mkdir()
    (installed / "program.py").write_text("a = 1\n")
    assert commit(installed) == "unknown"
    monkeypatch.setenv("PATH", "")
    assert commit(repository / "library") == "unknown"
