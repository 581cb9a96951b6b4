"""The pointing game's program on a tiny run and fabricated boxes."""

import json

import pytest
from finished_runs import untrained_run

from experiments.box_annotations import boxed_photographs
from experiments.pointing_run import play
from s_cnn_rnn.annotator import Annotator
from s_cnn_rnn.measures.pointing_game import Box
from s_cnn_rnn.scoring.results import read_results

MODEL = {"units": 16, "word_embedding": 16, "longest": 5}


def instances(path, annotations, names=("dog", "dining table")):
    content = {
        "images": [
            {"id": 7, "file_name": "a.jpg", "width": 200, "height": 100},
            {"id": 9, "file_name": "b.jpg", "width": 100, "height": 100},
        ],
        "categories": [{"id": number, "name": name} for number, name in enumerate(names)],
        "annotations": [
            {"image_id": image, "category_id": category, "bbox": box}
            for image, category, box in annotations
        ],
    }
    path.write_text(json.dumps(content), "utf-8")
    return path


def test_boxes_are_parts_of_the_photograph(tmp_path):
    whole = (9, 0, [0, 0, 100, 100])
    path = instances(tmp_path / "i.json", [(7, 1, [50, 25, 100, 50]), whole])
    [found] = boxed_photographs(path, tmp_path)
    assert (found.image_id, found.path) == (7, tmp_path / "a.jpg")
    box = Box(0.25, 0.25, 0.75, 0.75)
    assert found.boxes == {"dining table": [box], "table": [box]}


def test_whole_photographs_are_no_boxes(tmp_path):
    path = instances(tmp_path / "i.json", [(9, 0, [0, 0, 100, 100])])
    with pytest.raises(ValueError, match="every box is a whole photograph"):
        list(boxed_photographs(path, tmp_path))
    path.write_text("{}", "utf-8")
    with pytest.raises(ValueError, match="COCO's instances format"):
        list(boxed_photographs(path, tmp_path))


def test_the_game_is_played(tiny_data, tmp_path, capsys):
    run = untrained_run(
        tmp_path / "run", tiny_data, system="ours", model=MODEL, decoding={"width": 1}
    )
    for name, jpeg in zip(
        ("a.jpg", "b.jpg"), tiny_data.photographs("validation", [0, 1]), strict=True
    ):
        (tmp_path / name).write_bytes(jpeg)
    [first] = Annotator.from_run(run.path).annotate([tmp_path / "a.jpg"])
    boxes = [(7, 0, [0, 0, 100, 100]), (9, 0, [0, 0, 100, 50])]
    path = instances(tmp_path / "i.json", boxes, names=(first.words[0], "nothing"))
    play(
        str(run.path),
        list(boxed_photographs(path, tmp_path)),
        name="i",
        results=str(tmp_path / "r.csv"),
        command="this",
    )
    assert "pointing, map" in capsys.readouterr().out
    rows = {row.metric: row for row in read_results(tmp_path / "r.csv")}
    assert rows["pointing, random"].value == pytest.approx(0.5)
    assert rows["pointing, centre"].value == 1.0
    assert rows["pointing, map"].split == "i"
