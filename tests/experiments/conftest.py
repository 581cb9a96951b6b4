"""Photographs to annotate, and runs that are loaded once for a module's tests."""

import os
import pathlib

import pytest
from annotate_program import ODD_NAMES, label_run_of

from experiments.annotation_run import How
from s_cnn_rnn.annotator_group import AnnotatorGroup


@pytest.fixture
def holiday(tiny_data, tmp_path) -> pathlib.Path:
    """A folder with three photographs, one deeper inside, one damaged; and a text."""
    folder = tmp_path / "holiday"
    (folder / "beach").mkdir(parents=True)
    first, second = tiny_data.photographs("validation", [0, 1])
    (folder / "b.JPG").write_bytes(first)
    (folder / "beach" / "c.jpeg").write_bytes(second)
    (folder / "a.png").write_bytes(b"broken")
    (folder / "notes.txt").write_text("sunny")
    (folder / "._b.jpg").write_bytes(b"another program's")
    (folder / ".thumbnails").mkdir()
    (folder / ".thumbnails" / "b.jpg").write_bytes(first)
    return folder


@pytest.fixture(scope="module")
def label_run(tiny_data, tmp_path_factory):
    return label_run_of(tmp_path_factory.mktemp("labels"), tiny_data, "cnn-logistic")


@pytest.fixture(scope="module")
def loaded(tiny_run, label_run):
    """Runs loaded once for the whole module: what is tested here is around them."""
    groups = {}

    def load(how):
        return groups.setdefault(how.runs, AnnotatorGroup.from_runs(how.runs))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(How, "load", load)
        yield


@pytest.fixture
def odd_names(tiny_data, tmp_path) -> pathlib.Path:
    """Three photographs whose names are no line of UTF-8, a plain one, a damaged one."""
    folder = tmp_path / "odd"
    folder.mkdir()
    (photograph,) = tiny_data.photographs("validation", [0])
    for name in (*ODD_NAMES, b"plain.jpg"):
        (folder / os.fsdecode(name)).write_bytes(photograph)
    (folder / os.fsdecode(b"broken\xff.jpg")).write_bytes(b"broken")
    return folder
