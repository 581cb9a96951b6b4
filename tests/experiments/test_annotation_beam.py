"""annotate --beam: the same output from Apache Beam."""

import json

import pytest
from annotate_program import annotate, exiv2, lines_of, program

from experiments import annotation_beam
from experiments.annotation_run import How, Places


def test_beam_writes_the_same(loaded, tiny_run, holiday, tmp_path, monkeypatch):
    pytest.importorskip("apache_beam", reason="apache-beam is not installed (the extra `beam`)")
    monkeypatch.setattr(annotation_beam, "JOB", 1)
    here, there = tmp_path / "here.csv", tmp_path / "there.csv"
    listed = tmp_path / "skipped.jsonl"
    annotate(tiny_run, [holiday], output=str(here))
    how, places = How((str(tiny_run.path),)), Places((str(holiday),))
    options = {"options": ["runner=DirectRunner"], "skipped": str(listed)}
    assert annotation_beam.annotate(how, places, output=str(there), **options) == 1
    assert there.read_text("utf-8") == here.read_text("utf-8")
    assert [line["file_name"] for line in lines_of(listed)] == [str(holiday / "a.png")]
    assert not list(tmp_path.glob("*.parts"))
    with pytest.raises(ValueError, match="needs --output"):
        annotation_beam.annotate(how, places, output=None, **options)


@exiv2
def test_beam_writes_metadata_and_odd_names(
    loaded, tiny_run, odd_names, tmp_path, monkeypatch, capsys
):
    pytest.importorskip("apache_beam", reason="apache-beam is not installed (the extra `beam`)")
    monkeypatch.setattr(annotation_beam, "JOB", 2)
    # Not JSON: another size of a batch changes the last digits of a probability.
    here, there = tmp_path / "here.csv", tmp_path / "there.csv"
    annotate(tiny_run, [odd_names], output=str(here))
    how, places = How((str(tiny_run.path),)), Places((str(odd_names),))
    options = {"options": ["runner=DirectRunner"], "write": "sidecar"}
    capsys.readouterr()
    for added in (4, 0):
        assert annotation_beam.annotate(how, places, output=str(there), **options) == 1
        told = capsys.readouterr()
        assert there.read_text("utf-8") == here.read_text("utf-8")
        assert told.out.count(": added keywords") == added
        assert rf"skipped {odd_names}/broken\xff.jpg" in told.err


def test_parts_of_other_work_are_done_again(tmp_path):
    def work(run="a", form="csv"):
        return annotation_beam._Work(How((run,)), str(tmp_path), form, 8, None, False)

    part = {"made_by": work().made_by(["x.jpg"]), "lines": [], "skipped": []}
    work().path(0).write_text(json.dumps(part))
    assert work().is_done(0, ["x.jpg"])
    assert not work().is_done(1, ["x.jpg"])
    assert not work().is_done(0, ["y.jpg"])
    assert not work(run="b").is_done(0, ["x.jpg"])
    assert not work(form="json").is_done(0, ["x.jpg"])


def test_a_dry_run_on_beam_is_refused(tiny_run, holiday, tmp_path):
    before = {path: path.read_bytes() for path in holiday.rglob("*.*") if path.is_file()}
    options = ["--write=embedded", "--dry_run", "--beam=runner=DirectRunner"]
    done = program(f"--run={tiny_run.path}", *options, f"--output={tmp_path / 'x'}", holiday)
    assert done.returncode == 1
    assert "--dry_run" in done.stderr
    after = {path: path.read_bytes() for path in holiday.rglob("*.*") if path.is_file()}
    assert after == before
