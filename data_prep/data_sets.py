"""The table of data sets: one row each. A new data set is a module and a row here."""

import dataclasses
import pathlib
from collections.abc import Callable, Iterator

from data_prep import flickr8k
from data_prep.records import SPLITS, Problem, Record

Reader = Callable[..., Iterator[Record | Problem]]


@dataclasses.dataclass(frozen=True)
class DataSet:
    """What is known of a data set before it is read.

    Args:
        name: folder of the prepared set; lower case, as tensorflow-datasets wants it.
        version: of the prepared form.
        release_notes: what each version changed.
        description: for ``dataset_info.json`` and people.
        citation: the work to cite, in words.
        licence: what may be done with it.
        records: the reader; takes the row's options by name.
        expected: photographs in each split of the published set, where the set is fixed.
        options: names of the options that the reader takes.
    """

    name: str
    version: str
    release_notes: dict[str, str]
    description: str
    citation: str
    licence: str
    records: Reader
    expected: dict[str, int] = dataclasses.field(default_factory=dict)
    options: tuple[str, ...] = ("source",)

    def count_problems(self, found: dict[str, int], source: str | pathlib.Path) -> list[Problem]:
        """Splits whose size is not the published one: told, never fatal."""
        return [
            Problem(
                file=str(source),
                line=0,
                expected=f"{self.expected[split]:,} photographs in {split}, as published",
                found=f"{found[split]:,}",
                advice="check that the data set was unpacked whole; scores are not comparable",
                severity="note",
                record=split,
            )
            for split in found
            if split in self.expected and found[split] != self.expected[split]
        ]


DATA_SETS = {
    row.name: row
    for row in (
        DataSet(
            name="flickr8k",
            version="1.0.0",
            release_notes={"1.0.0": "Photographs and captions as published, official splits."},
            description="Photographs of people and animals doing something, each with five "
            "captions that people wrote.",
            citation="M. Hodosh, P. Young, J. Hockenmaier. Framing Image Description as a Ranking "
            "Task: Data, Models and Evaluation Metrics. JAIR 47 (2013), 853-899.",
            licence="Research use only; the photographs belong to their Flickr owners.",
            records=flickr8k.records,
            expected={"train": 6_000, "validation": 1_000, "test": 1_000},
        ),
    )
}

__all__ = ["DATA_SETS", "SPLITS", "DataSet"]
