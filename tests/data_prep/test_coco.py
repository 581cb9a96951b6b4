import json
import pathlib

import pytest
from fabricated_photographs import jpeg, only

from data_prep import coco
from data_prep.data_sets import DATA_SETS
from data_prep.prepared_format import prepare
from data_prep.records import BadData, LabelNames, Problem, Record
from data_prep.side_files import HowPrepared
from data_prep.vocabularies import VocabularySettings

CATEGORIES = [{"id": 3, "name": "car"}, {"id": 1, "name": "person"}, {"id": 90, "name": "dog"}]
OUTLINE = [[0.5, 1.5, 2.5, 3.5, 0.5, 1.5]]


def write_instances(path, labels):
    """`labels`: image id -> category ids, as often as there are instances."""
    path.parent.mkdir(parents=True, exist_ok=True)
    images = [{"id": i, "file_name": f"{i}.jpg", "height": 16} for i in labels]
    annotations = [
        {"id": 1, "image_id": i, "category_id": c, "segmentation": OUTLINE, "iscrowd": 0}
        for i, categories in labels.items()
        for c in categories
    ]
    content = {"images": images, "annotations": annotations, "categories": CATEGORIES}
    path.write_text(json.dumps(content))


def write_captions(path, captions):
    images = [{"id": i, "file_name": f"{i}.jpg"} for i in captions]
    annotations = [{"image_id": i, "caption": text} for i, of in captions.items() for text in of]
    path.write_text(json.dumps({"images": images, "annotations": annotations}))


@pytest.fixture
def source(tmp_path):
    write_instances(tmp_path / "annotations/instances_train.json", {30: [1, 3, 1], 10: [], 20: [3]})
    write_instances(tmp_path / "annotations/instances_val.json", {7: [1]})
    write_captions(tmp_path / "captions_a.json", {30: ["A car .", "A man ."], 7: ["He runs ."]})
    write_captions(tmp_path / "captions_b.json", {20: ["Another car ."]})
    (tmp_path / "tags.csv").write_text("file_name,tags\n30.jpg,red|street|red\n20.jpg,\n")
    (tmp_path / "photos").mkdir()
    for number in (30, 10, 20, 7):
        (tmp_path / "photos" / f"{number}.jpg").write_bytes(jpeg(number))
    return tmp_path


def test_labels_alone(source):
    found = list(coco.records(source))
    assert found[0] == LabelNames(("car", "person", "dog"))
    assert only(found, Problem) == []
    assert [(r.image_id, r.split, r.labels) for r in only(found, Record)] == [
        (30, "train", ("car", "person")),
        (10, "train", ()),
        (20, "train", ("car",)),
        (7, "validation", ("person",)),
    ]
    assert only(found, Record)[0].photograph == source / "photos" / "30.jpg"


def test_captions_and_tags_of_the_same_photographs(source, tmp_path):
    files = {"captions": ["captions_a.json", "captions_b.json"], "tags": ["tags.csv"]}
    how = HowPrepared(vocabulary=VocabularySettings(minimum_count=1))
    row = DATA_SETS["coco"]
    data = prepare(row, coco.records(source, **files), tmp_path / "prepared", how=how)
    assert data.splits == {"train": 3, "validation": 1}
    assert [(a.captions, a.labels, a.tags) for a in data.annotations("train")] == [
        (("A car .", "A man ."), ("car", "person"), ("red", "street")),
        ((), (), ()),
        (("Another car .",), ("car",), ()),
    ]
    assert data.annotations("validation")[0].captions == ("He runs .",)
    assert data.vocabulary("labels").words == ("car", "person", "dog")
    assert data.vocabulary("labels").counts == (2, 1, 0)
    assert data.vocabulary("tags").words == ("red", "street")
    assert data.vocabulary("captions").words[:2] == ("a", "car")


