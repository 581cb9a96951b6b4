import json
import os
import pathlib
import subprocess
import sys

import nus_wide_layout
import pytest
from absl import flags
from absl.testing import flagsaver
from fabricated_photographs import jpeg

from data_prep import check, prepare, source_flags
from data_prep.records import BadData
from s_cnn_rnn.data.prepared import PreparedData

REPOSITORY = pathlib.Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def flags_at_their_defaults():
    flags.FLAGS.mark_as_parsed()
    with flagsaver.flagsaver():
        yield


@pytest.fixture
def own_photographs(tmp_path):
    """Ten photographs of one's own, one of them damaged, as a person would have them."""
    folder = tmp_path / "My Photos 2024"
    folder.mkdir()
    for number in range(10):
        (folder / f"{number}.jpg").write_bytes(jpeg(number) if number != 4 else b"broken")
    lines = "".join(f"{n}.jpg,A dog on the beach\n{n}.jpg,The dog runs\n" for n in range(10))
    (folder / "captions.csv").write_text("file_name,caption\n" + lines)
    return folder


def test_prepare_and_check_own_photographs(own_photographs, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["prepare", f"--source={own_photographs}"])
    output = tmp_path / "prepared"
    listed = tmp_path / "found.jsonl"
    source = {"data_set": "own_folder", "source": str(own_photographs)}
    with flagsaver.flagsaver(**source, output=str(output)):
        prepare.main(["prepare"])
    folder = output / "my_photos_2024" / "1.0.0"
    assert capsys.readouterr().out.splitlines()[-1] == str(folder)
    data = PreparedData(folder)
    assert data.splits == {"train": 8, "validation": 1}
    assert data.description["settings"]["source"] == str(own_photographs)
    command = f"python -m data_prep.prepare '--source={own_photographs}'"
    assert data.description["command"] == command  # a space in the folder's name
    split = (folder / "split.csv").read_text().splitlines()
    assert split[0] == "file_name,split"
    assert sum(line.endswith(",validation") for line in split) == 1

    monkeypatch.chdir(own_photographs)
    before = sorted(own_photographs.iterdir())
    with flagsaver.flagsaver(**source):
        check.main(["check"])
    assert sorted(own_photographs.iterdir()) == before
    with flagsaver.flagsaver(**source, listed_in=str(listed)):
        check.main(["check"])
    (line,) = map(json.loads, listed.read_text().splitlines())
    assert (line["record"], line["line"]) == ("4.jpg", 10)
    assert "9 more" not in capsys.readouterr().out

    fits = flagsaver.flagsaver(prepared=str(folder), vocabulary=str(folder / "nothing.json"))
    with fits, pytest.raises(SystemExit, match=r"nothing\.json"):
        check.main(["check"])
    with flagsaver.flagsaver(prepared=str(folder)):
        check.main(["check"])
    assert "photographs: 8 train, 1 validation" in capsys.readouterr().out


def test_fail_on_bad_record(own_photographs, tmp_path):
    with flagsaver.flagsaver(
        data_set="own_folder",
        source=str(own_photographs),
        output=str(tmp_path / "prepared"),
        on_bad_record="fail",
    ):
        with pytest.raises(SystemExit, match=r"captions\.csv:10 \(4\.jpg\)"):
            prepare.main(["prepare"])
        with pytest.raises(SystemExit, match=r"captions\.csv:10 \(4\.jpg\)"):
            check.main(["check"])


def test_shapes_and_a_name(tmp_path):
    with flagsaver.flagsaver(
        data_set="shapes", count=30, output=str(tmp_path), name="shapes_small", minimum_count=1
    ):
        prepare.main(["prepare"])
        with pytest.raises(SystemExit, match="--overwrite"):
            prepare.main(["prepare"])
    assert PreparedData(tmp_path / "shapes_small" / "1.0.0").splits == {
        "train": 24,
        "validation": 3,
        "test": 3,
    }


def test_the_bar_says_that_shapes_are_drawn(tmp_path, capfd):
    with flagsaver.flagsaver(
        data_set="shapes", count=30, output=str(tmp_path), minimum_count=1, seed=3
    ):
        prepare.main(["prepare"])
        check.main(["check"])
    told = capfd.readouterr().err
    assert "drawing pictures: " in told
    assert "reading annotations" not in told


