"""The documentation's site, as `make docs` builds it: without a warning."""

import os
import pathlib
import re
import shutil
import subprocess
import sys

import pytest

pytest.importorskip("mkdocs", reason="no mkdocs: pip install 's-cnn-rnn[docs]'")

REPOSITORY = pathlib.Path(__file__).parents[2]
NOT_READ = ("data", "runs", "tests", "site", "build", "dist")


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The built folder, and all that was said."""
    copy = tmp_path_factory.mktemp("site") / "project"  # pages are generated into the sources
    copy.mkdir()
    for path in REPOSITORY.iterdir():
        if path.name in NOT_READ or path.name.startswith("."):
            continue
        if path.is_dir():
            ignored = shutil.ignore_patterns("__pycache__", "reference")
            shutil.copytree(path, copy / path.name, ignore=ignored)
        else:
            shutil.copy(path, copy)
    said = ""
    for module in ("docs.generate_reference", "mkdocs build --strict"):
        done = subprocess.run(
            [sys.executable, "-m", *module.split()],
            cwd=copy,
            env={**os.environ, "PYTHONPATH": str(copy), "NO_MKDOCS_2_WARNING": "1"},
            capture_output=True,
            text=True,
            check=False,
        )
        said += done.stdout + done.stderr
        assert done.returncode == 0, said
    return copy / "site", said


@pytest.mark.slow
def test_it_is_built_without_a_warning(site):
    folder, said = site
    assert not re.search("warning|error", said, re.IGNORECASE), said
    assert (folder / "index.html").exists()


@pytest.mark.slow
def test_methods_of_the_annotator_are_there_with_their_types(site):
    page = (site[0] / "python.html").read_text("utf-8")
    for name in ("from_run", "from_box", "annotate", "what_if", "why"):
        assert f'id="s_cnn_rnn.annotator.Annotator.{name}"' in page
    assert "with_concepts" in page
