"""Where annotations go: standard output, or a file that an interrupted program goes on with."""

import os
import pathlib
import sys

from experiments.annotation_forms import CSV_COLUMNS, ENDINGS, csv_line, name_in
from s_cnn_rnn.file_names import shown_name


def form_of(form: str | None, output: str | None) -> str:
    """The form that is asked for; else that of the output file's ending; else text."""
    return form or ENDINGS.get(pathlib.Path(output or "").suffix.lower(), "text")


class Output:
    """Lines on standard output, or added to a file.

    A file that is there is gone on with: what it has is not written again, and an unfinished last
    line, where a program was stopped while it wrote, is taken away.

    Args:
        path: the file; None for standard output.
        form: a name of `annotation_forms.FORMS`.

    Raises:
        ValueError: the file holds something else.
        OSError: it cannot be read or written.
    """

    def __init__(self, path: str | None, form: str):
        self._done: set[str] = set()
        self._file = sys.stdout
        self._own = path is not None
        fresh = True
        if path is not None:
            place = pathlib.Path(path)
            place.parent.mkdir(parents=True, exist_ok=True)
            if place.is_file():  # a device has nothing to go on with
                fresh = not self._read(place, form)
            self._file = place.open("a", encoding="utf-8", newline="\n")
        if form == "csv" and fresh:
            self.write(csv_line(CSV_COLUMNS))

    def _read(self, path: pathlib.Path, form: str) -> bool:
        """Returns whether anything is in it."""
        whole = 0
        with path.open("rb") as file:
            for number, line in enumerate(file, start=1):
                if not line.endswith(b"\n"):
                    break
                whole += len(line)
                self._take(line, form, f"{path}, line {number}")
        if not whole and path.stat().st_size:
            raise ValueError(
                f"{path}: expected annotations as {form}, or no file; it is one line without an "
                "end. Name another --output"
            )
        if whole < path.stat().st_size:
            os.truncate(path, whole)
        return whole > 0

    def _take(self, line: bytes, form: str, where: str) -> None:
        try:
            name = name_in(line.decode("utf-8").rstrip("\n"), form)
        except (ValueError, KeyError, TypeError) as error:
            raise ValueError(
                f"{where}: expected annotations as {form} ({error}); name another --output, or "
                "the --format that the file has"
            ) from error
        if name is not None:
            self._done.add(name)

    def has(self, photograph: str | os.PathLike) -> bool:
        """Whether the file had the photograph already when it was opened."""
        return shown_name(photograph) in self._done

    def write(self, line: str) -> None:
        """Writes a line at once."""
        print(line, file=self._file, flush=True)

    def close(self) -> None:
        """Closes the file."""
        if self._own:
            self._file.close()
