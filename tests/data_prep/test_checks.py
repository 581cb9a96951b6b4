import json

import numpy as np
import pytest
from array_record.python import array_record_module
from fabricated_photographs import DAMAGED, USABLE, jpeg
from test_prepared_format import EVERY_WORD, ROW, prepare_flickr8k, prepare_records, record

from data_prep import flickr8k as flickr8k_module
from data_prep.checks import check_prepared, check_source
from data_prep.prepared_format import prepare
from data_prep.records import BadData
from s_cnn_rnn.data import prepared


def test_source_check_tells_what_preparing_tells(tmp_path):
    makers = {**USABLE, **{name: make for name, (make, _) in DAMAGED.items()}}
    records = [record(name, make(), line=n) for n, (name, make) in enumerate(makers.items(), 2)]
    records += [
        record("again.jpg", USABLE["grey.jpg"](), "validation", line=90),
        record("again.jpg", jpeg(7), "test", line=91),
        record("last.jpg", jpeg(8), "test", line=92),
    ]
    report = check_source(ROW, records)
    data = prepare(ROW, records, tmp_path, how=EVERY_WORD)
    assert report.splits == data.splits == {"train": len(USABLE), "validation": 1, "test": 1}
    assert dict(report.conversions) == data.description["conversions"]
    lines = (data.folder / prepared.SKIPPED_FILE).read_text().splitlines()
    listed = [json.loads(line) for line in lines]

    def told(problems):
        # Where a copy is told differs: in the source's file or in the annotations file.
        return {(p["record"], p["severity"], p["reason"]) for p in problems}

    assert told(problem.as_json() for problem in report.problems) == told(listed)
    lines = list(report.lines("list.jsonl"))
    assert any("annotations.csv:10 (truncated.jpg)" in line for line in lines)
    assert any("annotations.csv:90 (again.jpg): expected every" in line for line in lines)
    assert "converted to upright RGB JPEG: 1 of kind JPEG CMYK" in lines
    assert lines[-1].startswith("photographs: 8 train, 1 validation, 1 test; 5 records left out")


def test_source_check_stops_on_request(flickr8k):
    (flickr8k / "images" / "b.jpg").write_bytes(b"")
    with pytest.raises(BadData, match=r"trainImages\.txt:2 \(b\.jpg\)"):
        check_source(ROW, flickr8k_module.records(flickr8k), on_bad_record="fail")


def test_long_reports_are_cut(tmp_path):
    records = [record(f"{n}.jpg", b"" if n else jpeg(), line=n) for n in range(30)]
    report = check_source(ROW, records)
    lines = list(report.lines("list.jsonl"))
    assert sum(line.startswith("left out: annotations.csv:") for line in lines) == 20
    assert "left out: 9 more (all in list.jsonl)" in lines
    assert "left out: 9 more (--listed_in=FILE lists all)" in report.lines()


@pytest.fixture
def data(flickr8k, tmp_path):
    return prepare_flickr8k(flickr8k, tmp_path / "prepared")


def test_a_whole_prepared_set_passes(data):
    calls = []
    report = check_prepared(data.folder, every_photograph=True, progress=lambda *c: calls.append(c))
    assert report.problems == []
    assert report.splits == {"train": 3, "validation": 2}
    assert calls[-1] == ("checking photographs of validation", 2, 2)


def test_changed_annotations_are_refused(data):
    path = data.folder / "annotations_validation.jsonl"
    path.write_text(path.read_text().replace("dog", "cat"))
    with pytest.raises(BadData, match=r"annotations_validation\.jsonl: expected sha256"):
        check_prepared(data.folder)


def change_description(folder, **changes):
    path = folder / prepared.DESCRIPTION_FILE
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def rewrite_annotations(data, split, change):
    """Changes annotations, and the digests with them, as no preparation does."""
    path = data.folder / prepared.annotations_file(split)
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    change(lines)
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    digests = {**data.description["split_digests"], split: prepared.file_digest(path)}
    change_description(
        data.folder, split_digests=digests, digest=prepared.digest_of_splits(digests)
    )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda lines: lines[1].update(file_name="a.jpg"), "validation.jsonl:2 .*in train .line 1"),
        (lambda lines: lines[0].update(captions=[" "]), "validation.jsonl:1 .*an empty one"),
        (lambda lines: lines.pop(), "expected as many annotations"),
        (lambda lines: lines[0].update(photograph_sha256="0"), "shard|instead of 0"),
    ],
)
def test_annotations_that_mislead_are_refused(data, change, message):
    rewrite_annotations(data, "validation", change)
    with pytest.raises(BadData, match=message):
        check_prepared(data.folder)


