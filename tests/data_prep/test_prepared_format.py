import io
import json
import pathlib
import pickle
import signal
import subprocess
import sys

import numpy as np
import pytest
import tensorflow_datasets as tfds
from fabricated_photographs import DAMAGED, USABLE, jpeg, pixels
from PIL import Image

from data_prep import flickr8k as flickr8k_module
from data_prep import plan, side_files
from data_prep.data_sets import DATA_SETS
from data_prep.examples import ShardExamples
from data_prep.prepared_format import prepare
from data_prep.records import BadData, Problem, ProblemLog, Record
from data_prep.vocabularies import VocabularySettings
from s_cnn_rnn.data import prepared
from s_cnn_rnn.data.prepared import PreparedData

REPOSITORY = pathlib.Path(__file__).parents[2]
ROW = DATA_SETS["flickr8k"]
EVERY_WORD = side_files.HowPrepared(vocabulary=VocabularySettings(minimum_count=1))


def prepare_flickr8k(source, output, **options):
    options.setdefault("how", EVERY_WORD)
    return prepare(ROW, flickr8k_module.records(source), output, **options)


def prepare_records(records, output, row="own_folder", **options):
    return prepare(DATA_SETS[row], records, output, how=EVERY_WORD, **options)


def record(name, content, split="train", line=1, **fields):
    fields.setdefault("captions", (f"A photograph of {name} .",))
    return Record("annotations.csv", line, name, content, split, **fields)


def skipped(data):
    lines = (data.folder / prepared.SKIPPED_FILE).read_text("utf-8").splitlines()
    return [json.loads(line) for line in lines]


def test_round_trip_keeps_every_byte(flickr8k, tmp_path):
    data = prepare_flickr8k(flickr8k, tmp_path / "prepared")
    assert data.folder == tmp_path / "prepared" / "flickr8k" / "1.0.0"
    assert data.splits == {"train": 3, "validation": 2}
    for split, names in {"train": "abc", "validation": "de"}.items():
        assert [item.file_name[0] for item in data.annotations(split)] == list(names)
        for item, stored in zip(
            data.annotations(split), data.photographs(split, range(len(names))), strict=True
        ):
            assert stored == (flickr8k / "images" / item.file_name).read_bytes()
            assert item.captions[1] == f"The dog of {item.file_name} ."
    ids = [item.image_id for split in data.splits for item in data.annotations(split)]
    assert len(set(ids)) == 5
    assert [line["reason"] for line in skipped(data)] == [
        "expected 6,000 photographs in train, as published; found 3",
        "expected 1,000 photographs in validation, as published; found 2",
    ]
    assert not (data.folder / "plan").exists()


def test_tensorflow_datasets_reads_it(flickr8k, tmp_path):
    data = prepare_flickr8k(flickr8k, tmp_path / "prepared")
    builder = tfds.builder_from_directory(data.folder)
    assert builder.info.version == "1.0.0"
    assert builder.info.release_notes == ROW.release_notes
    assert builder.info.citation == ROW.citation
    source = builder.as_data_source("train")
    assert len(source) == 3
    assert source[2]["image"].shape == (16, 24, 3)
    assert source[2]["file_name"] == b"c.jpg"
    assert list(source[2]["captions"]) == [b"A dog runs in train .", b"The dog of c.jpg ."]
    assert source[2]["image_id"] == 3


def test_damaged_photographs_are_left_out_and_told(tmp_path):
    folder = tmp_path / "photographs"
    folder.mkdir()
    for name, (make, _) in DAMAGED.items():
        (folder / name).write_bytes(make())
    (folder / "IMG_1.JPG").write_bytes(jpeg(1))
    names = [*DAMAGED, "missing.jpg", "img_1.jpg"]
    records = [record(name, folder / name, line=n) for n, name in enumerate(names, start=2)]
    data = prepare_records([*records, record("whole.jpg", jpeg(2))], tmp_path)
    told = {line["record"]: line for line in skipped(data)}
    assert [item.file_name for item in data.annotations("train")] == ["whole.jpg"]
    assert list(told) == names
    for name, (_, words) in DAMAGED.items():
        assert words in told[name]["reason"]
    assert f"cannot read {folder / 'missing.jpg'}: No such file" in told["missing.jpg"]["reason"]
    assert "there is 'IMG_1.JPG'" in told["img_1.jpg"]["reason"]
    assert [line["line"] for line in told.values()] == list(range(2, 8))
    assert {line["file"] for line in told.values()} == {"annotations.csv"}
    assert all("left out" in line["what_to_do"] for line in told.values())
    assert data.description["skipped"] == 6


