"""What a data set's reader yields: records to prepare, and problems to tell.

A reader is a function ``records(...)`` that walks a data set's own files and yields `Record` and
`Problem` objects as it meets them, one at a time, so that a set of any size streams through. Where
the data set defines its labels, `LabelNames` comes once among them.
"""

import dataclasses
import os
import pathlib

from s_cnn_rnn.file_names import shown_text

SPLITS = ("train", "validation", "test")
SEVERITIES = ("note", "skip", "refuse")


@dataclasses.dataclass(frozen=True)
class Record:
    """One photograph with its annotations, as the data set's own files give it.

    Args:
        source: the file that names the photograph (for messages).
        line: the line, or the position among the file's records, counted from 1; 0 if neither
            makes sense.
        file_name: the photograph's name, unique in the data set.
        photograph: where the picture file is, or its encoded bytes; None where a set is prepared
            without photographs.
        split: "train", "validation", "test" or another split that the data set declares.
        image_id: COCO's own id, or None: a running number is given at preparation.
        captions: human captions, perhaps none.
        labels: names of the labels, perhaps none.
        tags: user tags, perhaps none.
    """

    source: str
    line: int
    file_name: str
    photograph: pathlib.Path | bytes | None
    split: str
    image_id: int | None = None
    captions: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True)
class LabelNames:
    """All labels that a data set defines, whether or not a photograph of the train split has them.

    Args:
        names: the labels, in the data set's own order.
    """

    names: tuple[str, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class Problem:
    """Something in the data set's files that is not as it should be.

    Args:
        file: the file in which it was found.
        line: the line (or record) in it, counted from 1; 0 if it concerns the whole file.
        expected: what should be there.
        found: what is there.
        advice: what the user can do.
        severity: "note" (told, never stops anything: what a data set is known for), "skip" (the
            record can be left out) or "refuse" (nothing can be prepared).
        record: the photograph or field concerned, where there is one.
    """

    file: str
    line: int
    expected: str
    found: str
    advice: str
    severity: str = "skip"
    record: str = ""

    def __post_init__(self):
        if self.severity not in SEVERITIES:
            raise ValueError(f"severity is one of {SEVERITIES}, not {self.severity!r}")

    def as_json(self) -> dict:
        """The line of ``skipped.jsonl``: where, which record, why, what to do."""
        return {
            "file": shown_text(self.file),
            "line": self.line,
            "record": shown_text(self.record),
            "reason": shown_text(f"expected {self.expected}; found {self.found}"),
            "what_to_do": self.advice,
            "severity": self.severity,
        }

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        about = f" ({self.record})" if self.record else ""
        told = f"{place}{about}: expected {self.expected}; found {self.found}; {self.advice}"
        return shown_text(told)


Item = Record | Problem | LabelNames
"""What a reader yields."""


class ProblemLog:
    """Collects problems, and stops where one must not be passed over.

    Args:
        on_bad_record: "skip" goes on without the record, "fail" stops at the first.
    """

    def __init__(self, on_bad_record: str = "skip"):
        if on_bad_record not in ("skip", "fail"):
            raise ValueError(f"on_bad_record is 'skip' or 'fail', not {on_bad_record!r}")
        self.on_bad_record = on_bad_record
        self.problems: list[Problem] = []

    def tell(self, problem: Problem) -> None:
        """Keeps the problem.

        Raises:
            BadData: nothing can be prepared, or the user asked to stop at bad records.
        """
        stops = ("skip", "refuse") if self.on_bad_record == "fail" else ("refuse",)
        if problem.severity in stops:
            raise BadData(problem)
        self.problems.append(problem)


class BadData(ValueError):
    """A data set that cannot be prepared; the message says where, why and what to do."""

    def __init__(self, problem: Problem | str):
        super().__init__(str(problem))
        self.problem = problem if isinstance(problem, Problem) else None

    @classmethod
    def of(
        cls, file: str | os.PathLike, expected: str, found: str, advice: str, *, line: int = 0
    ) -> "BadData":
        """The error of a file, or a folder, from which nothing can be prepared; see `Problem`."""
        return cls(Problem(os.fspath(file), line, expected, found, advice, severity="refuse"))
