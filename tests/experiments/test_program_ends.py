import importlib.util
import pathlib
import subprocess
import sys

import pytest

from experiments.command import PROGRAMS
from experiments.program_ends import told

REPOSITORY = pathlib.Path(__file__).parents[2]


class Diverged(RuntimeError):
    """Expected by one program alone."""


def ended(error: BaseException, capsys, **options):
    """The exit status (a text is status 1) and what standard error has of a program that fails."""
    with pytest.raises(SystemExit) as ending, told("paint", less_memory="take less", **options):
        raise error
    return ending.value.code, capsys.readouterr().err


def test_what_is_expected_ends_with_one_line(capsys):
    assert ended(ValueError("no brush"), capsys)[0] == "paint: no brush"
    assert ended(FileNotFoundError(2, "gone", "a.jpg"), capsys)[0].endswith("gone: 'a.jpg'")
    assert ended(ModuleNotFoundError("brush is missing"), capsys)[0] == "paint: brush is missing"
    assert ended(KeyError("no red"), capsys, also=(KeyError,))[0] == "paint: no red"
    assert ended(Diverged("nan"), capsys, also=(Diverged,))[0] == "paint: nan"


def test_memory_that_runs_out_comes_with_advice(capsys):
    assert ended(MemoryError(), capsys)[0] == "paint: not enough memory; take less"
    # Before it is seen as a file's fault.
    assert ended(OSError(12, "no memory"), capsys)[0] == "paint: not enough memory; take less"


def test_ctrl_c_is_no_fault(capsys):
    assert ended(KeyboardInterrupt(), capsys) == (130, "paint: stopped\n")


@pytest.mark.parametrize("error", [KeyError("red"), RuntimeError("broken"), Diverged("nan")])
def test_faults_of_the_program_keep_their_traceback(error):
    with pytest.raises(type(error)), told("paint", less_memory="take less"):
        raise error


def test_what_ends_by_itself_is_left_alone(capsys):
    assert ended(SystemExit(3), capsys) == (3, "")
    with told("paint", less_memory="take less"):
        pass


def test_every_program_ends_so():
    """By itself, or through the module that its stages or measures share."""
    own = {program.module for program in PROGRAMS.values() if "experiments." in program.module}
    shared = {f"experiments.{name}" for name in ("stage_program", "measure_program")}
    for module in own | shared:
        text = pathlib.Path(importlib.util.find_spec(module).origin).read_text("utf-8")
        assert "with told(" in text or "stage_program.run_stages(" in text, module


# Program -> the module and function that are out of memory, flags ("@": the folder that has what
# they name), and the advice.
OUT_OF_MEMORY = {
    "what_if": ("explaining_run.what_if", ["@/photo.jpg", "--with=dog"], "fewer photographs"),
    "explain": ("explaining_run.explain", ["@/photo.jpg"], "fewer photographs"),
    "evaluate": ("evaluation_run.evaluate", ["--run=@/a"], "end other programs"),
    "compare": ("comparison_run.compare", ["--run=@/a", "--run=@/b"], "end other programs"),
    "serve": ("serving.listen", [], "one run alone"),
    "train": ("stage_program.check_prepared", ["--run=new"], "smaller batch"),
}
SHORT_OF_MEMORY = """
import sys, importlib
program, place, *flags = {asked!r}
module, name = place.rsplit(".", 1)
def fail(*_, **__):
    raise MemoryError
sys.argv = [program, *flags]
importlib.import_module("experiments.tensorflow_start")
setattr(importlib.import_module(f"experiments.{{module}}"), name, fail)
importlib.import_module(f"experiments.{{program}}").run()
"""


@pytest.mark.slow
@pytest.mark.parametrize("program", OUT_OF_MEMORY)
def test_a_program_without_memory_says_what_to_do(program, tmp_path):
    for path in ("photo.jpg", "a/settings.json", "b/settings.json"):
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text("")
    place, arguments, advice = OUT_OF_MEMORY[program]
    arguments = [argument.replace("@", str(tmp_path)) for argument in arguments]
    if program == "train":
        arguments = [*arguments, "--config=experiments/configs/shapes.py"]
    script = SHORT_OF_MEMORY.format(asked=[program, place, *arguments])
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=REPOSITORY, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1, done.stderr
    assert f"{program.replace('_', '-')}: not enough memory; " in done.stderr
    assert advice in done.stderr
    assert "Traceback" not in done.stderr
