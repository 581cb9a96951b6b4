"""Files that appear whole or not at all: a reader never meets half of one."""

import contextlib
import os
import pathlib
from collections.abc import Iterator


@contextlib.contextmanager
def whole_file(path: str | os.PathLike) -> Iterator[pathlib.Path]:
    """Gives a place to write to, which takes the place of a file once all is written.

    Such as::

        with whole_file("scores.csv") as unfinished:
            unfinished.write_text(scores)

    Args:
        path: the file; its folder is there.

    Yields:
        A hidden file beside it, whose ending no pattern such as "*.npz" finds (so open it
        yourself for `numpy.save`, which would add its own); it is gone where anything is raised.
    """
    path = pathlib.Path(path)
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        yield unfinished
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
