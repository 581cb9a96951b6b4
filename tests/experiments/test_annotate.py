import json
import os
import pathlib
import subprocess
import sys

import pytest
from finished_runs import untrained_run

from experiments import annotation_run

REPOSITORY = pathlib.Path(__file__).parents[2]


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
    return folder


def test_json_lines(tiny_run, holiday, capsys):
    places = [str(holiday), str(holiday / "b.JPG")]
    skipped = annotation_run.annotate(str(tiny_run.path), places, form="json", concepts=2, beams=2)
    output = capsys.readouterr()
    concepts = set(tiny_run.vocabulary().concepts)
    lines = [json.loads(line) for line in output.out.splitlines()]
    names = [str(holiday / "b.JPG"), str(holiday / "beach" / "c.jpeg"), str(holiday / "b.JPG")]
    assert [line["file_name"] for line in lines] == names
    assert lines[0] == lines[2]
    for line in lines:
        assert len(line["concepts"]) == len(line["beams"]) == 2
        assert line["beams"][0]["annotation"] == line["caption"]
        assert {concept["word"] for concept in line["concepts"]} <= concepts
        assert all(0 < concept["probability"] < 1 for concept in line["concepts"])
    assert skipped == 1
    assert f"skipped {holiday / 'a.png'}: " in output.err
    assert "1 of 4 photographs were skipped" in output.err


def _label_run(tmp_path, tiny_data, system):
    options = {"task": "labels", "stages": {"cnn": {"steps": 1}}, "decoding": {"width": 1}}
    return untrained_run(tmp_path / system, tiny_data, system=system, **options)


def test_labels_have_their_probabilities(tiny_data, tmp_path, holiday, capsys):
    run = _label_run(tmp_path, tiny_data, "cnn-logistic")
    for form in ("text", "json"):
        annotation_run.annotate(str(run.path), [str(holiday / "b.JPG")], form=form, concepts=2)
    name, labels, others, line = capsys.readouterr().out.splitlines()
    content = json.loads(line)
    assert name == content["file_name"] == str(holiday / "b.JPG")
    written = [f"{each['label']} {each['probability']:.2f}" for each in content["labels"]]
    assert len(written) == 3
    assert labels.strip() == ", ".join(written)
    beside = [f"{each['word']} {each['probability']:.2f}" for each in content["concepts"]]
    assert others.strip() == f"not written: {', '.join(beside)}"
    assert content["log_probability"] is None
    assert "caption" not in content


def test_labels_without_scores_stand_alone(tiny_data, tmp_path, holiday, capsys):
    run = _label_run(tmp_path, tiny_data, "ria")
    annotation_run.annotate(str(run.path), [str(holiday / "b.JPG")])
    _, labels = capsys.readouterr().out.splitlines()
    known = {*run.vocabulary().words, "no label"}
    assert {label.strip() for label in labels.split(",")} <= known


def test_nothing_to_annotate(tiny_run, tmp_path):
    with pytest.raises(FileNotFoundError, match="name picture files"):
        annotation_run.annotate(str(tiny_run.path), [str(tmp_path)])


def test_the_exit_status_says_that_photographs_were_skipped(tiny_run, holiday):
    command = [sys.executable, "-m", "experiments.annotate", f"--run={tiny_run.path}"]
    done = subprocess.run(
        [*command, str(holiday)],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "2"},
    )
    assert done.returncode == 2, done.stderr
    name, caption, concepts, *_ = done.stdout.splitlines()
    assert name == str(holiday / "b.JPG")
    assert set(caption.split()) <= set(tiny_run.vocabulary().words)
    assert concepts.strip().startswith("concepts: ")
    assert len(concepts.split(",")) == 8