def test_other_kinds_are_converted_and_counted(tmp_path):
    records = [record(name, make()) for name, make in USABLE.items()]
    data = prepare_records(records, tmp_path)
    assert data.splits == {"train": len(USABLE)}
    assert data.description["conversions"] == {
        "JPEG CMYK": 1,
        "PNG RGBA": 1,
        "PNG I;16": 1,
        "JPEG RGB rotated by EXIF": 1,
        "GIF P": 1,
        "WEBP RGB": 1,
    }
    stored = dict(zip(USABLE, data.photographs("train", range(len(USABLE))), strict=True))
    assert stored["grey.jpg"] == records[0].photograph
    assert stored["large.jpg"] == records[-1].photograph
    assert all(content[:3] == b"\xff\xd8\xff" for content in stored.values())
    (note,) = skipped(data)
    assert (note["record"], note["severity"]) == ("large.jpg", "note")
    assert "6000x5000" in note["reason"]


def test_fail_stops_at_the_first_and_leaves_nothing(flickr8k, tmp_path):
    (flickr8k / "images" / "b.jpg").write_bytes(b"")
    with pytest.raises(BadData, match=r"trainImages.txt:2 \(b.jpg\).*the file is empty"):
        prepare_flickr8k(flickr8k, tmp_path / "prepared", on_bad_record="fail")
    assert list((tmp_path / "prepared" / "flickr8k").glob("*/prepared.json")) == []
    assert not (tmp_path / "prepared" / "flickr8k" / "1.0.0").exists()
    assert prepare_flickr8k(flickr8k, tmp_path / "prepared").splits == {"train": 2, "validation": 2}


def test_refusals(tmp_path):
    refusal = Problem("token.txt", 0, "a file", "none", "check --source", severity="refuse")
    with pytest.raises(BadData, match=r"token.txt: expected a file; found none; check --source"):
        prepare_records([record("a.jpg", jpeg()), refusal], tmp_path)
    with pytest.raises(BadData, match="at least one photograph to train on; found 1 in test"):
        prepare_records([record("a.jpg", jpeg(), "test")], tmp_path)
    for split in ("", "all", "Train 1"):
        with pytest.raises(BadData, match=f"a split named by .* found '{split}'.*--annotations"):
            prepare_records([record("a.jpg", jpeg(), split)], tmp_path)
    with pytest.raises(BadData, match="no photograph can be decoded; the last: annotations"):
        prepare_records([record("a.jpg", b"")], tmp_path)
    how = side_files.HowPrepared(vocabulary=VocabularySettings(minimum_count=9))
    with pytest.raises(BadData, match=r"no word appears 9 times.*--minimum_count"):
        prepare(ROW, [record("a.jpg", jpeg())], tmp_path, how=how)
    assert list(tmp_path.rglob("*.array_record*")) == []


def test_a_photograph_twice_or_in_two_splits(tmp_path):
    records = [
        record("a.jpg", jpeg(1)),
        record("a.jpg", jpeg(2), line=2),
        record("a.jpg", jpeg(3), "validation", line=3),
        record("copy.jpg", jpeg(1), "validation", line=4),
    ]
    data = prepare_records(records, tmp_path)
    twice, in_two_splits, same_picture = skipped(data)
    assert (twice["line"], in_two_splits["line"]) == (2, 3)
    assert "annotations.csv:1 (a.jpg) has the same file name" in twice["reason"]
    assert "in another split: train, here validation" in in_two_splits["reason"]
    assert "the same picture as a.jpg in train" in same_picture["reason"]
    assert same_picture["file"] == "annotations_validation.jsonl"
    assert [line["severity"] for line in skipped(data)] == ["skip", "skip", "note"]
    assert data.photographs("train", [0]) == [jpeg(1)]
    assert data.splits == {"train": 1, "validation": 1}


def test_image_ids_of_the_data_set_are_kept_and_unique(tmp_path):
    records = [
        record("a.jpg", jpeg(1), image_id=2**40),
        record("b.jpg", jpeg(2), image_id=2**40, line=2),
    ]
    data = prepare_records(records, tmp_path)
    assert [item.image_id for item in data.annotations("train")] == [2**40]
    assert "has the same image id" in skipped(data)[0]["reason"]


def test_digest_changes_with_everything(tmp_path):
    first = [record("a.jpg", jpeg(1), labels=("x",), tags=("t",)), record("b.jpg", jpeg(2))]

    def digest(name, records):
        return prepare_records(records, tmp_path / name).digest

    reference = digest("0", first)
    assert digest("again", first) == reference
    others = [
        [record("a.jpg", jpeg(1), labels=("x",), tags=("t",), captions=("Other .",)), first[1]],
        [record("a.jpg", jpeg(1), labels=("y",), tags=("t",)), first[1]],
        [record("a.jpg", jpeg(1), labels=("x",), tags=("u",)), first[1]],
        [record("a.jpg", jpeg(9), labels=("x",), tags=("t",)), first[1]],
        [first[0], record("c.jpg", jpeg(2))],
        [first[0], record("b.jpg", jpeg(2), "validation")],
        first[::-1],
    ]
    digests = {digest(str(n), records) for n, records in enumerate(others, start=1)}
    assert len(digests | {reference}) == 1 + len(others)


