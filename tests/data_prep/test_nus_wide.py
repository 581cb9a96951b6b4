import collections
import json
import pathlib
import subprocess
import sys

import numpy as np
import nus_wide_layout
import pytest
from fabricated_photographs import jpeg, only

from data_prep import nus_wide
from data_prep.data_sets import DATA_SETS
from data_prep.prepared_format import prepare
from data_prep.records import BadData, LabelNames, Problem, Record
from data_prep.seeded_split import drawn
from data_prep.side_files import HowPrepared
from s_cnn_rnn.data.prepared import PreparedData

REPOSITORY = pathlib.Path(__file__).parents[2]
TRUTH = "Groundtruth/TrainTestLabels"


@pytest.fixture
def source(tmp_path):
    return nus_wide_layout.small().write(tmp_path / "nus_wide")


def read(source, reader=nus_wide.records, **options):
    return list(reader(source, without_photographs=True, **options))


def test_official_split(source):
    found = read(source)
    assert found[0] == LabelNames(("lake", "map", "sky", "zebra"))
    assert only(found, Problem) == []
    records = only(found, Record)
    assert [r.split for r in records] == ["train"] * 7 + ["test"] * 3
    assert records[0] == Record(
        source=str(source / "ImageList/TrainImagelist.txt"),
        line=1,
        file_name="place_0/0000_1000.jpg",
        photograph=None,
        split="train",
        labels=("lake", "sky"),
    )
    assert [r.labels for r in records[7:]] == [("lake", "sky"), (), ("map",)]
    assert [r.tags for r in records[2:4]] == [("sky", "fun"), ("sky", "fun", "t3")]
    assert records[9].line == 3


def test_photographs_where_the_user_has_them(source, tmp_path):
    with pytest.raises(BadData, match=r"Flickr, images, image, photos.*--without_photographs"):
        list(nus_wide.records(source))
    (source / "Flickr" / "place_0").mkdir(parents=True)
    for number in (0, 2, 3):
        path = source / "Flickr" / "place_0" / f"{number:04d}_{1000 + number}.jpg"
        path.write_bytes(jpeg(number))
    data = prepare(DATA_SETS["nus_wide"], nus_wide.records(source), tmp_path)
    names = [item.file_name for item in data.annotations("train")]
    assert names == [f"place_0/{n:04d}_{1000 + n}.jpg" for n in (0, 2, 3)]
    assert data.photographs("train", [1]) == [jpeg(2)]
    lines = map(json.loads, (data.folder / "skipped.jsonl").read_text().splitlines())
    missing = [line for line in lines if line["severity"] == "skip"]
    assert [(pathlib.Path(p["file"]).name, p["line"]) for p in missing] == [
        *(("TrainImagelist.txt", n) for n in (2, 5, 6, 7)),
        *(("TestImagelist.txt", n) for n in (1, 2, 3)),
    ]
    assert data.vocabulary("labels").outputs == 5


def test_the_corrupt_line_is_told(source, tmp_path):
    """As line 78373 of the published Labels_lake_Train.txt."""
    path = source / TRUTH / "Labels_lake_Train.txt"
    lines = path.read_text().splitlines()
    lines[3] = "-1130179"
    path.write_text("\n".join(lines) + "\n")
    found = read(source)
    (problem,) = only(found, Problem)
    assert str(problem) == (
        f"{path}:4 (place_0/0003_1003.jpg): expected 0 or 1; found '-1130179'; correct the line; "
        "the label 'lake' is left out of this photograph"
    )
    assert only(found, Record)[3].labels == ()
    alone = HowPrepared(photographs=False)
    row = DATA_SETS["nus_wide"]
    assert prepare(row, found, tmp_path, how=alone).splits == {"train": 7, "test": 3}
    with pytest.raises(BadData, match=r"Labels_lake_Train\.txt:4"):
        prepare(row, found, tmp_path / "other", how=alone, on_bad_record="fail")


def test_held_back_to_validate(source):
    """Only photographs with a label are held back, and none of test."""
    records = only(read(source, validation_photographs=2), Record)
    splits = collections.Counter(r.split for r in records)
    assert splits == {"train": 5, "validation": 2, "test": 3}
    assert all(r.labels for r in records if r.split == "validation")
    other = only(read(source, validation_photographs=2, split_seed=3), Record)
    assert [r.split for r in records] != [r.split for r in other]
    with pytest.raises(BadData, match=r"found 6, of which 6 for validation"):
        read(source, validation_photographs=6)


