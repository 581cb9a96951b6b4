"""annotate: forms, places of photographs, skipping, going on."""

import csv
import io
import json
import os
import pathlib
import sys
import threading
import types

import pytest
from annotate_program import ODD_NAMES, annotate, label_run_of, lines_of, program

from experiments import annotation_run, photograph_sources
from experiments.annotation_run import How, Places
from s_cnn_rnn.annotator_group import AnnotatorGroup


def test_json_lines(loaded, tiny_run, holiday, capsys):
    places = [holiday, holiday / "b.JPG"]
    skipped = annotate(tiny_run, places, form="json", concepts=2, beams=2)
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


def test_labels_have_their_probabilities(loaded, label_run, holiday, capsys):
    for form in ("text", "json"):
        annotate(label_run, [holiday / "b.JPG"], form=form, concepts=2)
    name, labels, others, line = capsys.readouterr().out.splitlines()
    content = json.loads(line)
    assert name == content["file_name"] == str(holiday / "b.JPG")
    written = [f"{each['label']} {each['probability']:.2f}" for each in content["labels"]]
    assert len(written) == 3
    assert labels.strip() == f"labels: {', '.join(written)}"
    beside = [f"{each['word']} {each['probability']:.2f}" for each in content["concepts"]]
    assert others.strip() == f"not written: {', '.join(beside)}"
    assert content["log_probability"] is None
    assert "caption" not in content


def test_labels_without_scores_stand_alone(loaded, tiny_data, tmp_path, holiday, capsys):
    run = label_run_of(tmp_path, tiny_data, "ria")
    annotate(run, [holiday / "b.JPG"])
    _, labels = capsys.readouterr().out.splitlines()
    known = {*run.vocabulary().words, "none"}
    heading, _, listed = labels.strip().partition(": ")
    assert heading == "labels"
    assert {label.strip() for label in listed.split(",")} <= known
    with pytest.raises(ValueError, match="gives its labels no probabilities"):
        annotate(run, [holiday / "b.JPG"], minimum=0.5)


def test_labels_by_their_probabilities(loaded, label_run, holiday, tmp_path):
    whole, part = tmp_path / "all.jsonl", tmp_path / "some.jsonl"
    place = [holiday / "b.JPG"]
    annotate(label_run, place, output=str(whole), labels_from="threshold", minimum=0.0)
    (everything,) = lines_of(whole)
    sure = [label["probability"] for label in everything["labels"]]
    assert len(sure) == len(label_run.vocabulary().concepts)
    assert sure == sorted(sure, reverse=True)
    annotate(label_run, place, output=str(part), labels_from="threshold", minimum=sure[4])
    (some,) = lines_of(part)
    assert some["labels"] == everything["labels"][: sum(p >= sure[4] for p in sure)]
    third = tmp_path / "third.jsonl"
    annotate(label_run, place, output=str(third), minimum=sure[1])
    (three,) = lines_of(third)
    assert three["labels"] == everything["labels"][: sum(p >= sure[1] for p in sure[:3])]


def test_captions_and_labels_together(loaded, tiny_run, label_run, holiday, tmp_path, capsys):
    output = tmp_path / "both.jsonl"
    annotate([tiny_run, label_run], [holiday / "b.JPG"], output=str(output))
    annotate([tiny_run], [holiday / "b.JPG"], form="json")
    annotate([label_run], [holiday / "b.JPG"], form="json")
    caption, labels = map(json.loads, capsys.readouterr().out.splitlines())
    (both,) = lines_of(output)
    assert both["caption"] == caption["caption"]
    assert both["labels"] == labels["labels"]
    assert both["concepts"] == caption["concepts"]
    assert both["not_written"] == labels["concepts"]
    with pytest.raises(ValueError, match="at most one that writes captions"):
        AnnotatorGroup.from_runs([tiny_run.path, tiny_run.path])


