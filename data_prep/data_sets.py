"""The table of data sets: one row each. A new data set is a module and a row here."""

import dataclasses
import pathlib
import re
from collections.abc import Callable, Iterator

from data_prep import (
    coco,
    coco_captions,
    flickr8k,
    nus_wide,
    nus_wide_table,
    own_folder,
    photo_library,
    shapes,
)
from data_prep.records import BadData, Item, Problem


@dataclasses.dataclass(frozen=True)
class DataSet:
    """What is known of a data set before it is read.

    Args:
        name: how programs call it, and the folder of the prepared set.
        version: of the prepared form.
        release_notes: what each version changed.
        description: for ``dataset_info.json`` and people.
        citation: the work to cite, in words.
        licence: what may be done with it.
        records: the reader; takes the row's options by name.
        options: the options that the reader takes, as `source_flags` names them.
        defaults: what an option is where its flag is not given and has no default of its own.
        expected: photographs in each split of the published set, where the set is fixed.
        writes_split: ``split.csv`` is written beside the prepared set.
        reading: what the reader does, for the bar that shows how far it is.
    """

    name: str
    version: str
    release_notes: dict[str, str]
    description: str
    citation: str
    licence: str
    records: Callable[..., Iterator[Item]]
    options: tuple[str, ...]
    defaults: dict[str, int] = dataclasses.field(default_factory=dict)
    expected: dict[str, int] = dataclasses.field(default_factory=dict)
    writes_split: bool = False
    reading: str = "reading annotations"

    def called(self, name: str) -> "DataSet":
        """The same row, whose prepared set has another name.

        Raises:
            BadData: the name is not lower-case letters, digits and underscores.
        """
        if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
            raise BadData(
                f"name {name!r}: expected lower-case letters, digits and underscores, a letter "
                "first (tensorflow-datasets names its files so)"
            )
        return dataclasses.replace(self, name=name)

    def count_problems(self, found: dict[str, int]) -> list[Problem]:
        """Splits whose size is not the published one: told, never fatal.

        What is held back of train to validate, where nothing is published to, counts as train.
        """
        if "validation" not in self.expected and "train" in self.expected:
            held_back = found.get("validation", 0)
            found = {split: count for split, count in found.items() if split != "validation"}
            found["train"] = found.get("train", 0) + held_back
        return [
            Problem(
                file=self.name,
                line=0,
                expected=f"{self.expected[split]:,} photographs in {split}, as published",
                found=f"{count:,}",
                advice="check that the data set is whole; scores are not comparable otherwise",
                severity="note",
                record=split,
            )
            for split, count in found.items()
            if count != self.expected.get(split, count)
        ]


def name_of_folder(source: str | pathlib.Path) -> str:
    """A name for a prepared set made from the name of the user's folder."""
    name = re.sub(r"[^a-z0-9]+", "_", pathlib.Path(source).absolute().name.lower()).strip("_")
    return name if name[:1].isalpha() else f"folder_{name}".rstrip("_")


