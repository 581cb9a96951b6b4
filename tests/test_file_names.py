import os
import subprocess

from s_cnn_rnn.file_names import how_far_right, shown_name, shown_text

NAMES = (
    b"dog.jpg",
    "Köln/Müller 1.jpg".encode(),
    b"C:\\photos\\new\\x.jpg",
    b"f\xe9.jpg",
    b"f\\xe9.jpg",
    b"f\\\xe9.jpg",
    b"f\\x5cxe9.jpg",
    b"two\nlines\r.jpg",
    b"two\\x0alines\\x0d.jpg",
    b"    four spaces.jpg",
    b"\\x20   four spaces.jpg",
)


def test_each_name_is_one_line_of_utf8_and_no_others():
    shown = [shown_name(os.fsdecode(name)) for name in NAMES]
    assert len(set(shown)) == len(NAMES)
    for line in shown:
        assert line.encode("utf-8").decode("utf-8").splitlines() == [line]
        assert not line.startswith("    ")
    assert shown[:3] == [name.decode() for name in NAMES[:3]]
    assert shown[3:5] == ["f\\xe9.jpg", "f\\x5cxe9.jpg"]


def test_a_shell_gives_the_name_back():
    for name in (b"f\xe9.jpg", b"two\nlines\r.jpg", b"f\\xe9.jpg"):
        shown = shown_name(os.fsdecode(name))
        made = subprocess.run(["bash", "-c", 'printf %b "$1"', "-", shown], capture_output=True)
        assert made.stdout == name


def test_messages_keep_what_they_quote():
    assert shown_text(r"begins with b'\xff\xd8'") == r"begins with b'\xff\xd8'"
    assert shown_text(os.fsdecode(b"no /f\xe9: lost")) == r"no /f\xe9: lost"


def test_how_far_a_wrong_path_is_right(tmp_path, monkeypatch):
    (tmp_path / "notes.txt").write_text("sunny")
    wrong = f"{tmp_path} is there, holidays is not in it"
    assert how_far_right(tmp_path / "holidays" / "beach" / "a.jpg") == wrong
    assert how_far_right(tmp_path / "notes.txt") == f"{tmp_path / 'notes.txt'} is no folder"
    assert how_far_right(tmp_path / "notes.txt" / "a") == f"{tmp_path / 'notes.txt'} is no folder"
    monkeypatch.chdir(tmp_path)
    assert how_far_right("holidays") == wrong