def test_paper_split(source):
    """Eight photographs have a label; 8 * 59,347 / 209,347 is 2.27."""
    records = only(read(source, nus_wide.paper_records), Record)
    assert all(r.labels for r in records)
    assert collections.Counter(r.split for r in records) == {"train": 6, "test": 2}
    test = {r.file_name for r in records if r.split == "test"}
    again = only(read(source, nus_wide.paper_records, validation_photographs=1), Record)
    assert {r.file_name for r in again if r.split == "test"} == test
    assert sum(r.split == "validation" for r in again) == 1
    seeds = [only(read(source, nus_wide.paper_records, split_seed=n), Record) for n in range(5)]
    assert len({tuple(r.split for r in records) for records in seeds}) > 1


def test_a_draw_does_not_depend_on_the_order():
    keys = [f"Train {n}" for n in range(100)]
    splits = drawn(keys, 0, {"test": 30, "validation": 20})
    assert splits == drawn(keys[::-1], 0, {"test": 30, "validation": 20})
    assert collections.Counter(splits.values()) == {"test": 30, "validation": 20, "train": 50}
    fewer = drawn(keys, 0, {"test": 30, "validation": 5})
    changed = {(splits[key], fewer[key]) for key in keys if splits[key] != fewer[key]}
    assert changed == {("validation", "train")}


def test_tag_list(source):
    (source / "list.txt").write_text("fun\nt3\nnever\n")
    records = only(read(source, tag_list="list.txt"), Record)
    assert [r.tags for r in records[1:4]] == [(), ("fun",), ("fun", "t3")]
    with pytest.raises(BadData, match=r"expected none\.txt"):
        read(source, tag_list="none.txt")


def test_bad_lines_of_the_tags_are_told(source):
    path = source / "NUS_WID_Tags/All_Tags.txt"
    lines = path.read_bytes().splitlines()
    lines[1] = b"1001   caf\xe9"
    lines[2] = b"x1002 sky"
    lines += [b"1003 other", b"1003      sky fun t3 ", b"77", b""]
    path.write_bytes(b"\n".join(lines))
    found = read(source)
    assert [(p.line, p.severity) for p in only(found, Problem)] == [
        (2, "skip"),
        (3, "skip"),
        (11, "skip"),
    ]
    assert "byte 0xe9" in str(only(found, Problem)[0])
    assert "the photograph stays" in str(only(found, Problem)[1])
    assert [r.tags for r in only(found, Record)[:4]] == [(), (), (), ("sky", "fun", "t3")]


TABLE = np.array([[n % 2, n % 3 == 0, 0] for n in range(10)], int)


def write_table(path, rows):
    path.write_text("".join("\t".join(map(str, row)) + "\t\n" for row in rows.tolist()))


@pytest.mark.parametrize("kind", ["parts", "whole"])
def test_tags_from_tables(source, kind):
    folder = source / "NUS_WID_Tags"
    (folder / "All_Tags.txt").unlink()
    (folder / "TagList1k.txt").write_text("odd\nthird\nnever\n")
    if kind == "parts":
        write_table(folder / "Train_Tags1k.dat", TABLE[:7])
        write_table(folder / "Test_Tags1k.dat", TABLE[7:])
    else:
        order = [9, 0, 5, *range(6, 9), *range(1, 5)]
        names = nus_wide_layout.small().names
        text = "".join(names[n].replace("/", "\\") + "\n" for n in order)
        (source / "ImageList" / "Imagelist.txt").write_text(text)
        write_table(folder / "AllTags1k.txt", TABLE[order])
    found = read(source)
    assert only(found, Problem) == []
    assert [r.tags for r in only(found, Record)] == [
        ("odd",) * (n % 2) + ("third",) * (n % 3 == 0) for n in range(10)
    ]


def test_bad_lines_of_a_table(source):
    folder = source / "NUS_WID_Tags"
    (folder / "All_Tags.txt").unlink()
    (folder / "TagList1k.txt").write_text("odd\nthird\nnever\n")
    write_table(folder / "Train_Tags1k.dat", TABLE[:7])
    write_table(folder / "Test_Tags1k.dat", TABLE[7:])
    path = folder / "Train_Tags1k.dat"
    path.write_text(path.read_text().replace("1\t1\t0", "1\t2\t0"))
    (problem,) = only(read(source), Problem)
    assert (problem.line, problem.record) == (4, "place_0/0003_1003.jpg")
    write_table(folder / "Test_Tags1k.dat", TABLE[:4])
    with pytest.raises(BadData, match=r"Test_Tags1k\.dat:4: expected 3 lines.*found more"):
        read(source)
    write_table(folder / "Test_Tags1k.dat", TABLE[:2])
    with pytest.raises(BadData, match=r"Test_Tags1k\.dat:3: expected 3 lines.*found fewer"):
        read(source)


