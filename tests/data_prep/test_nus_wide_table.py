import collections

import pytest
from fabricated_photographs import only

from data_prep import nus_wide_table
from data_prep.records import BadData, LabelNames, Problem, Record

HEADER = "image\tphoto_id\tlabels81\tuser_tags\n"


@pytest.fixture
def source(tmp_path):
    (tmp_path / "Concepts81.txt").write_text("lake\nmap\nsky\n")
    rows = [f"{n:04d}_{n}.jpg\t{n}\t{n % 2}0{n % 3 % 2}\tsky  t{n} sky\n" for n in range(20)]
    (tmp_path / "part.tsv").write_text(HEADER + "".join(rows))
    return tmp_path


def read(source, **options):
    options = {"validation_photographs": 3, "test_photographs": 4, **options}
    return list(nus_wide_table.records(source, without_photographs=True, **options))


def test_rows(source):
    found = read(source)
    assert found[0] == LabelNames(("lake", "map", "sky"))
    records = only(found, Record)
    assert len(records) == len(found) - 1 == 20
    assert [r.labels for r in records[:4]] == [(), ("lake", "sky"), (), ("lake",)]
    assert records[5].tags == ("sky", "t5")
    assert (records[5].file_name, records[5].line) == ("0005_5.jpg", 7)
    assert records[5].photograph is None


def test_split_by_seed_and_name(source):
    records = only(read(source), Record)
    splits = {r.file_name: r.split for r in records}
    assert collections.Counter(splits.values()) == {"train": 13, "validation": 3, "test": 4}
    table = source / "part.tsv"
    head, *rows = table.read_text().splitlines(keepends=True)
    table.write_text(head + "".join(rows[::-1]))
    assert {r.file_name: r.split for r in only(read(source), Record)} == splits
    other = {r.file_name: r.split for r in only(read(source, split_seed=1), Record)}
    assert other != splits
    with pytest.raises(BadData, match="found 20, of which 17 for test and 3 for validation"):
        read(source, test_photographs=17)


def test_tag_list_and_photographs(source):
    (source / "list.txt").write_text("t5\n")
    assert only(read(source, tag_list="list.txt"), Record)[5].tags == ("t5",)
    with pytest.raises(BadData, match="expected a folder of photographs"):
        list(nus_wide_table.records(source))
    (source / "images").mkdir()
    records = only(nus_wide_table.records(source, 0, 3, 4), Record)
    assert records[5].photograph == source / "images" / "0005_5.jpg"


def test_bad_rows_are_told(source):
    table = source / "part.tsv"
    lines = table.read_text().splitlines()
    lines[2] = "0001_1.jpg\t1\t-\tsky"
    lines[3] = "0002_2.jpg\t2\t001"
    lines[4] = lines[5]
    table.write_text("\n".join(lines))
    found = only(read(source), Problem)
    assert [(p.line, p.record) for p in found] == [(3, "0001_1.jpg"), (4, ""), (6, "0004_4.jpg")]
    assert "expected 3 times 0 or 1 as labels81; found 1 characters" in str(found[0])
    assert "line 5 has it, too" in str(found[2])
    assert len(only(read(source), Record)) == 17


def test_other_tables_are_refused(source):
    table = source / "part.tsv"
    table.write_text(table.read_text().replace("photo_id", "id"))
    (problem,) = only(read(source), Problem)
    assert (problem.line, problem.severity) == (1, "refuse")
    (source / "other.tsv").write_text("")
    with pytest.raises(BadData, match=r"expected one \.tsv file; found other\.tsv, part\.tsv"):
        read(source)


def test_shared_part(shared_data):
    """10,500 rows, of which one has no labels; SPEC: 6.10 of the 1,000 official tags on average."""
    found = list(
        nus_wide_table.records(
            shared_data / "nus_wide", tag_list="TagList1k.txt", without_photographs=True
        )
    )
    (problem,) = only(found, Problem)
    assert (problem.line, problem.record) == (4468, "0023_2625248438.jpg")
    records = only(found, Record)
    assert collections.Counter(r.split for r in records) == {
        "train": 8_499,
        "validation": 1_000,
        "test": 1_000,
    }
    assert len(found[0].names) == 81
    assert sum(len(r.tags) for r in records) / len(records) == pytest.approx(6.10, abs=0.2)
