"""A user's annotation file: CSV or JSON lines -> rows.

Both have ``file_name`` and any of ``captions``, ``caption``, ``labels``, ``tags``, ``split``. In a
CSV several captions, labels or tags stand in one field, joined by a separator.
"""

import csv
import dataclasses
import json
import pathlib
from collections.abc import Iterator

from data_prep.records import Problem
from data_prep.text_files import lines

FIELDS = ("file_name", "captions", "caption", "labels", "tags", "split")
WRITTEN_BY_ANNOTATE = "log_probability"
"""A field that the program `annotate` gives each row of its CSV and JSON lines, and people none."""
JSON_ENDINGS = (".jsonl", ".ndjson", ".json")
CSV_ENDINGS = (".csv", ".tsv", ".txt")
_CSV_DELIMITERS = (",", ";", "\t")


@dataclasses.dataclass(frozen=True)
class Row:
    """One row of an annotation file.

    Args:
        file: the annotation file.
        line: the row's first line.
        file_name: the photograph.
        captions: not empty ones.
        labels: not empty ones.
        tags: not empty ones.
        split: as written; "" if not.
        has_labels: there is a field of labels, perhaps with none in it.
        one_caption: the row has ``caption``: further rows may give further captions.
        empty_captions: how many captions were empty.
    """

    file: pathlib.Path
    line: int
    file_name: str
    captions: tuple[str, ...]
    labels: tuple[str, ...]
    tags: tuple[str, ...]
    split: str
    has_labels: bool
    one_caption: bool
    empty_captions: int

    def problem(self, expected: str, found: str, advice: str, severity: str = "skip") -> Problem:
        """Something that is wrong with this row."""
        return Problem(str(self.file), self.line, expected, found, advice, severity, self.file_name)


def rows(path: pathlib.Path, separator: str) -> Iterator[Row | Problem]:
    """Reads a file by its ending.

    Args:
        path: ``.jsonl`` (one object a line) or ``.csv`` (comma, semicolon or tab; with a header).
        separator: what joins several captions, labels or tags in one field of a CSV.
    """
    if path.suffix.lower() in JSON_ENDINGS:
        yield from _json_rows(path)
    else:
        yield from _csv_rows(path, separator)


def is_from_annotate(path: pathlib.Path) -> bool:
    """Whether a file of annotations is what the program `annotate` wrote, by its first row."""
    texts = (line[1] for line in lines(path) if not isinstance(line, Problem))
    first = next((text for text in texts if text.strip()), "")
    if path.suffix.lower() not in JSON_ENDINGS:
        return WRITTEN_BY_ANNOTATE in _header(first)[0]
    try:
        fields = json.loads(first)
    except json.JSONDecodeError:  # `rows` tells it, with its line
        return False
    return isinstance(fields, dict) and WRITTEN_BY_ANNOTATE in fields


def _json_rows(path: pathlib.Path) -> Iterator[Row | Problem]:
    for line in lines(path):
        if isinstance(line, Problem):
            yield line
            continue
        number, text = line
        if not text.strip():
            continue
        try:
            fields = json.loads(text)
        except json.JSONDecodeError as error:
            found = f"{error.msg} at column {error.colno}"
            yield _problem(path, number, "one JSON object a line", found)
            continue
        yield _json_row(path, number, fields)


def _json_row(path: pathlib.Path, number: int, fields) -> Row | Problem:
    if not isinstance(fields, dict):
        return _problem(path, number, 'a JSON object {"file_name": ...}', repr(fields)[:60])
    wrong = [name for name in ("file_name", "caption", "split") if not _is_text(fields.get(name))]
    if wrong:
        return _problem(path, number, f"`{wrong[0]}` as text", repr(fields[wrong[0]])[:60])
    lists = {}
    for name in ("captions", "labels", "tags"):
        value = fields.get(name)
        if value is not None and not _is_list_of_texts(value):
            return _problem(path, number, f"`{name}` as a list of texts", repr(value)[:60])
        lists[name] = value
    return _row(path, number, {**fields, **lists})


