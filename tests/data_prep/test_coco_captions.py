import json

import pytest
from fabricated_photographs import jpeg, only

from data_prep import coco_captions
from data_prep.data_sets import DATA_SETS
from data_prep.records import BadData, Problem, Record


def write_captions(path, ids, prefix="COCO_val2014", captions=1):
    path.parent.mkdir(parents=True, exist_ok=True)
    images = [{"id": i, "file_name": f"{prefix}_{i:012d}.jpg"} for i in ids]
    annotations = [
        {"id": n, "image_id": i, "caption": f"caption {n} of {i}"}
        for n in range(captions)
        for i in ids
    ]
    path.write_text(json.dumps({"images": images, "annotations": annotations}))
    return images


@pytest.fixture
def source(tmp_path):
    (tmp_path / "photos").mkdir()
    train = write_captions(tmp_path / "annotations/captions_train.json", [30, 10], captions=2)
    validation = write_captions(tmp_path / "annotations/captions_val.json", [7])
    for image in train + validation:
        (tmp_path / "photos" / image["file_name"]).write_bytes(jpeg(image["id"]))
    return tmp_path


def test_as_given(source):
    records = list(coco_captions.records(source))
    assert [(r.image_id, r.split, r.line) for r in records] == [
        (30, "train", 1),
        (10, "train", 2),
        (7, "validation", 1),
    ]
    assert records[0].captions == ("caption 0 of 30", "caption 1 of 30")
    assert records[0].photograph == source / "photos" / "COCO_val2014_000000000030.jpg"


def test_files_as_options(source):
    extra = "annotations/captions_val_single.json"
    write_captions(source / extra, [8])
    annotations = {"train": "annotations/captions_train.json", "validation_single": extra}
    records = only(coco_captions.records(source, annotations, ["photos"]), Record)
    assert [r.split for r in records] == ["train", "train", "validation_single"]


def write_image_info(path, ids):
    """As the official image_info_test2014.json: photographs and no list of annotations."""
    path.parent.mkdir(parents=True, exist_ok=True)
    images = [{"id": i, "file_name": f"COCO_test2014_{i:012d}.jpg", "height": 16} for i in ids]
    path.write_text(json.dumps({"info": {}, "images": images, "licenses": []}))
    return images


def test_photographs_that_nobody_annotated_are_a_split_of_their_own(source):
    (source / "test2014").mkdir()
    for image in write_image_info(source / "annotations/image_info_test2014.json", [90, 80]):
        (source / "test2014" / image["file_name"]).write_bytes(jpeg(image["id"]))
    given = {"test": "annotations/image_info_test2014.json"}
    found = list(coco_captions.records(source, unannotated_splits=given))
    assert only(found, Problem) == []  # their files are named by an annotation file, too
    assert [(r.image_id, r.split, r.captions, r.photograph) for r in found[-2:]] == [
        (i, "test", (), source / "test2014" / f"COCO_test2014_{i:012d}.jpg") for i in (90, 80)
    ]
    given = {"validation": "annotations/image_info_test2014.json"}
    with pytest.raises(BadData, match=r"not 'validation'; found another file annotates"):
        list(coco_captions.records(source, unannotated_splits=given))
    (source / "list.json").write_text("[]")
    with pytest.raises(BadData, match=r"list `images`.*image_info_\*\.json\)"):
        list(coco_captions.records(source, unannotated_splits={"test": "list.json"}))


def test_problems_name_file_and_record(source):
    path = source / "annotations/captions_val.json"
    content = json.loads(path.read_text())
    content["images"].append({"id": 99, "file_name": "uncaptioned.jpg"})
    content["annotations"] += [
        {"image_id": 7, "caption": " \n"},
        {"image_id": 55, "caption": "nothing to see"},
    ]
    path.write_text(json.dumps(content))
    (source / "photos" / "stranger.jpg").write_bytes(b"")
    told = {str(p).partition(";")[0]: p for p in only(coco_captions.records(source), Problem)}
    assert set(told) == {
        f"{path}:2 (image_id 7): expected a caption",
        f"{path}:2 (uncaptioned.jpg): expected captions",
        f"{path}:3 (image_id 55): expected a photograph of this id in `images`",
        f"{source / 'photos/stranger.jpg'} (stranger.jpg): expected annotations and a split",
    }


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b'{"images": [],\n "annotations": [}', ":2: expected JSON"),
        (b'{"images": [{"id": 1}], "annotations": []}', "`file_name` in record 1 of `images`"),
        (b'{"images": []}', "expected a list `annotations`"),
        (b"[]", "expected a list `images`"),
        (b'{"images":\n "\xe9"}', ":2: expected UTF-8 text; found byte 0xe9 at byte 14"),
    ],
)
def test_files_of_another_kind_are_refused(source, content, message):
    path = source / "annotations/captions_train.json"
    path.write_bytes(content)
    with pytest.raises(BadData) as error:
        list(coco_captions.records(source))
    assert str(error.value).startswith(str(path))
    assert message in str(error.value)


def test_missing_folders_and_files_are_refused(source):
    with pytest.raises(BadData, match=r"no .*/nowhere"):
        list(coco_captions.records(source, photographs=["photos", "nowhere"]))
    (source / "annotations/captions_val.json").unlink()
    with pytest.raises(BadData, match=r"captions_val2014\.json"):
        list(coco_captions.records(source))


def test_paper_split_at_full_size(tmp_path):
    """Counts of SPEC: 82,783 + 34,428 train, 2,025 validate, the last 4,051 of val2014 test."""
    (tmp_path / "val2014").mkdir()
    train_ids = range(1, 82_783 + 1)
    # JSON order is not the order of the ids.
    validation_ids = list(range(600_000, 600_000 - 40_504, -1))
    write_captions(tmp_path / "annotations/captions_train2014.json", train_ids, "train")
    write_captions(tmp_path / "annotations/captions_val2014.json", validation_ids)
    ids = {"train": [], "validation": [], "test": []}
    (tmp_path / "val2014" / "nobody.jpg").write_bytes(b"")
    *records, unannotated = coco_captions.paper_records(tmp_path)
    for record in records:
        ids[record.split].append(record.image_id)
    assert "nobody.jpg" in str(unannotated)
    assert len(ids["train"]) == 117_211
    assert ids["train"] == [*train_ids, *validation_ids[:34_428]]
    assert ids["validation"] == validation_ids[34_428 : 34_428 + 2_025]
    assert ids["test"] == validation_ids[-4_051:]
    sizes = {split: len(found) for split, found in ids.items()}
    assert DATA_SETS["coco_captions_paper"].count_problems(sizes) == []


def test_paper_split_refuses_other_counts(source):
    write_captions(source / "annotations/captions_train2014.json", range(5))
    write_captions(source / "annotations/captions_val2014.json", range(5, 8))
    with pytest.raises(BadData, match=r"expected the 82,783 photographs of train2014.*found 5"):
        list(coco_captions.paper_records(source))
    with pytest.raises(ValueError, match="40,504"):
        coco_captions.paper_splits(40_503)


def test_shared_part(shared_data):
    annotations = {
        "train": "annotations/captions_train.json",
        "validation": "annotations/captions_val.json",
        "validation_single": "annotations/captions_val_single.json",
    }
    found = list(coco_captions.records(shared_data / "coco", annotations))
    assert only(found, Problem) == []
    count = {split: sum(r.split == split for r in found) for split in annotations}
    assert count == {"train": 5_500, "validation": 221, "validation_single": 1_000}
    assert {len(r.captions) for r in found if r.split == "validation"} == {5}
