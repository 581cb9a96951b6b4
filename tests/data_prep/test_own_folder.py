import csv
import json
import statistics

import pytest
from fabricated_photographs import jpeg, only
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from data_prep import own_annotations, own_folder
from data_prep.records import BadData, Problem, Record
from experiments.annotation_forms import CSV_COLUMNS, FORMS, csv_line
from s_cnn_rnn.annotating.annotation import Annotation, PredictedConcept
from s_cnn_rnn.decoding.hypotheses import Hypothesis


def folder_of(tmp_path, count=10):
    for number in range(count):
        (tmp_path / f"{number}.jpg").write_bytes(jpeg(number))
    return tmp_path


def read(source, **options):
    items = list(own_folder.records(source, **options))
    return only(items, Record), only(items, Problem)


def test_csv_with_one_caption_a_row(tmp_path):
    folder_of(tmp_path, 2)
    (tmp_path / "captions.csv").write_text(
        'file_name,caption,tags\n0.jpg,"A dog, running",a|b\n1.jpg,A cat,\n0.jpg,The dog,b|c\n'
    )
    records, problems = read(tmp_path)
    assert problems == []
    assert [r.captions for r in records] == [("A dog, running", "The dog"), ("A cat",)]
    assert [r.tags for r in records] == [("a", "b", "c"), ()]
    assert (records[1].source, records[1].line) == (str(tmp_path / "captions.csv"), 3)


@pytest.mark.parametrize(("delimiter", "separator"), [(",", "|"), (";", "|"), ("\t", ";")])
def test_csv_with_several_captions_in_a_field(tmp_path, delimiter, separator):
    folder_of(tmp_path, 2)
    with (tmp_path / "a.csv").open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file, delimiter=delimiter)
        writer.writerow(["file_name", "captions", "labels", "split"])
        writer.writerow(["0.jpg", separator.join(["A dog,\nrunning", "One dog"]), "", "train"])
        writer.writerow(["1.jpg", "A cat", separator.join(["cat", "cat", "pet"]), "val"])
    records, problems = read(tmp_path, separator=separator)
    assert problems == []
    assert records[0].captions == ("A dog, running", "One dog")
    assert records[1].labels == ("cat", "pet")
    assert [r.split for r in records] == ["train", "validation"]
    assert [r.line for r in records] == [2, 4]  # the first row has a line break in a field


def test_json_lines_with_a_file_for_each_split(tmp_path):
    folder_of(tmp_path, 3)
    rows = [{"file_name": f"{n}.jpg", "labels": ["l"] * n, "tags": ["t"]} for n in range(3)]
    (tmp_path / "train.jsonl").write_text("\n".join(map(json.dumps, rows[:2])))
    (tmp_path / "val.jsonl").write_text(json.dumps(rows[2]) + "\n\n")
    files = {"train": "train.jsonl", "validation": "val.jsonl"}
    records, problems = read(tmp_path, annotations=files)
    assert problems == []
    assert [(r.split, r.labels) for r in records] == [
        ("train", ()),  # a photograph without labels is one of those labels have
        ("train", ("l",)),
        ("validation", ("l",)),
    ]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('{"file_name": "0.jpg"', ":2: expected one JSON object a line; found"),
        ("[1]", ":2: expected a JSON object"),
        ('{"caption": "x"}', ":2: expected `file_name`; found none"),
        ('{"file_name": "0.jpg", "captions": "x"}', ":2: expected `captions` as a list of texts"),
        ('{"file_name": 3, "caption": "x"}', ":2: expected `file_name` as text; found 3"),
        ('{"file_name": "0.jpg", "caption": " "}', ":2 (0.jpg): expected a caption; found 1 empty"),
        ('{"file_name": "0.jpg", "captions": []}', ":2 (0.jpg): expected a caption; found 1 empty"),
        ('{"file_name": "0.jpg", "tags": ["x"]}', ":2 (0.jpg): expected captions or labels"),
        ('{"file_name": "1.jpg", "captions": ["x"]}', ":2 (1.jpg): expected every photograph in"),
        (
            '{"file_name": "0.jpg", "caption": "x", "split": "exam"}',
            ":2 (0.jpg): expected one of train, validation, test; found split 'exam'",
        ),
    ],
)
def test_bad_json_lines_are_told_by_file_and_line(tmp_path, line, message):
    folder_of(tmp_path, 2)
    path = tmp_path / "a.jsonl"
    path.write_text('{"file_name": "1.jpg", "captions": ["A cat"]}\n' + line + "\n")
    records, problems = read(tmp_path)
    told = [p for p in problems if p.severity == "skip"]
    assert len(told) == 1
    assert str(told[0]).startswith(f"{path}{message}")
    assert [r.captions for r in records] == [("A cat",)]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (b"0.jpg,A dog, running", ":3: expected 2 fields (file_name, caption); found 3"),
        (b",A dog", ":3: expected `file_name`; found none"),
        (b"0.jpg,", ":3 (0.jpg): expected a caption; found 1 empty"),
        (b"0.jpg,Caf\xe9", ":3: expected UTF-8 text; found byte 0xe9 at byte 10"),
    ],
)
def test_bad_csv_lines_are_told_by_file_and_line(tmp_path, line, message):
    folder_of(tmp_path, 3)
    path = tmp_path / "a.csv"
    path.write_bytes(b"file_name,caption\n1.jpg,A cat\n" + line + b"\n2.jpg,A cow\n")
    records, problems = read(tmp_path)
    told = [p for p in problems if p.severity == "skip"]
    assert len(told) == 1
    assert str(told[0]).startswith(f"{path}{message}")
    assert [(r.file_name, r.line) for r in records] == [("1.jpg", 2), ("2.jpg", 4)]


