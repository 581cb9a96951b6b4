"""A person's file with new content in its place: whole or not at all, and all else of it stays."""

import contextlib
import errno
import os
import pathlib
import stat

from s_cnn_rnn.whole_files import whole_file


class NotReplaceable(PermissionError):
    """A file that a new one must not take the place of, though there is room and right for it."""


def replace_file(path: str | os.PathLike, content: bytes) -> None:
    """Puts content in a file's place; a file that is not there yet appears.

    Of the one that is there stay owner, rights and extended attributes (Finder's and KDE's tags,
    access lists), and a symbolic link to it.

    Args:
        path: the file.
        content: all of the new content.

    Raises:
        NotReplaceable: the file is write-protected, or has several names (hard links, which would
            come apart).
        OSError: no room or no right to write, or something of the file cannot be kept.
            Whatever is raised, nothing is changed or left behind.
    """
    place = pathlib.Path(os.path.realpath(path))
    there = place.exists()
    if there:
        _require_replaceable(place)
    with whole_file(place) as unfinished:
        with unfinished.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if there:
            _keep_attributes(place, unfinished)


def _require_replaceable(place: pathlib.Path) -> None:
    found = place.stat()
    if not found.st_mode & 0o222 or not os.access(place, os.W_OK):
        raise NotReplaceable(errno.EACCES, "it is write-protected")
    if found.st_nlink > 1:
        raise NotReplaceable(
            errno.EMLINK,
            f"it has {found.st_nlink} names (hard links), of which the others would keep the old "
            "content",
        )


def _keep_attributes(old: pathlib.Path, new: pathlib.Path) -> None:
    found, made = old.stat(), new.stat()
    if (found.st_uid, found.st_gid) != (made.st_uid, made.st_gid):
        with _telling("its owner or group"):
            os.chown(new, found.st_uid, found.st_gid)
    new.chmod(stat.S_IMODE(found.st_mode))
    if not hasattr(os, "listxattr"):  # Linux alone has it
        return
    for name in os.listxattr(old):
        value = os.getxattr(old, name)
        with _telling(f"its extended attribute {name}"):
            if name not in os.listxattr(new) or os.getxattr(new, name) != value:
                os.setxattr(new, name, value)


@contextlib.contextmanager
def _telling(what: str):
    try:
        yield
    except OSError as error:
        raise OSError(error.errno, f"{what} cannot be kept: {error.strerror}") from error