def test_a_wrong_digest_is_refused(data):
    change_description(data.folder, digest="0" * 64)
    with pytest.raises(BadData, match="expected the digest of its splits"):
        check_prepared(data.folder)


def test_same_picture_in_two_splits_is_told(tmp_path):
    records = [record("a.jpg", jpeg()), record("b.jpg", jpeg(), "validation")]
    (problem,) = check_prepared(prepare_records(records, tmp_path).folder).problems
    assert (problem.severity, problem.line, problem.record) == ("note", 1, "b.jpg")


def test_a_shard_that_is_not_the_prepared_one_is_told(data, tmp_path):
    """Another shard of the same length in its place: the annotations no longer fit."""
    other = prepare_records(
        [record(f"{n}.jpg", jpeg(50 + n)) for n in range(3)], tmp_path / "other"
    )
    (theirs,) = other.folder.glob("*train.array_record*")
    (ours,) = data.folder.glob("*train.array_record*")
    ours.write_bytes(theirs.read_bytes())
    with pytest.raises(BadData, match=r"\(train\):1 \(a\.jpg\): .*prepare it again"):
        check_prepared(data.folder)


def test_only_all_photographs_find_the_one_between(tmp_path):
    records = [record(f"{n}.jpg", jpeg(n)) for n in range(9)]
    data = prepare_records(records, tmp_path)
    rewrite_annotations(data, "train", lambda lines: lines[2].update(photograph_sha256="0"))
    assert check_prepared(data.folder).problems == []
    with pytest.raises(BadData, match=r"\(train\):3 \(2\.jpg\)"):
        check_prepared(data.folder, every_photograph=True)


def test_word_list_of_a_checkpoint(data, tmp_path):
    run = tmp_path / "run"
    run.mkdir()
    data.vocabulary("captions").save(run / "vocabulary.json")
    assert check_prepared(data.folder, vocabulary=run).problems == []
    path = run / "vocabulary.json"
    words = data.vocabulary("captions").words
    assert words[0] == "dog"
    path.write_text(path.read_text().replace('"dog"', '"hound"'))
    with pytest.raises(BadData) as error:
        check_prepared(data.folder, vocabulary=path)
    message = str(error.value)
    assert message.startswith(f"{path} (words): expected the {len(words)} words of {data.folder}")
    assert "first difference at number 1: 'hound' there, 'dog' here" in message
    assert "--minimum_count=1 --maximum_outputs=12000 --concepts=1000" in message


def test_word_list_that_ends_early(data, tmp_path):
    path = tmp_path / "vocabulary.json"
    words = data.vocabulary("captions")
    content = json.loads((data.folder / "vocabulary_captions.json").read_text())
    content["words"].pop()
    path.write_text(json.dumps(content))
    with pytest.raises(BadData, match=f"{len(words.words) - 1} words; .*no more there, '"):
        check_prepared(data.folder, vocabulary=path)


def test_word_list_of_the_other_task(data, tmp_path):
    labels = prepare_records([record("a.jpg", jpeg(), labels=("dog",))], tmp_path / "labels")
    with pytest.raises(BadData, match="has no labels"):
        check_prepared(data.folder, vocabulary=labels.folder / "vocabulary_labels.json")
    with pytest.raises(BadData, match="nowhere"):
        check_prepared(data.folder, vocabulary=tmp_path / "nowhere.json")


def test_missing_and_interrupted_sets_are_told(data, tmp_path):
    with pytest.raises(BadData, match="there is no folder"):
        check_prepared(tmp_path / "nowhere")
    folder = data.folder.rename(data.folder.with_name("incomplete.ABCDEF_1.0.0"))
    with pytest.raises(BadData, match="interrupted; delete the folder"):
        check_prepared(folder)


def test_array_record_module_is_the_one_that_reads(data):
    """The shards are plain ArrayRecord files: another reader finds as many records."""
    (shard,) = data.folder.glob("*train.array_record*")
    reader = array_record_module.ArrayRecordReader(str(shard))
    assert reader.num_records() == 3
    assert all(np.frombuffer(r, np.uint8).size > len(jpeg()) // 2 for r in reader.read([0, 1, 2]))
