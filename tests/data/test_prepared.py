import concurrent.futures
import hashlib
import json
import random

import pytest
from fabricated_photographs import jpeg
from hypothesis import given
from hypothesis import strategies as st

from data_prep.data_sets import DATA_SETS
from data_prep.prepared_format import prepare
from data_prep.records import Record
from data_prep.side_files import HowPrepared
from data_prep.vocabularies import VocabularySettings
from s_cnn_rnn.data.prepared import Annotation, BrokenDataSet, PreparedData, digest_of_splits


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    records = [
        Record(
            "made",
            number,
            f"{number}.jpg",
            jpeg(number),
            "train" if number < 40 else "validation",
            image_id=1_000 - number,
            captions=(f"Caption of {number} .", "Un\u2028usual\nline \x85ends"),
            labels=("odd",) if number % 2 else (),
            tags=("tag", str(number)),
        )
        for number in range(50)
    ]
    how = HowPrepared(vocabulary=VocabularySettings(minimum_count=1))
    output = tmp_path_factory.mktemp("prepared")
    return prepare(DATA_SETS["shapes"], records, output, how=how).folder


@pytest.fixture
def data(folder):
    return PreparedData(folder)


@pytest.fixture
def copy(folder, tmp_path):
    """A copy whose files a test may break."""
    for path in folder.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    return tmp_path


def test_what_it_says_of_itself(data):
    assert (data.name, data.version) == ("shapes", "1.0.0")
    assert data.splits == {"train": 40, "validation": 10}
    assert data.description["digest"] == data.digest


def test_annotations(data):
    annotations = data.annotations("validation")
    assert annotations[3] == Annotation(
        image_id=957,
        file_name="43.jpg",
        photograph_sha256=hashlib.sha256(jpeg(43)).hexdigest(),
        captions=("Caption of 43 .", "Un\u2028usual\nline \x85ends"),
        labels=("odd",),
        tags=("tag", "43"),
    )
    assert data.annotations("validation") is annotations


def test_digest_is_of_the_annotation_files(data):
    digests = {
        split: hashlib.sha256((data.folder / f"annotations_{split}.jsonl").read_bytes()).hexdigest()
        for split in ("validation", "train")
    }
    assert data.digest == digest_of_splits(digests)
    text = f"train {digests['train']}\nvalidation {digests['validation']}\n"
    assert data.digest == hashlib.sha256(text.encode()).hexdigest()


def test_photographs_in_any_order(data):
    assert data.photographs("train", []) == []
    wanted = [39, 0, 7, 7]
    assert data.photographs("train", wanted) == [jpeg(n) for n in wanted]
    assert data.photographs("validation", [9]) == [jpeg(49)]


def test_photographs_from_many_threads(data):
    """A fresh reader, so that the threads also open it at once."""
    orders = [random.Random(n).sample(range(40), 32) for n in range(16)]
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda order: data.photographs("train", order), orders))
    assert found == [[jpeg(n) for n in order] for order in orders]


def test_wrong_places_and_splits_are_told(data):
    with pytest.raises(IndexError, match=r"train has photographs 0 to 39, not \[40, -1\]"):
        data.photographs("train", [3, 40, -1])
    for read in (data.annotations, lambda split: data.photographs(split, [0])):
        with pytest.raises(KeyError, match=r"no split 'test'.*train \(40\), validation \(10\)"):
            read("test")


def test_vocabularies(data):
    assert data.vocabulary("captions").made_from["captions"] == 80
    assert data.vocabulary("labels").words == ("odd",)
    assert data.vocabulary("tags").words[0] == "tag"
    assert data.vocabulary("tags").counts[0] == 40
    (data.folder / "vocabulary_labels.json").rename(data.folder / "moved")
    with pytest.raises(FileNotFoundError, match=r"has no labels.*vocabulary_captions\.json"):
        data.vocabulary("labels")
    (data.folder / "moved").rename(data.folder / "vocabulary_labels.json")
    (data.folder / "vocabulary_tags.json").rename(data.folder / "moved")
    with pytest.raises(FileNotFoundError, match=r"has no tags .*choose a system without tags"):
        data.vocabulary("tags")
    (data.folder / "moved").rename(data.folder / "vocabulary_tags.json")


def test_missing_folders_say_what_to_do(folder, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(FileNotFoundError, match=r"there is no folder.*data_prep\.prepare"):
        PreparedData(tmp_path / "nowhere")
    for place, told in {
        "data/prepared/flickr8k/1.0.0": "--data_set=flickr8k --source=FOLDER`",
        "sets/coco/1.0.0": "--data_set=coco --source=FOLDER --output=sets`",
        "data/prepared/shapes/incomplete.a_1.0.0": "--data_set=shapes --source=FOLDER`",
        "data/prepared/mine/1.0.0": r".*\(a set of your own: --data_set=own_folder --name=mine;",
        "mine": "--help`",
    }.items():
        with pytest.raises(FileNotFoundError, match=f"`python -m data_prep.prepare {told}"):
            PreparedData(place)
    with pytest.raises(FileNotFoundError, match="holds no prepared data set"):
        PreparedData(tmp_path)
    with pytest.raises(FileNotFoundError, match=r"expected DATA_DIR/NAME/VERSION.*shapes/1\.0\.0"):
        PreparedData(folder.parent)


def test_broken_sets_say_what_to_do(copy):
    annotations = copy / "annotations_train.jsonl"
    content = annotations.read_text()
    annotations.write_text(content.replace("tag", "gat", 1))
    with pytest.raises(BrokenDataSet, match=r"annotations_train\.jsonl: expected sha256"):
        PreparedData(copy).annotations("train")
    annotations.unlink()
    with pytest.raises(BrokenDataSet, match=r"annotations_train\.jsonl: the file is missing"):
        PreparedData(copy).annotations("train")
    description = copy / "prepared.json"
    description.write_text(json.dumps({**json.loads(description.read_text()), "format": 0}))
    with pytest.raises(BrokenDataSet, match="format 0; this program reads format 1"):
        PreparedData(copy)
    description.write_text("{")
    with pytest.raises(BrokenDataSet, match=r"prepared\.json: not JSON"):
        PreparedData(copy)


_texts = st.lists(st.text(st.characters(codec="utf-8"))).map(tuple)


@given(
    st.builds(
        Annotation,
        image_id=st.integers(0, 2**63 - 1),
        file_name=st.text(st.characters(codec="utf-8")),
        photograph_sha256=st.just("0" * 64),
        captions=_texts,
        labels=_texts,
        tags=_texts,
    )
)
def test_annotations_survive_their_line(annotation):
    line = annotation.as_line()
    assert "\n" not in line
    assert "\r" not in line
    assert Annotation.from_line(line) == annotation
