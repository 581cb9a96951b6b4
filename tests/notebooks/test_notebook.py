"""The notebook: clean as it is stored, and run from top to bottom with small settings."""

import os
import pathlib
import sys
import types

import pytest

nbformat = pytest.importorskip("nbformat")
nbclient = pytest.importorskip("nbclient")

REPOSITORY = pathlib.Path(__file__).parents[2]
NOTEBOOK = REPOSITORY / "notebooks" / "s_cnn_rnn.ipynb"
SMALL = """
PICTURES = 160
STEPS = {"cnn": 12, "rnn": 12, "joint": 6}
FOLDER = "made"
"""


@pytest.fixture
def notebook():
    return nbformat.read(NOTEBOOK, as_version=4)


def test_it_is_stored_clean(notebook):
    nbformat.validate(notebook)
    assert notebook.metadata.kernelspec.name == "python3"
    assert notebook.metadata.accelerator == "GPU"  # what Colab offers
    for cell in notebook.cells:
        assert cell.source == cell.source.strip()
        if cell.cell_type == "code":
            assert cell.outputs == [], f"clear all outputs: {cell.id}"
            assert cell.execution_count is None
    assert NOTEBOOK.stat().st_size < 30_000


@pytest.fixture
def install(notebook, monkeypatch, tmp_path):
    """Runs the cell that installs as if nothing were there yet; what it gives pip."""
    from IPython.core.inputtransformer2 import TransformerManager

    [cell] = [cell for cell in notebook.cells if "%pip install" in cell.source]
    program = TransformerManager().transform_cell(cell.source)
    monkeypatch.chdir(tmp_path)

    def run(repository, *, colab=None, works=True):
        there, given = {"google"} if colab else set(), []

        class Shell:
            def run_line_magic(self, name, line):
                given.append(f"{name} {line.format(**variables)}")  # as IPython fills it in
                there.update({"s_cnn_rnn"} if works else ())

        def find_spec(module):
            return module.split(".")[0] in there or None

        monkeypatch.setattr("importlib.util.find_spec", find_spec)
        monkeypatch.setenv("S_CNN_RNN", repository)
        if colab:
            files = types.SimpleNamespace(upload=lambda: colab)
            google = {"google": types.ModuleType("google")}
            google["google.colab"] = types.SimpleNamespace(files=files)
            for name, module in google.items():
                monkeypatch.setitem(sys.modules, name, module)
        variables = {"get_ipython": Shell}
        exec(program, variables)
        return given

    return run


def test_the_install_cell_takes_a_folder_a_file_or_an_address(install, tmp_path):
    wheel = tmp_path / "s_cnn_rnn-0.1.0-py3-none-any.whl"
    wheel.write_bytes(b"")
    for place in (str(REPOSITORY), str(wheel), "git+https://example.org/s-cnn-rnn"):
        assert install(place) == [f'pip install --quiet "{place}"']


def test_in_colab_the_install_cell_asks_for_the_project(install, tmp_path, capsys):
    (tmp_path / "project.zip").write_bytes(b"")
    uploaded = {"project.zip": b""}
    assert install("..", colab=uploaded) == [f'pip install --quiet "{tmp_path / "project.zip"}"']
    assert "upload its wheel" in capsys.readouterr().out


def test_the_install_cell_says_what_is_wrong(install):
    with pytest.raises(FileNotFoundError, match=r"'nowhere' is no folder of the project.*git\+"):
        install("nowhere")
    with pytest.raises(RuntimeError, match="pip could not install"):
        install(str(REPOSITORY), works=False)


@pytest.mark.slow
def test_it_runs_from_top_to_bottom(notebook, tmp_path, monkeypatch):
    [parameters] = [c for c in notebook.cells if "parameters" in c.metadata.get("tags", [])]
    parameters.source = SMALL
    paths = [str(REPOSITORY), *filter(None, [os.environ.get("PYTHONPATH")])]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(paths))
    monkeypatch.setenv("MPLBACKEND", "module://matplotlib_inline.backend_inline")
    client = nbclient.NotebookClient(
        notebook, timeout=600, resources={"metadata": {"path": str(tmp_path)}}
    )
    client.execute()  # an exception in a cell is raised here
    texts, pictures = _outputs(notebook)
    assert pictures == 3  # what is drawn, the curves, what is captioned
    for stage in ("cnn", "rnn", "joint"):
        assert (tmp_path / "made" / "run" / "stages" / stage / "finished.json").exists()
    assert "validation CIDEr of the joint stage: (" in texts
    assert texts.count(" -> ") == 4
    assert "0 photographs of your own" in texts


def _outputs(notebook) -> tuple[str, int]:
    """All that was printed, and how many pictures were shown."""
    outputs = [o for cell in notebook.cells if cell.cell_type == "code" for o in cell.outputs]
    printed = [o.text for o in outputs if o.output_type == "stream" and o.name == "stdout"]
    return "".join(printed), sum("image/png" in o.get("data", {}) for o in outputs)
