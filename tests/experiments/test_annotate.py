import csv
import errno
import importlib.util
import io
import json
import os
import pathlib
import subprocess
import sys
import threading
import types

import pytest
from finished_runs import untrained_run

from experiments import annotation_beam, annotation_run, metadata_output, photograph_sources
from experiments.annotation_run import How, Places
from s_cnn_rnn.annotator_group import AnnotatorGroup
from s_cnn_rnn.metadata.exiv2_library import NAMESPACE
from s_cnn_rnn.metadata.photograph_metadata import read_metadata

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
    (folder / "._b.jpg").write_bytes(b"another program's")
    (folder / ".thumbnails").mkdir()
    (folder / ".thumbnails" / "b.jpg").write_bytes(first)
    return folder


@pytest.fixture(scope="module")
def label_run(tiny_data, tmp_path_factory):
    return _label_run(tmp_path_factory.mktemp("labels"), tiny_data, "cnn-logistic")


def _label_run(tmp_path, tiny_data, system):
    options = {"task": "labels", "stages": {"cnn": {"steps": 1}}, "decoding": {"width": 1}}
    return untrained_run(tmp_path / system, tiny_data, system=system, **options)


@pytest.fixture(scope="module")
def loaded(tiny_run, label_run):
    """Runs loaded once for the whole module: what is tested here is around them."""
    groups = {}

    def load(how):
        return groups.setdefault(how.runs, AnnotatorGroup.from_runs(how.runs))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(How, "load", load)
        yield


def annotate(run, places, **options) -> int:
    runs = run if isinstance(run, list) else [run]
    own = {n: options.pop(n) for n in ("beams", "labels_from", "minimum") if n in options}
    how = How(tuple(str(each.path) for each in runs), **own)
    return annotation_run.annotate(how, Places(tuple(map(str, places))), **options)


def lines_of(path) -> list[dict]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


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
    assert labels.strip() == ", ".join(written)
    beside = [f"{each['word']} {each['probability']:.2f}" for each in content["concepts"]]
    assert others.strip() == f"not written: {', '.join(beside)}"
    assert content["log_probability"] is None
    assert "caption" not in content


def test_labels_without_scores_stand_alone(loaded, tiny_data, tmp_path, holiday, capsys):
    run = _label_run(tmp_path, tiny_data, "ria")
    annotate(run, [holiday / "b.JPG"])
    _, labels = capsys.readouterr().out.splitlines()
    known = {*run.vocabulary().words, "no label"}
    assert {label.strip() for label in labels.split(",")} <= known
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


ODD_NAMES = {b"f\xe9.jpg": r"f\xe9.jpg", b"f\\xe9.jpg": r"f\x5cxe9.jpg", b"a\nb.jpg": r"a\x0ab.jpg"}


@pytest.fixture
def odd_names(tiny_data, tmp_path) -> pathlib.Path:
    """Three photographs whose names are no line of UTF-8, a plain one, a damaged one."""
    folder = tmp_path / "odd"
    folder.mkdir()
    (photograph,) = tiny_data.photographs("validation", [0])
    for name in (*ODD_NAMES, b"plain.jpg"):
        (folder / os.fsdecode(name)).write_bytes(photograph)
    (folder / os.fsdecode(b"broken\xff.jpg")).write_bytes(b"broken")
    return folder


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


exiv2 = pytest.mark.skipif(
    importlib.util.find_spec("exiv2") is None,
    reason="exiv2 is not installed (the extra `metadata`)",
)


@exiv2
@pytest.mark.parametrize("place", ["sidecar", "embedded"])
def test_metadata(loaded, tiny_run, label_run, holiday, place, capsys):
    photograph = holiday / "b.JPG"
    before = photograph.read_bytes()
    runs = [tiny_run, label_run]
    annotate(runs, [holiday], write=place, dry_run=True)
    told = capsys.readouterr().out
    assert "would add keywords" in told
    assert photograph.read_bytes() == before
    assert not list(holiday.rglob("*.xmp"))
    assert annotate(runs, [holiday], write=place) == 1
    sidecars = {path.name for path in holiday.rglob("*.xmp")}
    assert sidecars == ({"b.JPG.xmp", "c.jpeg.xmp"} if place == "sidecar" else set())
    assert (photograph.read_bytes() == before) == (place == "sidecar")
    found = read_metadata(photograph)
    assert found.caption
    assert set(found.keywords) <= set(label_run.vocabulary().words)
    assert found.caption in told
    capsys.readouterr()
    annotate(runs, [holiday], write=place)
    output = capsys.readouterr()
    assert output.out == ""
    assert "2 photographs carry the mark already" in output.err
    annotate(runs, [holiday], write=place, again=True)
    assert read_metadata(photograph) == found


@exiv2
@pytest.mark.parametrize("place", ["sidecar", "embedded"])
def test_metadata_of_names_that_are_no_utf8(loaded, tiny_run, odd_names, place, capsys):
    assert annotate(tiny_run, [odd_names], write=place) == 1
    assert rf"{odd_names}/f\xe9.jpg" in capsys.readouterr().out
    for name in ODD_NAMES:
        assert read_metadata(odd_names / os.fsdecode(name)).caption
    assert annotate(tiny_run, [odd_names], write=place) == 1
    assert "4 photographs carry the mark already" in capsys.readouterr().err


