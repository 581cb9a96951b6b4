import os

import pytest

from s_cnn_rnn.metadata import file_replacement
from s_cnn_rnn.metadata.file_replacement import NotReplaceable, replace_file


@pytest.fixture
def photograph(tmp_path):
    path = tmp_path / "dog.jpg"
    path.write_bytes(b"old")
    return path


def only_names(folder) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def set_attribute(path, name: str, value: bytes) -> None:
    try:
        os.setxattr(path, name, value)
    except (OSError, AttributeError) as error:
        pytest.skip(f"no extended attributes here ({error})")


def test_rights_and_extended_attributes_stay(photograph):
    set_attribute(photograph, "user.xdg.tags", "dog,Köln".encode())
    photograph.chmod(0o640)
    replace_file(photograph, b"new")
    assert photograph.read_bytes() == b"new"
    assert os.getxattr(photograph, "user.xdg.tags") == "dog,Köln".encode()
    assert photograph.stat().st_mode & 0o7777 == 0o640
    assert only_names(photograph.parent) == ["dog.jpg"]


@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="only root gives files away")
def test_the_owner_stays(photograph):
    os.chown(photograph, 12345, 23456)
    photograph.chmod(0o2750)
    replace_file(photograph, b"new")
    found = photograph.stat()
    assert (found.st_uid, found.st_gid, found.st_mode & 0o7777) == (12345, 23456, 0o2750)


def test_what_cannot_be_kept_stops_it(photograph, monkeypatch):
    set_attribute(photograph, "user.xdg.tags", b"dog")

    def refused(*_):
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "setxattr", refused)
    with pytest.raises(OSError, match=r"attribute user\.xdg\.tags cannot be kept"):
        replace_file(photograph, b"new")
    assert photograph.read_bytes() == b"old"
    assert only_names(photograph.parent) == ["dog.jpg"]


def test_hard_links_are_not_parted(photograph):
    other = photograph.with_name("backup.jpg")
    os.link(photograph, other)
    with pytest.raises(NotReplaceable, match="2 names"):
        replace_file(photograph, b"new")
    assert photograph.read_bytes() == other.read_bytes() == b"old"
    assert photograph.samefile(other)


def test_a_symbolic_link_stays_one(photograph):
    link = photograph.parent / "album" / "first.jpg"
    link.parent.mkdir()
    link.symlink_to("../dog.jpg")
    replace_file(link, b"new")
    assert link.is_symlink()
    assert photograph.read_bytes() == b"new"
    assert only_names(link.parent) == ["first.jpg"]


def test_what_is_write_protected_is_left_alone(photograph):
    photograph.chmod(0o444)
    with pytest.raises(NotReplaceable, match="write-protected"):
        replace_file(photograph, b"new")
    assert photograph.read_bytes() == b"old"


def test_a_new_file_appears_whole(tmp_path, monkeypatch):
    replace_file(tmp_path / "dog.xmp", b"new")
    assert (tmp_path / "dog.xmp").read_bytes() == b"new"

    def no_room(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(file_replacement.os, "fsync", no_room)
    with pytest.raises(OSError, match="No space"):
        replace_file(tmp_path / "cat.xmp", b"new")
    assert only_names(tmp_path) == ["dog.xmp"]
