"""The wheel, built as `pip install .` builds it, without a network."""

import pathlib
import shutil
import subprocess
import sys
import zipfile

import pytest

REPOSITORY = pathlib.Path(__file__).parents[1]
PACKAGES = ("s_cnn_rnn", "experiments", "data_prep")
ITSELF = ("setup.py", "pyproject.toml", "README.md", "LICENSE")
MOST = 25e6  # bytes of all that is no program
CACHES = shutil.ignore_patterns("__pycache__")


def files_of(package: str) -> dict[str, pathlib.Path]:
    """Place in the package -> file, of all its files but Python's caches."""
    found = (path for path in (REPOSITORY / package).rglob("*") if path.is_file())
    return {
        path.relative_to(REPOSITORY).as_posix(): path
        for path in found
        if "__pycache__" not in path.parts
    }


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    pytest.importorskip("setuptools")
    project = tmp_path_factory.mktemp("project")  # a build leaves folders behind
    for name in PACKAGES:
        shutil.copytree(REPOSITORY / name, project / name, ignore=CACHES)
    for name in ITSELF:
        shutil.copy(REPOSITORY / name, project)
    alone = ("--no-deps", "--no-build-isolation", "--no-index", "--wheel-dir=made")
    command = [sys.executable, "-m", "pip", "wheel", ".", *alone]
    done = subprocess.run(command, cwd=project, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    [path] = (project / "made").glob("s_cnn_rnn-*-py3-none-any.whl")
    with zipfile.ZipFile(path) as opened:
        yield opened


@pytest.mark.slow
def test_nothing_is_left_out(wheel):
    """Programs, and what they read: the box, the page, templates of reports, the mark of types."""
    names = set(wheel.namelist())
    for package in PACKAGES:
        assert set(files_of(package)) <= names
    for named in ("py.typed", "box/captions/packed.json", "box/labels/weights/decoder.npz"):
        assert f"s_cnn_rnn/{named}" in names
    assert "s_cnn_rnn/page/static/page.js" in names
    assert not [name for name in names if name.startswith(("tests/", "docs/"))]


@pytest.mark.slow
def test_its_data_are_small(wheel):
    data = [entry for entry in wheel.infolist() if not entry.filename.endswith(".py")]
    assert sum(entry.file_size for entry in data) <= MOST


@pytest.mark.slow
def test_the_command_is_installed(wheel):
    [name] = [name for name in wheel.namelist() if name.endswith(".dist-info/entry_points.txt")]
    assert "s-cnn-rnn = experiments.command:run\n" in wheel.read(name).decode("utf-8")
