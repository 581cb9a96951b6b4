"""Reads the text files of data sets line by line, and tells lines that are not UTF-8."""

import pathlib
from collections.abc import Iterator

from data_prep.records import Problem


def lines(path: pathlib.Path) -> Iterator[tuple[int, str] | Problem]:
    """The lines of a UTF-8 file, numbered from 1, without their ends.

    A byte order mark at the beginning is passed over. A line that is not UTF-8 comes as a
    `Problem` that names its first wrong byte; a file that is not there, as one that refuses.
    """
    try:
        file = path.open("rb")
    except OSError as error:
        yield Problem(
            file=str(path),
            line=0,
            expected="a file that can be read",
            found=error.strerror,
            advice="check --source and the file's name",
            severity="refuse",
        )
        return
    with file:
        for number, content in enumerate(file, start=1):
            try:
                text = content.decode("utf-8-sig" if number == 1 else "utf-8")
            except UnicodeDecodeError as error:
                yield _not_utf8(path, number, content, error)
                continue
            yield number, text.rstrip("\r\n")


def _not_utf8(path: pathlib.Path, number: int, content: bytes, error: UnicodeDecodeError):
    before = content[: error.start].decode("utf-8", "replace")
    return Problem(
        file=str(path),
        line=number,
        expected="UTF-8 text",
        found=f"byte 0x{content[error.start]:02x} at byte {error.start + 1} of the line, "
        f"after {before[-20:]!r}",
        advice="save the file as UTF-8 (for a Latin-1 file: iconv -f latin1 -t utf-8)",
    )