def test_without_tags(source):
    (source / "NUS_WID_Tags/All_Tags.txt").unlink()
    found = read(source)
    (note,) = only(found, Problem)
    assert note.severity == "note"
    assert "unpack NUS_WID_Tags.zip" in note.advice
    assert {r.tags for r in only(found, Record)} == {()}


def test_files_that_do_not_fit_are_refused(source):
    path = source / TRUTH / "Labels_map_Test.txt"
    whole = path.read_text()
    path.write_text(whole + "1\n")
    with pytest.raises(BadData, match=r"expected 3 lines, as many as TestImagelist.txt; found 4"):
        read(source)
    path.unlink()
    with pytest.raises(BadData, match=r"expected Groundtruth/TrainTestLabels/Labels_map_Test.txt"):
        read(source)
    path.write_text(whole)
    list_file = source / "ImageList/TestImagelist.txt"
    list_file.write_bytes(list_file.read_bytes().replace(b"place_2\\0008_1008.jpg", b" "))
    found = read(source)
    (problem,) = only(found, Problem)
    assert (problem.file, problem.line) == (str(list_file), 2)
    assert [r.labels for r in only(found, Record) if r.split == "test"] == [
        ("lake", "sky"),
        ("map",),
    ]
    (source / "Concepts81.txt").unlink()
    with pytest.raises(BadData, match=r"expected Concepts81\.txt or ConceptsList/Concepts81\.txt"):
        read(source)


def test_a_file_of_another_kind_is_refused(tmp_path):
    many = nus_wide_layout.small()
    many.labels = np.zeros((202, 4), np.uint8)
    many.is_test = np.arange(202) >= 201
    many.names = [f"a/{n:04d}_{n}.jpg" for n in range(202)]
    many.tags = None
    source = many.write(tmp_path / "many")
    path = source / TRUTH / "Labels_sky_Train.txt"
    path.write_text(path.read_text().replace("0", "no"))
    with pytest.raises(BadData, match=r"Labels_sky_Train\.txt:1: expected 0 or 1.*201 other lines"):
        read(source)


@pytest.mark.slow
@pytest.mark.skipif(not pathlib.Path("/proc/self/status").exists(), reason="no /proc")
def test_full_size_in_little_memory(shared_data, tmp_path):
    """The published counts (README of the shared part; section 4.2), and less than 1 GB."""
    real = nus_wide_layout.real(shared_data / "nus_wide")
    source = real.write(tmp_path / "nus_wide")
    path = source / TRUTH / "Labels_lake_Train.txt"
    content = path.read_bytes()
    path.write_bytes(content[: 2 * 78_372] + b"-1130179" + content[2 * 78_372 + 1 :])
    program = f"""
import pathlib, re, sys
from absl import flags
from data_prep import prepare
flags.FLAGS(["prepare", "--data_set=nus_wide", "--source={source}", "--without_photographs",
             "--output={tmp_path / "prepared"}"])
prepare.main(sys.argv)
status = pathlib.Path("/proc/self/status").read_text()  # getrusage would count pytest's own
print(re.search(r"VmHWM:\\s+(\\d+) kB", status)[1])
"""
    command = [sys.executable, "-c", program]
    told = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=True)
    assert int(told.stdout.splitlines()[-1]) < 1_000_000  # kilobytes
    data = PreparedData(tmp_path / "prepared" / "nus_wide" / "1.0.0")
    (problem,) = map(json.loads, (data.folder / "skipped.jsonl").read_text().splitlines())
    assert (problem["file"], problem["line"]) == (str(path), 78_373)
    counts = collections.Counter(
        label for split in data.splits for item in data.annotations(split) for label in item.labels
    )
    assert (counts["sky"], counts["map"], counts.total()) == (74_190, 60, int(real.labels.sum()))
    assert data.splits == {"train": 161_789, "test": 107_859}
    assert data.vocabulary("labels").outputs == 82
    assert len(data.vocabulary("tags").words) == 1_000
    drawn = collections.Counter(r.split for r in only(read(source, nus_wide.paper_records), Record))
    assert drawn == {"train": 150_000, "test": 59_347}
