"""Photographs that could not be annotated: told, counted, and listed in a file."""

import contextlib
import json
import os
import sys
from collections.abc import Callable, Iterator

from s_cnn_rnn.data.photographs import DamagedPhotograph
from s_cnn_rnn.file_names import shown_name, shown_text
from s_cnn_rnn.metadata.exiv2_library import UnreadableMetadata

NOT_WRITTEN = "cannot be written ({})"


@contextlib.contextmanager
def skipping(
    photograph: str | os.PathLike,
    skipped: Callable[[DamagedPhotograph | UnreadableMetadata], None],
    reason: str = "{}",
) -> Iterator[None]:
    """Skips a photograph that cannot be read or written, or whose metadata cannot.

    Args:
        photograph: its file.
        skipped: is told of it, in place of anything raised.
        reason: with what the system says for {}.
    """
    try:
        yield
    except UnreadableMetadata as damaged:
        skipped(damaged)
    except OSError as error:
        skipped(DamagedPhotograph(os.fspath(photograph), reason.format(error.strerror)))


class Skipped:
    """Tells them on standard error.

    Args:
        path: JSON lines {"file_name", "reason"}, begun anew; None for no such file.
    """

    def __init__(self, path: str | None = None):
        self.count = 0
        self._file = open(path, "w", encoding="utf-8") if path else None  # noqa: SIM115

    def __call__(self, damaged: DamagedPhotograph | UnreadableMetadata) -> None:
        """One more."""
        self.count += 1
        line = {"file_name": shown_name(damaged.name), "reason": shown_text(damaged.reason)}
        print(f"skipped {line['file_name']}: {line['reason']}", file=sys.stderr, flush=True)
        if self._file:
            print(json.dumps(line, ensure_ascii=False), file=self._file, flush=True)

    def close(self) -> None:
        """Closes the file."""
        if self._file:
            self._file.close()
