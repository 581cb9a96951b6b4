import collections
import json
import os

import pytest
from fabricated_photographs import jpeg, only

from data_prep import photo_library
from data_prep.data_sets import DATA_SETS
from data_prep.photo_library import frequent_keywords, records
from data_prep.prepared_format import prepare
from data_prep.records import BadData, Problem, Record

pytest.importorskip("exiv2", reason="exiv2 is not installed (the extra `metadata`)")

from s_cnn_rnn.metadata.metadata_writing import add_to_photograph, add_to_sidecar
from s_cnn_rnn.metadata.photograph_metadata import Metadata


@pytest.fixture
def library(tmp_path):
    """Twelve photographs, every second "Dog", every third "sea" (in a sidecar), one rare keyword.

    Number 3 carries what a model wrote besides, 7 nothing but that, 5 and 11 nothing.
    """
    folder = tmp_path / "Photos 2026"
    (folder / "deep").mkdir(parents=True)
    for number in range(12):
        path = folder / ("deep" if number % 2 else "") / f"{number}.jpg"
        path.write_bytes(jpeg(number))
        keywords = [name for name, every in (("Dog", 2), ("sea", 3)) if number % every == 0]
        if number == 4:
            keywords[0] = "dog"
        caption = "A dog runs" if number == 6 else ""
        own = Metadata((*keywords, *(["rare"] if number == 1 else [])), caption)
        if number in (3, 7):
            own = own.with_addition(["machine"], "a machine wrote this", "run")
        if own.keywords or own.caption:
            (add_to_sidecar if number % 3 == 0 else add_to_photograph)(path, own)
    return folder


def test_keywords_become_labels_and_captions_captions(library, monkeypatch):
    monkeypatch.setattr(photo_library, "FEWEST_CAPTIONS", 1)
    found = {r.file_name: r for r in only(records(library, minimum_photographs=2), Record)}
    expected = {
        "0.jpg": ("Dog", "sea"),
        "2.jpg": ("Dog",),
        "4.jpg": ("Dog",),  # as most spell it
        "6.jpg": ("Dog", "sea"),
        "8.jpg": ("Dog",),
        "10.jpg": ("Dog",),
        "deep/3.jpg": ("sea",),
        "deep/9.jpg": ("sea",),
    }
    assert {name: record.labels for name, record in found.items()} == expected
    captions = {name: record.captions for name, record in found.items() if record.captions}
    assert captions == {"6.jpg": ("A dog runs",)}


def test_what_is_left_out_is_told(library):
    told = [str(problem) for problem in only(records(library, minimum_photographs=2), Problem)]
    machine = "1 have only keywords or captions that this program wrote; those are not learnt"
    assert any(f"neither in 3 of 12; {machine}" in line for line in told)
    assert any("1 that have not" in line for line in told)
    assert any("captions of at least 20 photographs; found 1" in line for line in told)


def test_the_split_depends_on_contents_alone(library):
    def splits():
        return {r.photograph.name: r.split for r in only(records(library, 2), Record)}

    before = splits()
    assert collections.Counter(before.values())["validation"] >= 1
    (library / "deep").rename(library / "another")
    assert splits() == before


def test_damaged_metadata_are_left_out_and_told(library):
    (library / "0.jpg.xmp").write_text("<x", "utf-8")
    items = list(records(library, 2))
    assert "0.jpg" not in {record.file_name for record in only(items, Record)}
    assert any("0.jpg.xmp" in str(problem) for problem in only(items, Problem))


def test_a_library_without_anything_is_refused(library, tmp_path):
    with pytest.raises(BadData, match="no such folder"):
        list(records(tmp_path / "none"))
    (tmp_path / "empty").mkdir()
    with pytest.raises(BadData, match="no picture file"):
        list(records(tmp_path / "empty"))
    plain = tmp_path / "plain"
    plain.mkdir()
    (plain / "a.jpg").write_bytes(jpeg(1))
    with pytest.raises(BadData, match="in 1 photographs; give some of them keywords in a photo"):
        list(records(plain))
    (plain / "b.jpg").write_bytes(jpeg(2))
    add_to_sidecar(plain / "b.jpg", Metadata().with_addition(["machine"], None, "run"))
    with pytest.raises(
        BadData, match=r"in 2 photographs; 1 have only .* this program wrote; those"
    ):
        list(records(plain))
    add_to_sidecar(plain / "a.jpg", Metadata(("dog",)))
    with pytest.raises(BadData, match="smaller --minimum_photographs"):
        list(records(plain))


def test_it_can_be_prepared(library, tmp_path):
    row = DATA_SETS["photo_library"]
    data = prepare(row, row.records(source=library, minimum_photographs=2), tmp_path / "prepared")
    assert sum(data.splits.values()) == 8
    with pytest.raises(FileNotFoundError):
        data.vocabulary("captions")
    assert set(data.vocabulary("labels").words) == {"Dog", "sea"}


def test_names_that_are_no_utf8(library, tmp_path):
    """They are learnt from as any other; what is told of them is UTF-8 too."""
    (library / "0.jpg").rename(library / os.fsdecode(b"z\xe9ro.jpg"))
    (library / "0.jpg.xmp").rename(library / os.fsdecode(b"z\xe9ro.jpg.xmp"))
    (library / os.fsdecode(b"broken\xff.jpg.xmp")).write_text("<x", "utf-8")
    (library / os.fsdecode(b"broken\xff.jpg")).write_bytes(jpeg(20))
    row = DATA_SETS["photo_library"]
    data = prepare(row, row.records(source=library, minimum_photographs=2), tmp_path / "prepared")
    names = {item.file_name for split in data.splits for item in data.annotations(split)}
    assert r"z\xe9ro.jpg" in names
    assert len(names) == 8
    told = (data.folder / "skipped.jsonl").read_text("utf-8").splitlines()
    assert any(r"broken\xff.jpg.xmp" in json.loads(line)["reason"] for line in told)


def test_spellings_of_one_keyword_are_one_label(library):
    composed, apart = "caf\u00e9", "cafe\u0301"
    for name, keywords in (("0", (apart,)), ("2", (apart,)), ("4", (composed, "Café"))):
        (library / f"{name}.jpg.xmp").unlink(missing_ok=True)
        (library / f"{name}.jpg").write_bytes(jpeg(int(name)))
        add_to_sidecar(library / f"{name}.jpg", Metadata(keywords))
    found = {r.file_name: r.labels for r in only(records(library, 3), Record)}
    assert [found[f"{name}.jpg"] for name in (0, 2, 4)] == [(composed,)] * 3


def test_spellings_join():
    lists = [["Dog"], ["dog"], ["dog", "DOG"], ["cat"]]
    assert frequent_keywords(lists, 3) == {"dog": "DOG"}
    assert frequent_keywords([["b"], ["b"], ["a"]], 2) == {"b": "b"}