def test_surrogate_halves_are_told(tmp_path):
    records = [record("a.jpg", jpeg(1)), record("b.jpg", jpeg(2), captions=("x\ud83d",), line=2)]
    data = prepare_records(records, tmp_path)
    assert data.splits == {"train": 1}
    assert "half a surrogate pair at character 2" in skipped(data)[0]["reason"]


def test_prepared_already(flickr8k, tmp_path):
    digest = prepare_flickr8k(flickr8k, tmp_path / "prepared").digest
    with pytest.raises(FileExistsError, match=r"1\.0\.0: .*--overwrite"):
        prepare_flickr8k(flickr8k, tmp_path / "prepared")
    path = flickr8k / "Flickr8k.token.txt"
    path.write_text(path.read_text().replace("dog", "cat"))
    assert prepare_flickr8k(flickr8k, tmp_path / "prepared", overwrite=True).digest != digest


def test_many_shards_keep_the_order(tmp_path, monkeypatch):
    monkeypatch.setattr(plan, "SHARD_RECORDS", 3)
    records = [record(f"{n}.jpg", jpeg(n) if n not in (3, 4, 5) else b"") for n in range(10)]
    calls = []
    data = prepare_records(records, tmp_path, progress=lambda *call: calls.append(call))
    # Shard 3, 4, 5 is empty.
    assert len(list(data.folder.glob("*.array_record*"))) == 4
    names = [item.file_name for item in data.annotations("train")]
    assert names == [f"{n}.jpg" for n in (0, 1, 2, 6, 7, 8, 9)]
    assert data.photographs("train", [6, 3, 0]) == [jpeg(9), jpeg(6), jpeg(0)]
    assert calls[9] == ("reading annotations", 10, 0)
    assert calls[-1] == ("checking photographs", 10, 10)


def test_shards_are_cut_by_bytes_too(tmp_path, monkeypatch):
    monkeypatch.setattr(plan, "SHARD_BYTES", 2 * len(jpeg(1)))
    records = [record(f"{n}.jpg", jpeg(1)) for n in range(6)]
    planned = plan.make_plan(records, tmp_path / "plan", ProblemLog())
    assert [len(plan.read_shard(path)) for path in planned.shards["train"]] == [2, 2, 2]


def test_a_shard_can_travel(tmp_path):
    """Apache Beam pickles the generator of a shard and runs it elsewhere."""
    planned = plan.make_plan([record("a.jpg", jpeg(1))], tmp_path / "plan", ProblemLog())
    shard = ShardExamples(planned.shards["train"][0], "skip", 1)
    ((key, example),) = pickle.loads(pickle.dumps(shard))()
    assert key == example["image_id"] == 1
    assert example["image"] == jpeg(1)


def test_an_interruption_leaves_nothing_that_looks_whole(flickr8k, tmp_path):
    def interrupted():
        for item in flickr8k_module.records(flickr8k):
            if item.file_name == "e.jpg":
                raise KeyboardInterrupt
            yield item

    with pytest.raises(KeyboardInterrupt):
        prepare(ROW, interrupted(), tmp_path / "prepared", how=EVERY_WORD)
    assert list((tmp_path / "prepared" / "flickr8k").iterdir()) == []
    prepare_flickr8k(flickr8k, tmp_path / "prepared")


@pytest.mark.slow
def test_a_kill_leaves_nothing_that_looks_whole(flickr8k, tmp_path):
    program = f"""
import os, signal
from data_prep import flickr8k
from data_prep.data_sets import DATA_SETS
from data_prep.prepared_format import prepare
def kill(what, done, total):
    if what == "checking photographs" and done == 4:
        os.kill(os.getpid(), signal.SIGKILL)
stream = flickr8k.records({str(flickr8k)!r})
prepare(DATA_SETS["flickr8k"], stream, {str(tmp_path / "prepared")!r}, progress=kill)
"""
    killed = subprocess.run([sys.executable, "-c", program], cwd=REPOSITORY, check=False)
    assert killed.returncode == -signal.SIGKILL
    left = list((tmp_path / "prepared" / "flickr8k").iterdir())
    assert [path.name.partition(".")[0] for path in left] == ["incomplete"]
    with pytest.raises(FileNotFoundError, match="interrupted"):
        PreparedData(left[0])
    with pytest.raises(FileNotFoundError, match="there is no folder"):
        PreparedData(tmp_path / "prepared" / "flickr8k" / "1.0.0")
    assert prepare_flickr8k(flickr8k, tmp_path / "prepared").splits == {"train": 3, "validation": 2}


def test_rotated_pixels_stand_upright(tmp_path):
    data = prepare_records([record("rotated.jpg", USABLE["rotated.jpg"]())], tmp_path)
    (stored,) = data.photographs("train", [0])
    upright = np.asarray(Image.open(io.BytesIO(stored))).astype(int)
    assert upright.shape == pixels().shape
    assert np.abs(upright - pixels(2)).mean() < 6