_COCO_CITATION = (
    "X. Chen, H. Fang, T.-Y. Lin, R. Vedantam, S. Gupta, P. Dollar, C. L. Zitnick. Microsoft COCO "
    "Captions: Data Collection and Evaluation Server. arXiv:1504.00325 (2015)."
)
_COCO_LICENCE = "Annotations CC BY 4.0; the photographs belong to their Flickr owners."
_NUS_WIDE_CITATION = (
    "T.-S. Chua, J. Tang, R. Hong, H. Li, Z. Luo, Y.-T. Zheng. NUS-WIDE: A Real-World Web Image "
    "Database from National University of Singapore. CIVR 2009."
)
_NUS_WIDE_LICENCE = "Research use only; the photographs belong to their Flickr owners."
_NUS_WIDE_OPTIONS = (
    "source",
    "split_seed",
    "validation_photographs",
    "photographs",
    "tag_list",
    "without_photographs",
)

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
            options=("source",),
            expected={"train": 6_000, "validation": 1_000, "test": 1_000},
        ),
        DataSet(
            name="coco",
            version="1.0.0",
            release_notes={"1.0.0": "Instances as labels, captions and tags where given."},
            description="Everyday scenes with labels of 80 kinds of objects, and where files are "
            "given captions and user tags.",
            citation="T.-Y. Lin et al. Microsoft COCO: Common Objects in Context. ECCV 2014.",
            licence=_COCO_LICENCE,
            records=coco.records,
            options=(
                "source",
                "annotations",
                "captions",
                "tags",
                "separator",
                "photographs",
                "without_photographs",
                "unannotated_splits",
            ),
        ),
        DataSet(
            name="coco_captions",
            version="1.0.0",
            release_notes={"1.0.0": "Photographs and captions as published, splits as given."},
            description="Everyday scenes, most with five captions that people wrote.",
            citation=_COCO_CITATION,
            licence=_COCO_LICENCE,
            records=coco_captions.records,
            options=("source", "annotations", "photographs", "unannotated_splits"),
        ),
        DataSet(
            name="coco_captions_paper",
            version="1.0.0",
            release_notes={"1.0.0": "The paper's split of the 2014 photographs."},
            description="COCO captions 2014, split as in arXiv:1611.05490: train2014 and the "
            "first 34,428 of val2014 train, the next 2,025 validate, the last 4,051 test.",
            citation=_COCO_CITATION,
            licence=_COCO_LICENCE,
            records=coco_captions.paper_records,
            options=("source", "photographs", "unannotated_splits"),
            expected={"train": 117_211, "validation": 2_025, "test": 4_051},
        ),
        DataSet(
            name="nus_wide",
            version="1.0.0",
            release_notes={"1.0.0": "Labels and tags as published, the official split."},
            description="Flickr photographs of all kinds with 81 labels and noisy user tags.",
            citation=_NUS_WIDE_CITATION,
            licence=_NUS_WIDE_LICENCE,
            records=nus_wide.records,
            options=_NUS_WIDE_OPTIONS,
            defaults={"validation_photographs": 0},
            expected={"train": 161_789, "test": 107_859},
            writes_split=True,
        ),
        DataSet(
            name="nus_wide_paper",
            version="1.0.0",
            release_notes={"1.0.0": "The photographs with a label, drawn as many as the paper's."},
            description="NUS-WIDE split as in arXiv:1611.05490: of the 209,347 photographs with a "
            "label 150,000 train and 59,347 test, by a seeded draw.",
            citation=_NUS_WIDE_CITATION,
            licence=_NUS_WIDE_LICENCE,
            records=nus_wide.paper_records,
            options=_NUS_WIDE_OPTIONS,
            defaults={"validation_photographs": 0},
            expected={"train": 150_000, "test": 59_347},
            writes_split=True,
        ),
        DataSet(
            name="nus_wide_table",
            version="1.0.0",
            release_notes={"1.0.0": "Labels and tags as in the table, a seeded split."},
            description="A part of NUS-WIDE as one table of labels and user tags.",
            citation=_NUS_WIDE_CITATION,
            licence=_NUS_WIDE_LICENCE,
            records=nus_wide_table.records,
            options=(*_NUS_WIDE_OPTIONS, "test_photographs"),
            defaults={"validation_photographs": 1_000, "test_photographs": 1_000},
            writes_split=True,
        ),
        DataSet(
            name="own_folder",
            version="1.0.0",
            release_notes={"1.0.0": "As the user's files have it."},
            description="A user's own photographs with captions, labels or tags.",
            citation="",
            licence="As the owner of the photographs says.",
            records=own_folder.records,
            options=("source", "annotations", "separator", "split_seed", "validation_part"),
            writes_split=True,
        ),
        DataSet(
            name="photo_library",
            version="1.0.0",
            release_notes={"1.0.0": "Keywords and captions as their metadata have them."},
            description="A user's own photographs with keywords and captions in their metadata.",
            citation="",
            licence="As the owner of the photographs says.",
            records=photo_library.records,
            options=("source", "minimum_photographs", "split_seed", "validation_part"),
            writes_split=True,
            reading="reading metadata",
        ),
        DataSet(
            name="shapes",
            version="1.0.0",
            release_notes={"1.0.0": "Drawn from a seed."},
            description="Drawn coloured shapes (how many, colour, shape, size, where), each with "
            "five differently worded captions.",
            citation="",
            licence="MIT, as the program that draws them.",
            records=shapes.records,
            options=("count", "seed", "image_size"),
            reading="drawing pictures",
        ),
    )
}