@exiv2
@pytest.mark.parametrize("ending", ["jsonl", "csv"])
def test_metadata_and_an_output_each_have_their_part(
    loaded, tiny_run, holiday, tmp_path, ending, capsys
):
    alone, output = tmp_path / f"alone.{ending}", tmp_path / f"out.{ending}"
    annotate(tiny_run, [holiday], output=str(alone))
    whole = alone.read_text("utf-8")
    first, second = holiday / "b.JPG", holiday / "beach" / "c.jpeg"
    both = {"output": str(output), "write": "sidecar"}
    capsys.readouterr()
    assert annotate(tiny_run, [holiday], **both) == 1
    assert output.read_text("utf-8") == whole
    told = capsys.readouterr().out.splitlines()
    assert [line.split(": added")[0] for line in told] == [f"{first}.xmp", f"{second}.xmp"]
    written = {path: pathlib.Path(f"{path}.xmp").read_bytes() for path in (first, second)}

    annotate(tiny_run, [holiday], **both)  # all is done
    output_again = capsys.readouterr()
    assert output_again.out == ""
    assert "2 photographs are in the output already and carry the mark" in output_again.err

    pathlib.Path(f"{second}.xmp").unlink()  # its row is there, its metadata are not
    annotate(tiny_run, [holiday], **both)
    assert capsys.readouterr().out.startswith(f"{second}.xmp: added")

    output.write_text(whole[: whole.rindex("\n", 0, -1) + 5], "utf-8")  # the other way round
    annotate(tiny_run, [holiday], **both)
    assert capsys.readouterr().out == ""
    assert output.read_text("utf-8") == whole
    assert written == {path: pathlib.Path(f"{path}.xmp").read_bytes() for path in (first, second)}


@exiv2
def test_no_row_for_what_could_not_be_written(loaded, tiny_run, holiday, tmp_path, capsys):
    before = (holiday / "b.JPG").read_bytes()
    os.link(holiday / "b.JPG", tmp_path / "backup.jpg")
    output = tmp_path / "out.jsonl"
    assert annotate(tiny_run, [holiday], output=str(output), write="embedded") == 2
    names = [pathlib.Path(line["file_name"]).name for line in lines_of(output)]
    assert names == ["c.jpeg"]
    assert "cannot be written (it has 2 names" in capsys.readouterr().err
    assert (tmp_path / "backup.jpg").read_bytes() == (holiday / "b.JPG").read_bytes() == before


@exiv2
def test_a_form_beside_metadata_is_printed_alone(loaded, tiny_run, holiday, capsys):
    annotate(tiny_run, [holiday / "b.JPG"], write="sidecar", form="json")
    printed = capsys.readouterr()
    assert json.loads(printed.out)["file_name"] == str(holiday / "b.JPG")
    assert ": added keywords" in printed.err


@exiv2
def test_no_metadata_in_what_is_no_file(loaded, tiny_run, holiday, tmp_path, monkeypatch):
    content = (holiday / "b.JPG").read_bytes()
    monkeypatch.setattr(sys, "stdin", types.SimpleNamespace(buffer=io.BytesIO(content)))
    assert annotate(tiny_run, ["-"], write="sidecar") == 1
    assert not list(tmp_path.rglob("*.xmp"))


@exiv2
def test_unreadable_metadata_are_skipped(loaded, tiny_run, holiday):
    (holiday / "b.JPG.xmp").write_text("<x", "utf-8")
    assert annotate(tiny_run, [holiday], write="sidecar") == 2
    assert (holiday / "b.JPG.xmp").read_text("utf-8") == "<x"
    assert NAMESPACE in (holiday / "beach" / "c.jpeg.xmp").read_text("utf-8")


@exiv2
def test_a_full_disk_is_no_fault_of_a_photograph(loaded, tiny_run, holiday, monkeypatch):
    class Full(io.StringIO):
        def write(self, text):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(sys, "stdout", Full())
    with pytest.raises(OSError, match="No space left"):
        annotate(tiny_run, [holiday], write="sidecar")


@exiv2
def test_a_photograph_that_cannot_be_written_counts_once(
    loaded, tiny_run, holiday, monkeypatch, capsys
):
    def full(photograph, metadata):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(metadata_output, "add_to_sidecar", full)
    # Two photographs are sound, the third is damaged.
    assert annotate(tiny_run, [holiday], write="sidecar") == 3
    told = capsys.readouterr().err
    assert "cannot be written (No space left on device)" in told
    assert "3 of 3 photographs were skipped" in told


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


def test_a_list_that_can_be_read_once_is_not_counted(holiday, tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    places = Places((), str(pipe), None)
    assert places.count() == 0
    writer = threading.Thread(target=lambda: pipe.write_text(f"{holiday / 'b.JPG'}\n"))
    writer.start()
    assert [str(path) for path in places.photographs()] == [str(holiday / "b.JPG")]
    writer.join()


def program(*arguments) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-m", "experiments.command", "annotate", *map(str, arguments)],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "2"},
    )


def test_the_exit_status_says_that_photographs_were_skipped(tiny_run, holiday):
    done = program(f"--run={tiny_run.path}", holiday)
    assert done.returncode == 2, done.stderr
    name, caption, concepts, *_ = done.stdout.splitlines()
    assert name == str(holiday / "b.JPG")
    assert set(caption.split()) <= set(tiny_run.vocabulary().words)
    assert concepts.strip().startswith("concepts: ")
    assert len(concepts.split(",")) == 8


@pytest.mark.parametrize(
    ("place", "told"), [("holidays/x.jpg", "holidays is not in it"), ("*.jpgg", "nothing matches")]
)
def test_a_wrong_path_is_told_at_once(tmp_path, place, told):
    done = program(tmp_path / place)
    assert done.returncode == 1
    assert told in done.stderr
    assert "Traceback" not in done.stderr
