import pytest

from s_cnn_rnn.whole_files import whole_file


def test_a_file_takes_the_place_of_the_old_one_when_it_is_whole(tmp_path):
    path = tmp_path / "scores.csv"
    path.write_text("old")
    with whole_file(path) as unfinished:
        unfinished.write_text("new")
        assert path.read_text() == "old"
        assert list(tmp_path.glob("*.csv")) == [path]
    assert path.read_text() == "new"
    assert list(tmp_path.iterdir()) == [path]


def write_half(path):
    with whole_file(path) as unfinished:
        unfinished.write_text("ne")
        raise OSError("disk full")


def test_nothing_is_left_of_one_that_was_not_finished(tmp_path):
    path = tmp_path / "scores.csv"
    path.write_text("old")
    with pytest.raises(OSError, match="disk"):
        write_half(path)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]
