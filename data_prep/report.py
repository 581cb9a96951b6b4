"""What a data check found, and how the programs tell it."""

import collections
import dataclasses
import pathlib
from collections.abc import Iterator

from data_prep.records import Problem
from s_cnn_rnn.data.prepared import SKIPPED_FILE, PreparedData

MOST_SHOWN = 20


@dataclasses.dataclass
class Report:
    """What a data check found.

    Args:
        splits: usable photographs in each split.
        problems: all that were told, in order.
        conversions: how many photographs are made into upright RGB JPEGs, by what they are.
    """

    splits: dict[str, int]
    problems: list[Problem]
    conversions: collections.Counter = dataclasses.field(default_factory=collections.Counter)

    def of(self, severity: str) -> list[Problem]:
        """The problems of one severity."""
        return [problem for problem in self.problems if problem.severity == severity]

    def lines(self, listed_in: str | pathlib.Path | None = None) -> Iterator[str]:
        """The report for people.

        Args:
            listed_in: the file that lists all problems, named where not all are shown; None: the
                flag that makes one is.
        """
        what = {"refuse": "cannot be used", "skip": "left out", "note": "to know"}
        for severity, words in what.items():
            problems = self.of(severity)
            for problem in problems[:MOST_SHOWN]:
                yield f"{words}: {problem}"
            if len(problems) > MOST_SHOWN:
                where = f"all in {listed_in}" if listed_in else "--listed_in=FILE lists all"
                yield f"{words}: {len(problems) - MOST_SHOWN:,} more ({where})"
        for kind, count in self.conversions.most_common():
            yield f"converted to upright RGB JPEG: {count:,} of kind {kind}"
        splits = ", ".join(f"{count:,} {split}" for split, count in self.splits.items())
        yield (
            f"photographs: {splits or 'none'}; {len(self.of('skip')):,} records left out, "
            f"{len(self.of('note')):,} notes"
        )


def print_summary(data: PreparedData) -> None:
    """Prints what a preparation made: sizes, what was left out, where everything is."""
    about = data.description
    for kind, count in about["conversions"].items():
        print(f"converted to upright RGB JPEG: {count:,} of kind {kind}")
    splits = ", ".join(f"{count:,} {split}" for split, count in data.splits.items())
    what = "photographs" if data.has_photographs else "photographs' annotations alone"
    print(f"{data.name} {data.version}: {splits} {what}; digest {data.digest[:12]}")
    if about["skipped"] or about["notes"]:
        print(
            f"{about['skipped']:,} records left out, {about['notes']:,} notes: "
            f"{data.folder / SKIPPED_FILE}"
        )
    print(data.folder)
