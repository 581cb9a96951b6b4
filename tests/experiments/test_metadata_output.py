"""annotate --write: metadata of photographs and sidecars, through the whole program."""

import errno
import io
import json
import os
import pathlib
import sys
import types

import pytest
from annotate_program import ODD_NAMES, annotate, exiv2, lines_of

from experiments import metadata_output
from s_cnn_rnn.metadata.exiv2_library import NAMESPACE
from s_cnn_rnn.metadata.photograph_metadata import read_metadata


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
    told = capsys.readouterr().err
    assert "cannot be written (it has 2 names" in told
    assert "; use --write=sidecar)" in told
    assert (tmp_path / "backup.jpg").read_bytes() == (holiday / "b.JPG").read_bytes() == before


@exiv2
def test_what_is_write_protected_can_have_a_sidecar(loaded, tiny_run, holiday, capsys):
    photograph = holiday / "b.JPG"
    photograph.chmod(0o444)
    assert annotate(tiny_run, [photograph], write="embedded") == 1
    told = capsys.readouterr().err
    assert "cannot be written (it is write-protected; use --write=sidecar)" in told
    assert annotate(tiny_run, [photograph], write="sidecar") == 0
    sidecar = holiday / "b.JPG.xmp"
    sidecar.chmod(0o444)
    capsys.readouterr()
    assert annotate(tiny_run, [photograph], write="sidecar", again=True) == 1
    assert "cannot be written (it is write-protected)" in capsys.readouterr().err


@exiv2
def test_a_dry_run_says_how_sure_each_keyword_is(loaded, label_run, holiday, tmp_path, capsys):
    output = tmp_path / "out.jsonl"
    photograph = holiday / "b.JPG"
    annotate(label_run, [photograph], output=str(output))
    (line,) = lines_of(output)
    labels = [(each["label"], each["probability"]) for each in line["labels"]]
    minimum = sorted(probability for _, probability in labels)[1]
    sure = [(label, probability) for label, probability in labels if probability >= minimum]
    assert len(sure) < len(labels)
    for least, expected in ((0.0, labels), (minimum, sure)):
        capsys.readouterr()
        annotate(label_run, [photograph], write="sidecar", dry_run=True, minimum=least)
        shown = ", ".join(f"{label} {probability:.2f}" for label, probability in expected)
        assert capsys.readouterr().out == f"{photograph}.xmp: would add keywords {shown}\n"
    annotate(label_run, [photograph], write="sidecar", minimum=minimum)
    shown = ", ".join(label for label, _ in sure)
    assert capsys.readouterr().out == f"{photograph}.xmp: added keywords {shown}\n"
    assert set(read_metadata(photograph).keywords) == {label for label, _ in sure}


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
