import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from s_cnn_rnn.caption_metrics import (
    check_coco_results,
    read_coco_results,
    write_coco_results,
)


def test_the_format_is_cocos(tmp_path):
    path = tmp_path / "results.json"
    write_coco_results(path, {np.int64(42): "a café", 7: 'a "dog"'})
    assert json.loads(path.read_text("utf-8")) == [
        {"image_id": 7, "caption": 'a "dog"'},
        {"image_id": 42, "caption": "a café"},
    ]
    assert [p.name for p in tmp_path.iterdir()] == ["results.json"]


@settings(max_examples=30, deadline=None)
@given(st.dictionaries(st.integers(0, 10**12), st.text(st.characters(codec="utf-8")), min_size=1))
def test_what_is_written_is_read(tmp_path_factory, captions):
    path = tmp_path_factory.mktemp("results") / "results.json"
    write_coco_results(path, captions)
    assert read_coco_results(path, captions.keys()) == captions


@pytest.mark.parametrize(
    ("captions", "message"),
    [
        ({}, "no captions"),
        ({"7": "a dog"}, "image_id must be a whole number, not '7'"),
        ({True: "a dog"}, "image_id must be a whole number, not True"),
        ({7: ["a dog"]}, r"photograph 7: caption must be text, not \['a dog'\]"),
    ],
)
def test_wrong_captions_are_not_written(tmp_path, captions, message):
    path = tmp_path / "results.json"
    with pytest.raises(ValueError, match=message):
        write_coco_results(path, captions)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("no json", "results.json: no JSON"),
        ('{"image_id": 1}', "expected a list of records, got dict"),
        ('[{"image_id": 1}]', "record 1: expected an object with image_id and caption"),
        ('[{"image_id": 1, "caption": "a"}, 5]', "record 2: expected an object"),
        ('[{"image_id": 1.5, "caption": "a"}]', "record 1: image_id must be a whole number"),
        ('[{"image_id": 1, "caption": null}]', "record 1: photograph 1: caption must be text"),
        (
            '[{"image_id": 1, "caption": "a"}, {"image_id": 1, "caption": "b"}]',
            "record 2: photograph 1 has a caption already",
        ),
    ],
)
def test_wrong_files_are_named(tmp_path, text, message):
    path = tmp_path / "results.json"
    path.write_text(text)
    with pytest.raises(ValueError, match=message):
        read_coco_results(path)


def test_another_splits_photographs_are_named(tmp_path):
    path = tmp_path / "results.json"
    write_coco_results(path, {1: "a", 2: "b"})
    with pytest.raises(ValueError, match=r"1 photographs have no caption \(first: \[3\]\), 1 are"):
        read_coco_results(path, [1, 3])


def test_what_the_server_would_take_is_counted_and_empty_captions_are_named(tmp_path):
    path = tmp_path / "results.json"
    write_coco_results(path, {1: "a dog", 2: "b"})
    assert check_coco_results(path, [1, 2]) == 2
    write_coco_results(path, {1: " ", 2: "b", 7: ""})
    with pytest.raises(ValueError, match=r"2 captions are empty \(first: photographs \[1, 7\]\)"):
        check_coco_results(path, [1, 2, 7])