def _is_text(value) -> bool:
    return value is None or isinstance(value, str)


def _is_list_of_texts(value) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _csv_rows(path: pathlib.Path, separator: str) -> Iterator[Row | Problem]:
    text = _NumberedLines(path)
    first = next(text, "")
    yield from text.take_problems()
    header, delimiter = _header(first)
    if "file_name" not in header:
        if first or not text.refused:
            yield _no_header(path, first)
        return
    reader = csv.reader(text, delimiter=delimiter)
    while True:
        text.first = None
        try:
            values = next(reader, None)
        except csv.Error as error:
            yield _problem(path, text.number, "a row of a CSV file", str(error))
            continue
        yield from text.take_problems()
        if values is None:
            return
        if not any(value.strip() for value in values):
            continue
        if len(values) != len(header):
            expected = f"{len(header)} fields ({', '.join(header)})"
            found = f"{len(values)}; a field with {delimiter!r} in it must stand in quotes"
            yield _problem(path, text.first, expected, found)
            continue
        fields = dict(zip(header, values, strict=True))
        for name in ("captions", "labels", "tags"):
            if name in fields:
                fields[name] = _parts(fields[name], separator)
        yield _row(path, text.first, fields)


def _header(line: str) -> tuple[list[str], str]:
    """The names of a CSV's columns, and what stands between them."""
    delimiter = max(_CSV_DELIMITERS, key=line.count)
    names = next(csv.reader([line], delimiter=delimiter), [])
    return [name.strip() for name in names], delimiter


class _NumberedLines:
    """The lines of a file for `csv.reader`; lines that are not UTF-8 are kept apart.

    Attributes:
        number: of the last line given out.
        first: of the first line given out since it was None: where a row begins.
        refused: the file cannot be read at all.
    """

    def __init__(self, path: pathlib.Path):
        self.number = 0
        self.first = None
        self.refused = False
        self._problems = []
        self._lines = lines(path)

    def __iter__(self):
        return self

    def __next__(self) -> str:
        for line in self._lines:
            if isinstance(line, Problem):
                self.refused |= line.severity == "refuse"
                self._problems.append(line)
            else:
                self.number = line[0]
                self.first = self.first or self.number
                return line[1] + "\n"
        raise StopIteration

    def take_problems(self) -> list[Problem]:
        problems, self._problems = self._problems, []
        return problems


def _parts(field: str, separator: str) -> list[str]:
    """An empty field has no parts; between two separators stands an empty one."""
    return field.split(separator) if field.strip() else []


def _row(path: pathlib.Path, number: int, fields: dict) -> Row | Problem:
    name = (fields.get("file_name") or "").strip()
    if not name:
        return _problem(path, number, "`file_name`", "none")
    one = fields.get("caption")
    written = list(fields.get("captions") or ()) + ([] if one is None else [one])
    captions = tuple(" ".join(caption.split()) for caption in written)
    asked = fields.get("captions") is not None or one is not None
    return Row(
        file=path,
        line=number,
        file_name=name,
        captions=tuple(caption for caption in captions if caption),
        labels=_stripped(fields.get("labels")),
        tags=_stripped(fields.get("tags")),
        split=(fields.get("split") or "").strip(),
        has_labels=fields.get("labels") is not None,
        one_caption=one is not None,
        empty_captions=captions.count("") if captions else int(asked),
    )


def _stripped(values: list[str] | None) -> tuple[str, ...]:
    """Without empty ones and repetitions."""
    return tuple(dict.fromkeys(value.strip() for value in values or () if value.strip()))


def _problem(path: pathlib.Path, number: int, expected: str, found: str) -> Problem:
    advice = "correct the line; it is left out"
    return Problem(str(path), number, expected, found, advice)


def _no_header(path: pathlib.Path, first: str) -> Problem:
    return Problem(
        file=str(path),
        line=1,
        expected=f"a header that names file_name and any of {', '.join(FIELDS[1:])}",
        found=repr(first.strip()[:60]) if first else "an empty file",
        advice="write it as the first line, for example: file_name,caption",
        severity="refuse",
    )
