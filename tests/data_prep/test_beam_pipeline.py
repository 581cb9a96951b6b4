"""Shards made on Apache Beam are those made here."""

import sys

import pytest
from fabricated_photographs import jpeg

from data_prep import beam_pipeline, plan
from data_prep.data_sets import DATA_SETS
from data_prep.prepared_format import prepare
from data_prep.records import BadData, Record
from data_prep.side_files import HowPrepared
from data_prep.vocabularies import VocabularySettings

RUNNER = ("runner=DirectRunner",)
ROW = DATA_SETS["own_folder"]


def records(photographs=True):
    """27 of train in 14 shards, the sixth with one damaged, and three of validation in two."""
    for number in range(30):
        content = b"damaged" if number == 11 else jpeg(number)
        yield Record(
            "annotations.csv",
            number + 1,
            f"{number}.jpg",
            content if photographs else None,
            "train" if number < 27 else "validation",
            labels=("odd",) if number % 2 else ("even",),
        )


@pytest.fixture
def small_shards(monkeypatch):
    pytest.importorskip("apache_beam", reason="apache-beam is not installed (the extra `beam`)")
    monkeypatch.setattr(plan, "SHARD_RECORDS", 2)


@pytest.fixture
def here_and_there(small_shards, tmp_path):
    """Prepares the same records without and with Beam."""

    def run(**how):
        how = HowPrepared(vocabulary=VocabularySettings(minimum_count=1), **how)
        return [
            prepare(ROW, records(how.photographs), tmp_path / name, how=how, beam=options)
            for name, options in (("here", ()), ("there", RUNNER))
        ]

    return run


def test_the_same_set(here_and_there):
    here, there = here_and_there()
    assert there.splits == here.splits == {"train": 26, "validation": 3}
    assert there.digest == here.digest
    names = sorted(path.name for path in here.folder.iterdir())
    assert sorted(path.name for path in there.folder.iterdir()) == names
    for split, size in here.splits.items():
        places = range(size)
        assert there.photographs(split, places) == here.photographs(split, places)
    skipped = [(data.folder / "skipped.jsonl").read_text() for data in (here, there)]
    assert skipped[0] == skipped[1] != ""


def test_the_same_annotations_alone(here_and_there):
    here, there = here_and_there(photographs=False)
    assert there.splits == here.splits == {"train": 27, "validation": 3}
    assert there.digest == here.digest


def test_a_bad_record_stops_it(small_shards, tmp_path):
    options = {"on_bad_record": "fail", "beam": RUNNER}
    with pytest.raises(BadData, match=r"annotations\.csv:12 \(11\.jpg\)"):
        prepare(ROW, records(), tmp_path, **options)
    assert not list(tmp_path.rglob("prepared.json"))


def test_without_apache_beam(monkeypatch):
    monkeypatch.setitem(sys.modules, "apache_beam", None)
    with pytest.raises(BadData, match=r"cannot be imported.*extra `beam`"):
        beam_pipeline.run(print, [1], RUNNER)
