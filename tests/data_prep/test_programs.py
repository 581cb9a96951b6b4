import json
import pathlib
import subprocess
import sys

import pytest
from absl import flags
from absl.testing import flagsaver
from fabricated_photographs import jpeg

from data_prep import check, prepare, source_flags
from data_prep.records import BadData
from s_cnn_rnn.prepared import PreparedData

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


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"data_set": "flickr8k"}, "needs --source=FOLDER"),
        ({"data_set": "shapes", "name": "Nice Name"}, "lower-case letters"),
        (
            {"data_set": "own_folder", "source": "x", "annotations": ["train=a", "b", "train=c"]},
            "every split once",
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
def test_annotation_files_by_split(values, files):
    with flagsaver.flagsaver(data_set="own_folder", source="Photos", annotations=values):
        row, options = source_flags.chosen()
    assert options["annotations"] == files
    assert row.name == "photos"


def test_every_option_of_a_data_set_has_a_flag():
    for row in source_flags.DATA_SETS.values():
        assert all(option in flags.FLAGS for option in row.options)


def test_check_wants_one_thing():
    with pytest.raises(SystemExit, match="either"):
        check.main(["check"])


@pytest.mark.slow
@pytest.mark.parametrize("module", ["data_prep.prepare", "data_prep.check"])
def test_help_tells_what_to_type(module):
    command = [sys.executable, "-m", module, "--help"]
    told = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert f"python -m {module} --data_set=flickr8k --source=FOLDER" in told.stdout
    assert "--annotations: coco_captions, own_folder: annotation files" in told.stdout
