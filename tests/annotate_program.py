"""The program that annotates, called as its tests share it."""

import importlib.util
import json
import os
import pathlib
import subprocess
import sys

import pytest
from finished_runs import untrained_run

from experiments import annotation_run
from experiments.annotation_run import How, Places

REPOSITORY = pathlib.Path(__file__).parents[1]
ODD_NAMES = {b"f\xe9.jpg": r"f\xe9.jpg", b"f\\xe9.jpg": r"f\x5cxe9.jpg", b"a\nb.jpg": r"a\x0ab.jpg"}

exiv2 = pytest.mark.skipif(
    importlib.util.find_spec("exiv2") is None,
    reason="exiv2 is not installed (the extra `metadata`)",
)


def label_run_of(folder, tiny_data, system):
    options = {"task": "labels", "stages": {"cnn": {"steps": 1}}, "decoding": {"width": 1}}
    return untrained_run(folder / system, tiny_data, system=system, **options)


def annotate(run, places, **options) -> int:
    runs = run if isinstance(run, list) else [run]
    own = {n: options.pop(n) for n in ("beams", "labels_from", "minimum") if n in options}
    how = How(tuple(str(each.path) for each in runs), **own)
    return annotation_run.annotate(how, Places(tuple(map(str, places))), **options)


def lines_of(path) -> list[dict]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def program(*arguments) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-m", "experiments.command", "annotate", *map(str, arguments)],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "2"},
    )
