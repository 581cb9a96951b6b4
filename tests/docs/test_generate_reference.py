"""The reference pages: read from source, compared with what the programs really have."""

import ast
import dataclasses
import re

import pytest
from absl import flags

from docs import generate_reference
from docs.flag_definitions import ROOT, programs, rows_of_table
from docs.site_hooks import present
from s_cnn_rnn.settings import RunSettings, StageSettings


@pytest.fixture(scope="module")
def found():
    return {program.module: program for program in programs()}


def test_flags_are_those_that_absl_knows(found):
    from data_prep import check, prepare

    for module in (prepare, check):
        real = {flag.name: flag for flag in flags.FLAGS.get_key_flags_for_module(module.__name__)}
        read = {flag.name: flag for flag in found[module.__name__].flags}
        assert set(read) == set(real)
        for name, flag in read.items():
            assert real[name].help.endswith(flag.explanation)  # absl puts choices before it
            shown = "" if real[name].default in (None, "", []) else str(real[name].default)
            assert flag.default == shown


def test_choices_from_a_table_are_its_rows(found):
    from data_prep.data_sets import DATA_SETS

    [flag] = [flag for flag in found["data_prep.prepare"].flags if flag.name == "data_set"]
    assert re.findall("`(.*?)`", flag.kind) == sorted(DATA_SETS)
    assert flag.required


def test_flags_are_required_by_starting_a_program_not_by_importing_it(found):
    # What one module requires at import, every later parse of the process would miss.
    for module in found:
        tree = ast.parse((ROOT / module.replace(".", "/")).with_suffix(".py").read_text("utf-8"))
        for node in tree.body:
            assert not (isinstance(node, ast.Expr) and "mark_flag" in ast.unparse(node)), module


def test_every_program_and_installed_command_is_there(found):
    page = generate_reference.pages()["commands.md"]
    commands = generate_reference.console_commands(ROOT)
    assert set(commands) <= set(found)
    for module, names in commands.items():
        assert f"### {module}\n" in page
        for name in names:
            assert re.search(f"^Installed as .*`{name}`", page, re.MULTILINE)
    assert commands["experiments.compare"] == ["s-cnn-rnn compare", "s-cnn-rnn-compare"]


def test_settings_files_are_flags_and_functions_that_define_flags_are_none(found):
    flags_of_train = {flag.name: flag for flag in found["experiments.train"].flags}
    assert set(flags_of_train) == {"config", "system", "run", "devices"}
    assert flags_of_train["config"].required
    assert flags_of_train["config"].explanation.startswith("Settings file")


def test_rows_of_the_table_of_systems_are_whole():
    from s_cnn_rnn.model.systems import SYSTEMS

    rows = rows_of_table(ROOT / "s_cnn_rnn" / "model" / "systems.py", "SYSTEMS")
    assert [row["name"] for row in rows] == list(SYSTEMS)
    for row in rows:
        assert row == {name: getattr(SYSTEMS[row["name"]], name) for name in row}
    page = generate_reference.systems_page(ROOT)
    assert all(f"| `{name}` |" in page for name in SYSTEMS)


@pytest.mark.parametrize(("cls", "prefix"), [(RunSettings, ""), (StageSettings, "stages.NAME.")])
def test_every_setting_has_its_explanation(cls, prefix):
    page = generate_reference.settings_page()
    explained = cls.__doc__.split("Args:")[1]
    for field in dataclasses.fields(cls):
        [line] = [one for one in page.splitlines() if one.startswith(f"| `{prefix}{field.name}` ")]
        text = line.rsplit(" | ", 1)[1].removesuffix(" |")
        assert f"{field.name}: {text[:20]}" in " ".join(explained.split())


def test_explanations_over_several_lines():
    text = (
        "Of this.\n\n    Args:\n        one: first,\n            and more.\n        two: second.\n"
    )
    assert generate_reference.explanations(text) == {"one": "first, and more.", "two": "second."}


def test_commands_in_docstrings_become_blocks_and_flags_code():
    text = generate_reference.markdown_of("Does it:\n  python -m x --run=a\nWith --run=FILE only.")
    assert text == "Does it:\n\n```\npython -m x --run=a\n```\n\nWith `--run=FILE` only."


def test_links_from_the_root_lead_to_pages_or_become_names():
    text = "[a](docs/b.md) [c](https://d.e) [f](experiments/g.py) ![h](docs/i.png)"
    expected = "[a](../b.md) [c](https://d.e) `experiments/g.py` ![h](../i.png)"
    assert generate_reference.site_links(text) == expected


def test_a_missing_heading_is_told(tmp_path):
    (tmp_path / "README.md").write_text("# Title\n\n## One\n\ntext\n")
    with pytest.raises(ValueError, match=r"begins with Results; got \['One'\]"):
        generate_reference.results_page(tmp_path)


def test_unchanged_pages_are_not_written_again(tmp_path):
    [first, *_] = list(generate_reference.write(tmp_path / "reference"))
    before = first.stat().st_mtime_ns
    list(generate_reference.write(tmp_path / "reference"))
    assert first.stat().st_mtime_ns == before


def test_navigation_has_the_pages_that_are_there(tmp_path):
    (tmp_path / "a.md").write_text("")
    nav = [{"A": "a.md"}, {"B": "b.md"}, {"C": [{"A": "a.md"}, {"B": "b.md"}]}, {"D": []}]
    assert present(nav, tmp_path) == [{"A": "a.md"}, {"C": [{"A": "a.md"}]}]


def test_pages_of_the_navigation_exist_or_are_generated():
    text = (ROOT / "mkdocs.yml").read_text("utf-8")
    named = set(re.findall(r": ([\w/]+\.md)$", text, re.MULTILINE))
    generated = {f"reference/{name}" for name in generate_reference.pages()}
    written = {path.relative_to(ROOT / "docs").as_posix() for path in (ROOT / "docs").glob("*.md")}
    assert written <= named
    assert generated <= named