def test_annotations_alone(tmp_path, capsys):
    source = nus_wide_layout.small().write(tmp_path / "nus_wide")
    options = {"source": str(source), "without_photographs": True, "validation_photographs": 1}
    options |= {"output": str(tmp_path)}
    with flagsaver.flagsaver(data_set="nus_wide_paper", maximum_tags=2, **options):
        prepare.main(["prepare"])
        check.main(["check"])
    folder = tmp_path / "nus_wide_paper" / "1.0.0"
    told = capsys.readouterr().out
    assert "5 train, 1 validation, 2 test photographs' annotations alone" in told
    assert "photographs: 5 train, 1 validation, 2 test; 0 records left out, 2 notes" in told
    data = PreparedData(folder)
    assert data.description["settings"]["without_photographs"] is True
    assert data.description["settings"]["validation_photographs"] == 1
    assert len(data.vocabulary("tags").words) == 2
    assert len((folder / "split.csv").read_text().splitlines()) == 9
    with flagsaver.flagsaver(prepared=str(folder), every_photograph=True):
        check.main(["check"])
    assert "photographs: 5 train, 1 validation, 2 test" in capsys.readouterr().out


def test_defaults_of_a_data_set(tmp_path):
    with flagsaver.flagsaver(data_set="nus_wide_table", source=str(tmp_path), test_photographs=7):
        options = source_flags.chosen()[1]
    assert (options["validation_photographs"], options["test_photographs"]) == (1_000, 7)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"data_set": "flickr8k"}, "needs --source=FOLDER"),
        ({"data_set": "shapes", "name": "Nice Name"}, "lower-case letters"),
        (
            {"data_set": "own_folder", "source": "x", "annotations": ["train=a", "b", "train=c"]},
            "every split once",
        ),
        (
            {"data_set": "flickr8k", "source": "x", "without_photographs": True},
            "flickr8k needs its photographs; only coco, nus_wide, nus_wide_paper, nus_wide_table",
        ),
    ],
)
def test_wrong_flags_are_told(values, message):
    with flagsaver.flagsaver(**values), pytest.raises(BadData, match=message):
        source_flags.chosen(values.get("name"))


@pytest.mark.parametrize(
    ("values", "files"),
    [
        (["all.csv"], {"": "all.csv"}),
        (["train=a=b.csv", "test=c.csv"], {"train": "a=b.csv", "test": "c.csv"}),
        (["train=a.csv", "validation=b.csv"], {"train": "a.csv", "validation": "b.csv"}),
    ],
)
def test_annotation_files_by_split(values, files, tmp_path):
    source = tmp_path / "Photos"
    source.mkdir()
    with flagsaver.flagsaver(data_set="own_folder", source=str(source), annotations=values):
        row, options = source_flags.chosen()
    assert options["annotations"] == files
    assert row.name == "photos"


@pytest.mark.parametrize("name", ["flickr8k", "coco", "own_folder", "photo_library"])
def test_a_wrong_source_is_told_as_one(name, tmp_path):
    told = "a folder; found no such folder .* is there, Fotos is not in it.; correct the path"
    with flagsaver.flagsaver(data_set=name, source=str(tmp_path / "Fotos")):
        with pytest.raises(SystemExit, match=told):
            prepare.main(["prepare"])
        with pytest.raises(SystemExit, match=told):
            check.main(["check"])


def test_every_option_of_a_data_set_has_a_flag():
    for row in source_flags.DATA_SETS.values():
        assert all(option in flags.FLAGS for option in row.options)


def test_check_wants_one_thing():
    with pytest.raises(SystemExit, match="either"):
        check.main(["check"])


@pytest.mark.slow
@pytest.mark.parametrize("module", ["data_prep.prepare", "data_prep.check"])
def test_tensorflow_says_nothing(module, tmp_path):
    command = [sys.executable, "-m", module, "--data_set=shapes", "--count=30", "--seed=0"]
    command += [f"--output={tmp_path}", "--minimum_count=1"] if module.endswith("prepare") else []
    done = subprocess.run(
        command,
        cwd=REPOSITORY,
        env={name: text for name, text in os.environ.items() if name != "TF_CPP_MIN_LOG_LEVEL"},
        capture_output=True,
        text=True,
        check=True,
    )
    shown = ("drawing pictures: ", "checking photographs: ")  # the bars
    assert [line for line in done.stderr.splitlines() if not line.startswith(shown)] == []


@pytest.mark.slow
@pytest.mark.parametrize("module", ["data_prep.prepare", "data_prep.check"])
def test_help_tells_what_to_type(module):
    command = [sys.executable, "-m", module, "--help"]
    told = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert f"python -m {module} --data_set=flickr8k --source=FOLDER" in told.stdout
    assert "--annotations: coco, coco_captions, own_folder: annotation files" in told.stdout