def test_which_annotation_file_must_be_clear(tmp_path):
    with pytest.raises(BadData, match=r"found none.*--annotations"):
        read(tmp_path)
    (tmp_path / "a.csv").write_text("name,caption\n0.jpg,A dog\n")
    _, problems = read(tmp_path)
    assert problems[0].severity == "refuse"
    assert "a.csv:1: expected a header that names file_name" in str(problems[0])
    (tmp_path / "b.jsonl").write_text("")
    with pytest.raises(BadData, match=r"found a\.csv, b\.jsonl"):
        read(tmp_path)
    with pytest.raises(BadData, match="no such folder"):
        read(tmp_path / "nowhere")


def annotated(kind, form):
    """What annotate writes of a photograph, as a whole file."""
    best = Hypothesis.of_words(("dog", "sea"), kind, -1.5)
    annotation = Annotation("0.jpg", kind, (best,), (PredictedConcept("dog", 0.9, None),))
    header = [csv_line(CSV_COLUMNS)] if form == "csv" else []
    return "\n".join([*header, FORMS[form]([annotation], 3)]) + "\n"


@pytest.mark.parametrize("kind", ["captions", "labels"])
@pytest.mark.parametrize("name", ["a.csv", "a.jsonl", "a.json"])
def test_what_annotate_wrote_is_not_learnt_by_accident(tmp_path, kind, name):
    folder_of(tmp_path, 1)
    written = annotated(kind, "csv" if name == "a.csv" else "json")
    (tmp_path / name).write_text(written, "utf-8")
    with pytest.raises(BadData, match=rf"{name} alone, written by annotate.*--annotations={name}"):
        read(tmp_path)
    (tmp_path / name).write_text(written.replace(",", ";") if name == "a.csv" else written)
    with pytest.raises(BadData, match="written by annotate"):  # as a spreadsheet saves it
        read(tmp_path)
    if kind == "captions":
        records, _ = read(tmp_path, annotations={"": name})
        assert [r.captions for r in records] == [("dog sea",)]


def write_captions(folder, names, split=""):
    lines = "".join(f"{name},A dog{split}\n" for name in names)
    (folder / "a.csv").write_text("file_name,caption" + (",split\n" if split else "\n") + lines)


def splits(folder, **options):
    return {r.file_name: r.split for r in read(folder, **options)[0]}


def test_made_split_depends_on_contents_and_seed_alone(tmp_path):
    folder_of(tmp_path)
    names = [f"{n}.jpg" for n in range(10)]
    write_captions(tmp_path, names)
    first = splits(tmp_path, validation_part=0.3)
    assert sorted(first.values()) == ["train"] * 7 + ["validation"] * 3
    write_captions(tmp_path, names[::-1])
    assert splits(tmp_path, validation_part=0.3) == first
    assert splits(tmp_path, validation_part=0.3, split_seed=1) != first
    (tmp_path / "0.jpg").rename(tmp_path / "zero.jpg")
    write_captions(tmp_path, ["zero.jpg", *names[1:]])
    assert splits(tmp_path, validation_part=0.3)["zero.jpg"] == first["0.jpg"]