def test_photographs_without_labels_may_have_tags(source):
    (source / "test2014").mkdir()
    (source / "test2014/5.jpg").write_bytes(jpeg(5))
    content = {"images": [{"id": 5, "file_name": "5.jpg"}]}
    (source / "image_info.json").write_text(json.dumps(content))
    (source / "tags.csv").write_text("file_name,tags\n5.jpg,red|street\n")
    given = {"tags": ["tags.csv"], "unannotated_splits": {"test": "image_info.json"}}
    found = list(coco.records(source, **given))
    assert only(found, Problem) == []
    assert [(r.image_id, r.labels, r.tags) for r in only(found, Record) if r.split == "test"] == [
        (5, (), ("red", "street"))
    ]


def test_tags_as_json_lines_and_without_photographs(source):
    (source / "tags.jsonl").write_text('{"file_name": "7.jpg", "tags": ["a", "b c"]}\n')
    found = list(coco.records(source, tags=["tags.jsonl"], without_photographs=True))
    assert [r.tags for r in only(found, Record)] == [(), (), (), ("a", "b c")]
    assert {r.photograph for r in only(found, Record)} == {None}


def test_problems_name_file_and_record(source):
    path = source / "annotations/instances_train.json"
    content = json.loads(path.read_text())
    content["annotations"] += [
        {"image_id": 55, "category_id": 1},
        {"image_id": 55, "category_id": 3},
        {"image_id": 10, "category_id": 2},
    ]
    path.write_text(json.dumps(content))
    write_captions(source / "captions_b.json", {30: ["Again ."], 99: ["Not there ."]})
    (source / "tags.csv").write_text("file_name,tags\n7.jpg,a\n7.jpg,b\n8.jpg,c\n9.jpg\n")
    (source / "photos/stranger.jpg").write_bytes(b"")
    files = {"captions": ["captions_a.json", "captions_b.json"], "tags": ["tags.csv"]}
    told = [
        (pathlib.Path(p.file).name, p.line, p.record, p.expected, p.severity)
        for p in only(coco.records(source, **files), Problem)
    ]
    nobody = "a photograph that a file of instances names"
    assert told == [
        ("captions_b.json", 1, "30.jpg", "the captions of a photograph in one place", "skip"),
        ("tags.csv", 3, "7.jpg", "the tags of a photograph in one line", "skip"),
        ("tags.csv", 5, "", "2 fields (file_name, tags)", "skip"),
        (path.name, 7, "image_id 10", "a category of `categories`", "skip"),
        (path.name, 5, "image_id 55", "a photograph of this id in `images`", "skip"),
        ("captions_b.json", 2, "99.jpg", nobody, "note"),
        ("tags.csv", 4, "8.jpg", nobody, "note"),
        ("stranger.jpg", 0, "stranger.jpg", "annotations and a split", "note"),
    ]


def test_files_of_another_kind_are_refused(source):
    files = {"train": "annotations/instances_train.json", "validation": "captions_a.json"}
    with pytest.raises(
        BadData, match=r"captions_a\.json.*`category_id`.*\(instances_\*\.json, not"
    ):
        list(coco.records(source, files))
    with pytest.raises(BadData, match=r"`caption` in record 1.*\(captions_\*\.json"):
        list(coco.records(source, captions=["annotations/instances_train.json"]))
    path = source / "annotations/instances_val.json"
    path.write_text(path.read_text().replace("dog", "car"))
    with pytest.raises(BadData, match="categories of different names"):
        list(coco.records(source))
    path.unlink()
    with pytest.raises(BadData, match=r"instances_val2014\.json or instances_val2017\.json"):
        list(coco.records(source))
    with pytest.raises(BadData, match=r"no .*photographs"):
        list(coco.records(source, photographs=["photographs"]))


def test_shared_part(shared_data):
    captions = [f"annotations/captions_{name}.json" for name in ("train", "val", "val_single")]
    found = list(coco.records(shared_data / "coco", captions=captions))
    assert only(found, Problem) == []
    records = only(found, Record)
    assert [sum(r.split == s for r in records) for s in ("train", "validation")] == [5_500, 1_221]
    assert {len(r.captions) for r in records} == {1, 5}
    assert len(only(found, LabelNames)[-1].names) == 80
