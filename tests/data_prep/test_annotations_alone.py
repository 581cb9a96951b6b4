"""Prepared sets without photographs."""

import pytest

from data_prep.checks import check_prepared, check_source
from data_prep.data_sets import DATA_SETS
from data_prep.prepared_format import prepare
from data_prep.records import BadData, Record
from data_prep.side_files import HowPrepared
from s_cnn_rnn.data.prepared import WithoutPhotographs

ROW = DATA_SETS["own_folder"]
ALONE = HowPrepared(photographs=False)


def without_photographs(name, split="train", **fields):
    return Record("annotations.csv", 1, name, None, split, **fields)


def test_annotations_alone(tmp_path):
    records = [without_photographs(f"{n}.jpg", tags=("a", str(n)), labels=("x",)) for n in range(5)]
    records.append(without_photographs("9.jpg", "test", tags=("a",), labels=("x",)))
    data = prepare(ROW, records, tmp_path, how=ALONE)
    assert data.folder == tmp_path / "own_folder" / "1.0.0"
    assert data.splits == {"train": 5, "test": 1}
    assert not data.has_photographs
    assert data.description["photographs"] is False
    assert [item.tags for item in data.annotations("train")] == [("a", str(n)) for n in range(5)]
    assert {item.photograph_sha256 for item in data.annotations("train")} == {""}
    assert data.vocabulary("tags").words[0] == "a"
    with pytest.raises(WithoutPhotographs, match=r"own_folder/1\.0\.0.*--without_photographs"):
        data.photographs("train", [0])
    names = {path.name for path in data.folder.iterdir()}
    assert names == {
        "annotations_train.jsonl",
        "annotations_test.jsonl",
        "prepared.json",
        "skipped.jsonl",
        "split.csv",
        "vocabulary_labels.json",
        "vocabulary_tags.json",
    }
    again = prepare(ROW, records[::-1], tmp_path, how=ALONE, overwrite=True)
    assert again.digest != data.digest
    assert [path.name for path in (tmp_path / "own_folder").iterdir()] == ["1.0.0"]
    with pytest.raises(FileExistsError, match="--overwrite"):
        prepare(ROW, records, tmp_path, how=ALONE)


def test_annotations_alone_leave_nothing_when_interrupted(tmp_path):
    def interrupted():
        yield without_photographs("a.jpg")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        prepare(ROW, interrupted(), tmp_path, how=ALONE)
    assert list((tmp_path / "own_folder").iterdir()) == []


def test_checked_like_any_other_set(tmp_path):
    records = [without_photographs(f"{n}.jpg", labels=("x",)) for n in range(3)]
    records.append(without_photographs("0.jpg", "test", labels=("x",)))
    report = check_source(ROW, records)
    assert report.splits == {"train": 3}
    assert [problem.record for problem in report.problems] == ["0.jpg"]
    data = prepare(ROW, records, tmp_path, how=ALONE)
    assert check_prepared(data.folder, every_photograph=True).splits == {"train": 3}
    annotations = data.folder / "annotations_train.jsonl"
    annotations.write_text(annotations.read_text().replace("x", "y"))
    with pytest.raises(BadData, match=r"annotations_train\.jsonl: expected sha256"):
        check_prepared(data.folder)
