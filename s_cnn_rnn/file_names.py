"""Names of files: which are pictures, how any stands on one line of UTF-8, how far one is right.

A file's name on Linux is any bytes: Python holds those that are no UTF-8 as lone surrogates, which
no text file can hold, and a name may contain line ends.
"""

import os
import pathlib
import re

PICTURE_ENDINGS = frozenset(
    (".jpg", ".jpeg", ".png", ".gif", ".webp", ".bmp", ".tif", ".tiff", ".mpo", ".heic", ".avif")
)

# A backslash is changed only where what follows would read as such a code.
_CODED = re.compile(r"[\x00-\x1f\x7f]|\\(?=x[0-9a-f]{2})|^ (?=   )")
_LONE_BYTE = re.compile("[\udc80-\udcff]")


def shown_name(name: str | os.PathLike | bytes) -> str:
    r"""A file's name as one line of UTF-8; another name never gives the same.

    Bytes that are no UTF-8 and control characters become their codes, such as \xe9 (a shell's
    ``printf %b`` makes them bytes again); all other names stay as they are.

    Args:
        name: a path, as the system gives it.
    """
    coded = _CODED.sub(lambda found: f"\\x{ord(found.group()):02x}", os.fsdecode(name))
    return shown_text(coded)


def shown_text(text: str) -> str:
    """A message that may contain file names, as UTF-8; it stays as it is but for lone bytes."""
    shown = _LONE_BYTE.sub(lambda found: f"\\x{ord(found.group()) - 0xDC00:02x}", text)
    return shown.encode("utf-8", "backslashreplace").decode("utf-8")


def how_far_right(path: str | os.PathLike) -> str:
    """What there is of a path that is not there, or that leads through (or to) a file.

    Such as "/photos is there, holidays is not in it", or "/photos/a.txt is no folder".

    Args:
        path: what a user gave as a folder, or as a file in one.
    """
    path = pathlib.Path(path).absolute()
    there = next(parent for parent in path.parents if parent.is_dir())
    missing = path.relative_to(there).parts[0]
    if os.path.lexists(there / missing):
        return f"{there / missing} is no folder"
    return f"{there} is there, {missing} is not in it"