def test_an_output_file_is_gone_on_with(loaded, tiny_run, holiday, tmp_path, capsys):
    whole, resumed = tmp_path / "whole.jsonl", tmp_path / "resumed.jsonl"
    annotate(tiny_run, [holiday], output=str(whole))
    first, second = whole.read_text("utf-8").splitlines(keepends=True)
    resumed.write_text(first + second[:20], "utf-8")  # stopped while it wrote
    capsys.readouterr()
    annotate(tiny_run, [holiday], output=str(resumed))
    assert resumed.read_text("utf-8") == whole.read_text("utf-8")
    assert "1 photographs are in the output already" in capsys.readouterr().err
    (holiday / "notes.txt").write_text("sunny\n")
    with pytest.raises(ValueError, match=r"line 1: expected annotations as json"):
        annotate(tiny_run, [holiday], output=str(holiday / "notes.txt"), form="json")
    assert (holiday / "notes.txt").read_text() == "sunny\n"
    (holiday / "notes.txt").write_text('{"rain": 1}')  # nothing that ends is ours
    with pytest.raises(ValueError, match="one line without an end"):
        annotate(tiny_run, [holiday], output=str(holiday / "notes.txt"), form="json")
    assert (holiday / "notes.txt").read_text() == '{"rain": 1}'


def test_csv(loaded, tiny_run, label_run, holiday, tmp_path):
    output = tmp_path / "both.csv"
    for _ in range(2):  # the second time all is done
        annotate([tiny_run, label_run], [holiday], output=str(output))
    with output.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [pathlib.Path(row["file_name"]).name for row in rows] == ["b.JPG", "c.jpeg"]
    for row in rows:
        assert len(row["labels"].split("|")) == len(row["probabilities"].split("|")) == 3
        assert set(row["caption"].split()) <= set(tiny_run.vocabulary().words)
        assert float(row["log_probability"]) < 0


def test_photographs_from_everywhere(loaded, tiny_run, holiday, tmp_path, monkeypatch):
    content = (holiday / "b.JPG").read_bytes()
    output = tmp_path / "out.jsonl"
    listed = tmp_path / "list.txt"
    listed.write_text(f"{holiday / 'beach'}\n\n{holiday / 'b.JPG'}\n", "utf-8")
    monkeypatch.setattr(sys, "stdin", types.SimpleNamespace(buffer=io.BytesIO(content)))
    places = Places(("-", f"{holiday}/**/*.jpeg"), files_from=str(listed))
    annotation_run.annotate(How((str(tiny_run.path),)), places, output=str(output))
    names = [line["file_name"] for line in lines_of(output)]
    deep, near = str(holiday / "beach" / "c.jpeg"), str(holiday / "b.JPG")
    assert names == ["standard input", deep, deep, near]
    captions = {line["file_name"]: line["caption"] for line in lines_of(output)}
    assert captions["standard input"] == captions[near]
    listed = io.BytesIO(f"{near}\n".encode())
    monkeypatch.setattr(sys, "stdin", types.SimpleNamespace(buffer=listed))
    again = tmp_path / "again.jsonl"
    annotation_run.annotate(How((str(tiny_run.path),)), Places(files_from="-"), output=str(again))
    assert [line["file_name"] for line in lines_of(again)] == [near]


@pytest.mark.parametrize("ending", ["txt", "jsonl", "csv"])
def test_names_that_are_no_utf8(loaded, tiny_run, odd_names, tmp_path, ending, capsys):
    output, listed = tmp_path / f"out.{ending}", tmp_path / "skipped.jsonl"
    assert annotate(tiny_run, [odd_names], output=str(output), skipped=str(listed)) == 1
    text = output.read_text("utf-8")
    shown = [str(odd_names / name) for name in (*ODD_NAMES.values(), "plain.jpg")]
    if ending == "txt":
        found = [line for line in text.splitlines() if not line.startswith("    ")]
    elif ending == "jsonl":
        found = [line["file_name"] for line in lines_of(output)]
    else:
        found = [row["file_name"] for row in csv.DictReader(text.splitlines())]
    assert sorted(found) == sorted(shown)
    damaged = str(odd_names / r"broken\xff.jpg")
    assert [line["file_name"] for line in lines_of(listed)] == [damaged]
    assert f"skipped {damaged}: " in capsys.readouterr().err
    annotate(tiny_run, [odd_names], output=str(output))
    assert output.read_text("utf-8") == text
    assert "4 photographs are in the output already" in capsys.readouterr().err


