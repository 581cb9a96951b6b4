import importlib.util
import sys

from experiments import command


def test_every_row_is_a_program_that_exists(capsys):
    assert command.main(["--help"]) == 0
    told = capsys.readouterr().out
    for name, program in command.PROGRAMS.items():
        assert importlib.util.find_spec(program.module), program.module
        assert f"  {name} " in told
        assert program.summary in told


def test_nothing_heavy_is_imported_for_a_list(capsys):
    before = set(sys.modules)
    assert command.main([]) == 0
    assert command.main(["--version"]) == 0
    assert {name for name in set(sys.modules) - before if "s_cnn_rnn" not in name} == set()


def test_a_program_that_does_not_exist_is_told(capsys):
    assert command.main(["anotate"]) == 1
    assert "no program 'anotate'; did you mean annotate?\n\n" in capsys.readouterr().err
    assert command.main(["xyz"]) == 1
    assert "no program 'xyz'\n\n" in capsys.readouterr().err


def test_a_program_runs_as_python_m_would(monkeypatch):
    called = []
    monkeypatch.setattr(sys, "argv", ["s-cnn-rnn"])
    monkeypatch.setattr(
        command.runpy, "run_module", lambda name, **how: called.append((name, how, [*sys.argv]))
    )
    command.main(["train", "--run=a"])
    name, how, arguments = called[0]
    assert (name, how["run_name"]) == ("experiments.train", "__main__")
    assert arguments[1:] == ["--run=a"]


def test_help_of_a_program_has_its_flags():
    from annotate_program import program

    done = program("--help")
    assert "--run" in done.stdout
    assert "Exit status" in done.stdout
