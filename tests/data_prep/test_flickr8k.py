import pytest
from fabricated_photographs import only, write_flickr8k

from data_prep import flickr8k as module
from data_prep.data_sets import DATA_SETS
from data_prep.records import Problem, Record
from s_cnn_rnn.vocabulary import tokenise
from s_cnn_rnn.vocabulary_building import caption_vocabulary


def read(source):
    items = list(module.records(source))
    return only(items, Record), only(items, Problem)


def test_records_follow_the_split_files(flickr8k):
    records, problems = read(flickr8k)
    assert [(r.file_name, r.split) for r in records] == [
        ("a.jpg", "train"),
        ("b.jpg", "train"),
        ("c.jpg", "train"),
        ("d.jpg", "validation"),
        ("e.jpg", "validation"),
    ]
    assert records[1].captions == ("A dog runs in train .", "The dog of b.jpg .")
    assert records[1].source == str(flickr8k / "Flickr_8k.trainImages.txt")
    assert records[1].line == 2
    assert records[1].photograph == flickr8k / "images" / "b.jpg"
    assert problems == []


def test_test_split_is_optional(tmp_path):
    splits = {"train": ["a.jpg"], "validation": ["b.jpg"], "test": ["c.jpg"]}
    records, problems = read(write_flickr8k(tmp_path / "whole", splits))
    assert [r.split for r in records] == ["train", "validation", "test"]
    assert problems == []


def test_original_folder_name(flickr8k):
    (flickr8k / "images").rename(flickr8k / "Flicker8k_Dataset")
    records, _ = read(flickr8k)
    assert records[0].photograph == flickr8k / "Flicker8k_Dataset" / "a.jpg"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("a.jpg 3 No tab", "expected FILE#n<TAB>caption; found 'a.jpg 3 No tab'"),
        ("a.jpg#2\t  ", "(a.jpg#2): expected a caption; found an empty one"),
        ("a.jpg#1\tTwice .", "(a.jpg#1): expected one caption of number 1"),
        (b"a.jpg#2\tA caf\xe9 .", "expected UTF-8 text; found byte 0xe9 at byte 14 of the line"),
    ],
)
def test_bad_caption_lines_are_told_by_file_and_line(flickr8k, line, message):
    path = flickr8k / "Flickr8k.token.txt"
    line = line if isinstance(line, bytes) else line.encode()
    path.write_bytes(path.read_bytes() + line + b"\n")
    records, problems = read(flickr8k)
    (problem,) = problems
    assert str(problem).startswith(f"{path}:11")
    assert message in str(problem)
    assert problem.severity == "skip"
    assert records[0].captions == ("A dog runs in train .", "The dog of a.jpg .")


def test_known_oddities_are_notes(flickr8k):
    path = flickr8k / "Flickr8k.token.txt"
    odd = "2258277193_586949ec62.jpg.1#0\tPeople on skis .\nz.jpg#0\tIn no split .\n"
    path.write_text(path.read_text() + odd)
    for name in ("z.jpg", "nobody.jpg"):
        (flickr8k / "images" / name).write_bytes(b"")
    records, problems = read(flickr8k)
    assert len(records) == 5
    assert {(p.record, p.severity) for p in problems} == {
        ("2258277193_586949ec62.jpg.1", "note"),
        ("z.jpg", "note"),
        ("nobody.jpg", "note"),
    }
    assert {p.line for p in problems} == {11, 12, 0}


def test_caption_of_a_photograph_that_is_not_there(flickr8k):
    path = flickr8k / "Flickr8k.token.txt"
    path.write_text(path.read_text() + "gone.jpg#0\tA cat .\n")
    _, (problem,) = read(flickr8k)
    assert problem.severity == "skip"
    assert f"{path}:11 (gone.jpg)" in str(problem)
    assert "no such photograph" in problem.found


def test_photograph_without_captions(flickr8k):
    path = flickr8k / "Flickr_8k.devImages.txt"
    path.write_text("d.jpg\nnew.jpg\ne.jpg\n")
    records, (problem,) = read(flickr8k)
    assert str(problem).startswith(f"{path}:2 (new.jpg): expected captions")
    assert [r.file_name for r in records if r.split == "validation"] == ["d.jpg", "e.jpg"]


def test_missing_files_refuse(flickr8k, tmp_path):
    (flickr8k / "Flickr_8k.devImages.txt").unlink()
    _, problems = read(flickr8k)
    (problem,) = [p for p in problems if p.severity == "refuse"]
    assert str(problem).startswith(str(flickr8k / "Flickr_8k.devImages.txt"))
    assert problem.found == "No such file or directory"
    _, (problem,) = read(tmp_path / "nowhere")
    assert problem.severity == "refuse"
    assert "no such folder" in str(problem)


def test_published_counts_and_coverage(shared_data):
    records, problems = read(shared_data / "flickr8k")
    splits = {"train": 0, "validation": 0}
    for record in records:
        splits[record.split] += 1
    assert splits == {"train": 6_000, "validation": 1_000}
    assert {len(record.captions) for record in records} == {5}
    assert problems == []
    assert DATA_SETS["flickr8k"].count_problems(splits) == []
    captions = [c for record in records if record.split == "train" for c in record.captions]
    vocabulary = caption_vocabulary((tokenise(caption) for caption in captions), concepts=1_000)
    assert vocabulary.concept_coverage == pytest.approx(0.927, abs=0.005)