def test_names_that_are_no_utf8_in_lists_and_on_a_strict_terminal(
    loaded, tiny_run, odd_names, tmp_path, monkeypatch
):
    listed = tmp_path / "list.txt"
    listed.write_bytes(os.fsencode(odd_names) + b"/f\xe9.jpg\n")
    shown = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", errors="strict")
    monkeypatch.setattr(sys, "stdout", shown)
    annotation_run.annotate(How((str(tiny_run.path),)), Places(files_from=str(listed)))
    shown.flush()
    assert shown.buffer.getvalue().decode("utf-8").splitlines()[0] == str(odd_names / r"f\xe9.jpg")


class FakeCamera:
    frame = None

    def __init__(self, number):
        self.number = number

    def read(self):
        return (self.number == 0), self.frame

    def release(self):
        pass


def test_a_webcam(loaded, tiny_run, holiday, tmp_path, monkeypatch):
    content = (holiday / "b.JPG").read_bytes()
    fake = types.ModuleType("cv2")
    fake.VideoCapture, fake.IMWRITE_JPEG_QUALITY = FakeCamera, 1
    fake.imencode = lambda *_: (True, memoryview(bytearray(content)))
    monkeypatch.setitem(sys.modules, "cv2", fake)
    frame = photograph_sources.webcam_frame(0)
    assert frame == ("webcam 0", content)
    with pytest.raises(OSError, match="no picture from this camera"):
        photograph_sources.webcam_frame(1)
    monkeypatch.setitem(sys.modules, "cv2", None)
    with pytest.raises(ModuleNotFoundError, match="opencv-python-headless"):
        photograph_sources.webcam_frame(0)


def test_skipped_photographs_are_listed(loaded, tiny_run, holiday, tmp_path):
    listed = tmp_path / "skipped.jsonl"
    annotate(tiny_run, [holiday, tmp_path / "none.jpg"], skipped=str(listed), form="json")
    first, second = lines_of(listed)
    assert first["file_name"] == str(holiday / "a.png")
    assert "begins with" in first["reason"]
    assert second["file_name"] == str(tmp_path / "none.jpg")


def test_nothing_to_annotate(loaded, tiny_run, tmp_path):
    with pytest.raises(FileNotFoundError, match="name picture files"):
        annotate(tiny_run, [tmp_path])


def test_memory_does_not_grow_with_the_photographs(loaded, tiny_run, holiday):
    """A hundred thousand photographs are never all in memory, nor read ahead by more than one."""
    content = (holiday / "b.JPG").read_bytes()
    taken = []

    def stream():
        for number in range(100_000):
            taken.append(number)
            yield content

    how = How((str(tiny_run.path),), batch=4)
    annotations = how.annotate(how.load(), stream(), print)
    for _ in range(9):
        next(annotations)
    assert len(taken) == 12


def test_a_list_that_can_be_read_once_is_not_counted(holiday, tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    places = Places((), str(pipe), None)
    assert places.count() == 0
    writer = threading.Thread(target=lambda: pipe.write_text(f"{holiday / 'b.JPG'}\n"))
    writer.start()
    assert [str(path) for path in places.photographs()] == [str(holiday / "b.JPG")]
    writer.join()


def test_the_exit_status_says_that_photographs_were_skipped(tiny_run, holiday):
    done = program(f"--run={tiny_run.path}", holiday)
    assert done.returncode == 2, done.stderr
    name, caption, concepts, *_ = done.stdout.splitlines()
    assert name == str(holiday / "b.JPG")
    assert set(caption.split()) <= set(tiny_run.vocabulary().words)
    assert concepts.strip().startswith("concepts: ")
    assert len(concepts.split(",")) == 8


def test_the_exit_status_where_all_were_skipped(tiny_run, holiday):
    done = program(f"--run={tiny_run.path}", holiday / "notes.txt")
    assert done.returncode == 2, done.stderr
    assert "1 of 1 photographs were skipped" in done.stderr


@pytest.mark.parametrize(
    ("place", "told"), [("holidays/x.jpg", "holidays is not in it"), ("*.jpgg", "nothing matches")]
)
def test_a_wrong_path_is_told_at_once(tmp_path, place, told):
    done = program(tmp_path / place)
    assert done.returncode == 1
    assert told in done.stderr
    assert "Traceback" not in done.stderr