def test_copies_stay_together(tmp_path):
    folder_of(tmp_path)
    names = [f"{n}.jpg" for n in range(10)]
    for name in names:
        (tmp_path / f"copy_{name}").write_bytes((tmp_path / name).read_bytes())
    write_captions(tmp_path, names + [f"copy_{name}" for name in names])
    found = splits(tmp_path, validation_part=0.5)
    assert all(found[name] == found[f"copy_{name}"] for name in names)
    assert set(found.values()) == {"train", "validation"}


def test_same_picture_in_two_given_splits_is_left_out(tmp_path):
    folder_of(tmp_path, 2)
    (tmp_path / "copy.jpg").write_bytes((tmp_path / "0.jpg").read_bytes())
    (tmp_path / "a.csv").write_text(
        "file_name,caption,split\n0.jpg,A dog,train\n1.jpg,A cat,test\ncopy.jpg,It,test\n"
    )
    records, (problem,) = read(tmp_path)
    assert [r.file_name for r in records] == ["0.jpg", "1.jpg"]
    assert str(problem).startswith(f"{tmp_path / 'a.csv'}:4 (copy.jpg): expected every photograph")
    assert "0.jpg" in problem.found
    assert problem.severity == "skip"


def test_same_name_in_two_splits_is_left_out(tmp_path):
    folder_of(tmp_path, 2)
    (tmp_path / "a.csv").write_text(
        "file_name,caption,split\n0.jpg,A dog,train\n1.jpg,A cat,test\n0.jpg,It,test\n"
    )
    records, (problem,) = read(tmp_path)
    assert [r.captions for r in records] == [("A dog",), ("A cat",)]
    assert ":4 (0.jpg)" in str(problem)
    assert "in another split (train, here test)" in problem.found


def test_a_missing_split_among_given_ones_is_told(tmp_path):
    folder_of(tmp_path, 2)
    (tmp_path / "a.csv").write_text("file_name,caption,split\n0.jpg,A dog,train\n1.jpg,A cat,\n")
    records, (problem,) = read(tmp_path)
    assert [r.file_name for r in records] == ["0.jpg"]
    assert ":3 (1.jpg): expected a split" in str(problem)


def test_photographs_that_nobody_annotated_are_notes(tmp_path):
    folder_of(tmp_path, 3)
    write_captions(tmp_path, ["0.jpg", "1.jpg"])
    _, (problem,) = read(tmp_path)
    assert (problem.record, problem.severity) == ("2.jpg", "note")


_text = st.text(st.characters(codec="utf-8", exclude_characters="|\r\n\0"), max_size=20)


@given(rows=st.lists(st.tuples(_text, _text), min_size=1, max_size=5))
@settings(
    max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_csv_as_python_writes_it_is_read_back(tmp_path, rows):
    path = tmp_path / "a.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("file_name", "caption"), *rows])
    found = list(own_annotations.rows(path, "|"))
    for row, (name, caption) in zip(
        found, [r for r in rows if any(map(str.strip, r))], strict=True
    ):
        if name.strip():
            assert row.file_name == name.strip()
            assert row.captions == ((" ".join(caption.split()),) if caption.strip() else ())
        else:
            assert row.expected == "`file_name`"


def test_mirflickr(shared_data):
    """The counts of its README; the split is the two files'."""
    files = {"train": "train.jsonl", "validation": "val.jsonl"}
    records, problems = read(shared_data / "mirflickr", annotations=files)
    assert problems == []
    assert [sum(r.split == split for r in records) for split in files] == [7_000, 1_500]
    assert len({label for r in records for label in r.labels}) == 24
    assert statistics.median(len(r.tags) for r in records) == 9
    first = json.loads((shared_data / "mirflickr" / "val.jsonl").read_text("utf-8").splitlines()[0])
    assert records[7_000].labels == tuple(first["labels"])
    assert records[7_000].tags == tuple(dict.fromkeys(first["tags"]))
