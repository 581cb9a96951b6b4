"""From a folder in COCO's official layout to the two files that its server takes."""

import json
import pathlib

import pytest
from absl import flags
from absl.testing import flagsaver
from fabricated_photographs import jpeg
from finished_runs import SMALL_MODEL, untrained_run

from data_prep import source_flags
from data_prep.prepared_format import prepare
from data_prep.side_files import HowPrepared
from data_prep.vocabularies import VocabularySettings
from experiments.coco_results import coco_results
from experiments.evaluation_run import evaluate
from s_cnn_rnn.data.prepared import PreparedData
from s_cnn_rnn.scoring.results import read_results

TRAIN, VALIDATION, TEST = (9, 25, 30), (42, 73), (1, 14, 16, 27)
"""COCO's ids are not the places in a file."""


def write_official(folder: pathlib.Path, part: str, ids, captions: int) -> None:
    """Photographs and the file of a part; without captions as the official list of test2014."""
    (folder / part).mkdir(parents=True)
    (folder / "annotations").mkdir(exist_ok=True)
    images = [{"id": i, "file_name": f"COCO_{part}_{i:012d}.jpg", "height": 16} for i in ids]
    for image in images:
        (folder / part / image["file_name"]).write_bytes(jpeg(image["id"]))
    content = {"info": {"year": 2014}, "licenses": [], "images": images}
    if captions:
        content["annotations"] = [
            {"id": 100 * i + n, "image_id": i, "caption": f"A dog number {n} on the grass ."}
            for i in ids
            for n in range(captions)
        ]
    name = f"captions_{part}.json" if captions else f"image_info_{part}.json"
    (folder / "annotations" / name).write_text(json.dumps(content), "utf-8")


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> PreparedData:
    """train2014 with 5 captions each, val2014 with 40 (as c40 has them), test2014 with none."""
    source = tmp_path_factory.mktemp("coco")
    for part, ids, captions in (
        ("train2014", TRAIN, 5),
        ("val2014", VALIDATION, 40),
        ("test2014", TEST, 0),
    ):
        write_official(source, part, ids, captions)
    flags.FLAGS.mark_as_parsed()
    given = {
        "data_set": "coco_captions",
        "source": str(source),
        "unannotated_splits": ["test=annotations/image_info_test2014.json"],
    }
    with flagsaver.flagsaver(**given):
        row, options = source_flags.chosen()
    how = HowPrepared(options, VocabularySettings(minimum_count=1, concepts=4))
    return prepare(row, row.records(**options), tmp_path_factory.mktemp("prepared"), how=how)


@pytest.fixture(scope="module")
def run(data, tmp_path_factory):
    path = tmp_path_factory.mktemp("runs") / "ours_0"
    return untrained_run(path, data, model=SMALL_MODEL, stages={"joint": {"steps": 3}})


def test_the_server_gets_a_caption_of_each_photograph_by_its_official_id(run, data, tmp_path):
    assert data.splits == {"train": 3, "validation": 2, "test": 4}
    assert {annotation.captions for annotation in data.annotations("test")} == {()}
    for split, part, ids in (("test", "test2014", TEST), ("validation", "val2014", VALIDATION)):
        file = tmp_path / f"captions_{part}_ours_results.json"
        assert coco_results(str(run.path), split, str(file)) == len(ids)
        records = json.loads(file.read_text("utf-8"))
        assert [record["image_id"] for record in records] == sorted(ids)
        assert all(set(record) == {"image_id", "caption"} for record in records)
        assert all(record["caption"].strip() for record in records)


def test_photographs_that_nobody_annotated_are_not_scored(run):
    written = run.predictions("test")
    written.unlink(missing_ok=True)
    with pytest.raises(ValueError, match=r"nobody annotated a photograph of test with captions.*"):
        evaluate([str(run.path)], split="test", report=False)
    assert not written.exists()  # told before the split is captioned


@pytest.mark.filterwarnings("ignore:METEOR is missing")
def test_a_row_names_forty_references(run, tmp_path, without_java):
    results = tmp_path / "c40.csv"
    evaluate([str(run.path)], split="validation", results=str(results), report=False)
    rows = {row.metric: row for row in read_results(results)}
    assert "40 references" in rows["CIDEr"].protocol
    assert rows["BLEU-1"].value is not None
