"""The programs for what-if and why, without their start-up: what they print and write."""

import io
import os
import pathlib
import subprocess
import sys
import types

import pytest
from finished_runs import untrained_run

from experiments import explaining_run, measures_run
from s_cnn_rnn.annotator import Annotator
from s_cnn_rnn.box import box_runs
from s_cnn_rnn.measures import intervention_measures, what_if_measures
from s_cnn_rnn.scoring.results import read_results

REPOSITORY = pathlib.Path(__file__).parents[2]
CURVE = {"steps": (0, 1), "seed": 0}
MODEL = {"units": 16, "word_embedding": 16, "longest": 5}


@pytest.fixture(scope="module")
def run(tiny_data, tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "run"
    return untrained_run(folder, tiny_data, system="ours", model=MODEL, decoding={"width": 1})


@pytest.fixture
def photograph(tiny_data, tmp_path):
    path = tmp_path / "photo <1>.jpg"
    path.write_bytes(tiny_data.photographs("validation", [0])[0])
    return path


def test_what_if_prints_before_and_after(run, photograph, capsys):
    on, off, between = run.vocabulary().concepts[:3]
    switches = {"with_concepts": [on], "without_concepts": [off], "settings": [f"{between}:0.25"]}
    explaining_run.what_if(str(run.path), [str(photograph)], **switches)
    lines = capsys.readouterr().out.splitlines()
    expected = Annotator.from_run(run.path).what_if(
        photograph, with_concepts=[on], without_concepts=[off], probabilities={between: 0.25}
    )
    assert lines[0] == str(photograph)
    assert lines[1].split(maxsplit=1) == ["before:", expected.before.text or "(nothing)"]
    assert lines[2].split(maxsplit=1) == ["after:", expected.after.text or "(nothing)"]
    assert f"{on} " in lines[3]
    assert lines[3].count("->") == 3
    assert "along:" in lines[4]


def test_what_if_says_what_is_wrong(run, photograph):
    with pytest.raises(ValueError, match="'xyz' is none of the 20 concepts"):
        explaining_run.what_if(str(run.path), [str(photograph)], with_concepts=["xyz"])
    for explain in (explaining_run.what_if, lambda *a: explaining_run.explain(*a, "why.html")):
        with pytest.raises(FileNotFoundError, match="no photograph named"):
            explain(str(run.path), [])
        with pytest.raises(FileNotFoundError, match=r"no such file or folder: nowhere\.jpg"):
            explain(str(run.path), ["nowhere.jpg", "never.jpg"])
    with pytest.raises(ValueError, match="no concept is switched; name some: --with=dog"):
        explaining_run.what_if(str(run.path), [str(photograph)], with_concepts=[""])
    with pytest.raises(ValueError, match="--set=snow: expected CONCEPT:PROBABILITY"):
        explaining_run.probabilities_of(["snow"])


def test_commas_divide_concepts_unless_they_are_in_a_name():
    concepts = ["dog", "man", "black, white"]
    named = explaining_run.named_concepts(["dog, man", "Black, White", "cat,"], concepts)
    assert list(named) == ["dog", "man", "Black, White", "cat"]
    settings = ["dog:0.2,man:1", "black, white:0.5"]
    expected = {"dog": 0.2, "man": 1.0, "black, white": 0.5}
    assert explaining_run.probabilities_of(settings, concepts) == expected


def test_concepts_divided_by_commas_are_switched(run, photograph, capsys):
    on, other = run.vocabulary().concepts[:2]
    explaining_run.what_if(
        str(run.path), [str(photograph)], with_concepts=[f"{on.title()},{other}"]
    )
    switched = capsys.readouterr().out.splitlines()[3]
    assert switched.count("-> 1.00") == 2
    assert f"{on} " in switched
    assert f"{other} " in switched


def test_a_label_of_the_box_is_asked_of_the_model_that_knows_it(photograph):
    labels = box_runs()[1]
    with pytest.raises(ValueError, match=f"'plant_life' is a label .* --run={labels}$"):
        explaining_run.what_if(None, [str(photograph)], with_concepts=["dog,plant_life"])


def test_a_name_that_is_no_utf_8_is_shown_as_annotate_shows_it(run, photograph, tmp_path, capsys):
    odd = photograph.rename(tmp_path / os.fsdecode(b"f\xe9.jpg"))
    explaining_run.what_if(str(run.path), [str(odd)], with_concepts=run.vocabulary().concepts[:1])
    assert capsys.readouterr().out.splitlines()[0] == rf"{tmp_path}/f\xe9.jpg"
    page, skipped = explaining_run.explain(str(run.path), [str(odd)], str(tmp_path / "why.html"))
    assert skipped == 0
    assert rf"{tmp_path}/f\xe9.jpg" in pathlib.Path(page).read_text("utf-8")


@pytest.fixture
def damaged(tmp_path):
    path = tmp_path / "damaged.jpg"
    path.write_bytes(b"no picture")
    return path


def test_what_if_writes_of_the_photographs_that_can_be_read(run, photograph, damaged, capsys):
    on = run.vocabulary().concepts[0]
    named = [str(damaged), str(photograph), "nowhere.jpg"]
    assert explaining_run.what_if(str(run.path), named, with_concepts=[on]) == 2
    printed = capsys.readouterr()
    assert printed.out.splitlines()[0] == str(photograph)
    assert f"skipped {damaged}: expected a picture" in printed.err
    assert "skipped nowhere.jpg: cannot read" in printed.err


@pytest.mark.slow
def test_the_exit_status_tells_of_photographs_that_were_skipped(run, photograph, damaged, tmp_path):
    output = tmp_path / "why.html"
    on = run.vocabulary().concepts[0]
    for program, flag in (("what_if", f"--with={on}"), ("explain", f"--output={output}")):
        command = [sys.executable, "-m", f"experiments.{program}", f"--run={run.path}", flag]
        for photographs, status in (([photograph, damaged], 2), ([photograph], 0)):
            done = subprocess.run(
                [*command, *map(str, photographs)],
                cwd=REPOSITORY,
                capture_output=True,
                text=True,
                check=False,
            )
            assert done.returncode == status, done.stderr
            assert done.stdout
            assert ("skipped" in done.stderr) == (status == 2)
    assert output.exists()


def test_explanations_are_one_page_that_needs_nothing_else(run, photograph, damaged, tmp_path):
    output = tmp_path / "why.html"
    explained = explaining_run.explain(str(run.path), [str(photograph), str(damaged)], str(output))
    assert explained == (output, 1)
    page = output.read_text("utf-8")
    explanation = Annotator.from_run(run.path).why(photograph)
    assert f"<h2>{explanation.annotation.text}</h2>" in page
    assert page.count('<img src="data:image/png') == len(explanation.words)
    first = explanation.words[0].shares[0]
    assert f"{first.contribution:+.2f}" in page
    assert "photo &lt;1&gt;.jpg" in page
    assert "<script" not in page
    assert "http" not in page.replace("http-equiv", "")
    with pytest.raises(ValueError, match="none of 1 photographs can be read"):
        explaining_run.explain(str(run.path), [str(damaged)], str(output))


def test_folders_and_standard_input_are_taken_as_annotate_takes_them(
    run, photograph, tmp_path, monkeypatch, capsys
):
    folder = tmp_path / "holiday"
    (folder / "empty").mkdir(parents=True)
    inside = photograph.rename(folder / "inside.jpg")
    piped = types.SimpleNamespace(buffer=io.BytesIO(inside.read_bytes()))
    monkeypatch.setattr(sys, "stdin", piped)
    output = tmp_path / "why.html"
    output.write_text("an earlier page")
    explained = explaining_run.explain(str(run.path), [str(folder), "-"], str(output))
    assert explained == (output, 0)
    page = output.read_text("utf-8")
    assert page.count("<h2>How to read") == 1
    assert str(inside) in page
    assert "standard input" in page
    on = run.vocabulary().concepts[0]
    assert explaining_run.what_if(str(run.path), [str(folder)], with_concepts=[on]) == 0
    assert capsys.readouterr().out.splitlines()[0] == str(inside)
    with pytest.raises(FileNotFoundError, match=r"no photograph in .*empty"):
        explaining_run.explain(str(run.path), [str(folder / "empty")], str(output))


def test_measures_are_added_to_a_result_file(run, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(what_if_measures.written_about, "__defaults__", (0,))
    monkeypatch.setattr(what_if_measures, "USUAL", 2.0)
    monkeypatch.setattr(intervention_measures.intervention_curve, "__kwdefaults__", CURVE)
    results = tmp_path / "results.csv"
    measures = {name: measures_run.INTERFACE[name] for name in ("curve", "leak")}
    measures |= {"agreement": measures_run.EXPLANATIONS["agreement"]}
    measures_run.measure(
        str(run.path),
        measures,
        split="validation",
        photographs=3,
        results=str(results),
        command="measure",
    )
    rows = read_results(results)
    assert {row.protocol for row in rows} == {
        "intervention, correlated, greedy, 3 photographs",
        "intervention, alone, greedy, 3 photographs",
        "leak, greedy, 3 photographs",
        "contributions against switching, 3 photographs",
    }
    for row in rows:
        assert row.value is None or row.low <= row.value <= row.high
    printed = capsys.readouterr().out
    assert printed.count("CIDEr, 1 concepts true, informed") == 2
