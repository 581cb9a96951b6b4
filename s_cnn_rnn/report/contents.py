"""What a report is made of, as plain data: no model, no data set, no files.

Plain tuples do where a named tuple is expected: ``("CIDEr", 0.56, 0.53, 0.59)`` is a `Score`.
"""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from s_cnn_rnn.report.concepts import ConceptScores, CoOccurrence, LabelTable
from s_cnn_rnn.report.scores import Score
from s_cnn_rnn.report.wording import WORDINGS, Wording

Written = str | tuple[str, ...]
"""What was written for a photograph: a caption, or labels in order."""

INTRODUCTION = (
    "A convolutional network looks at a photograph and says how sure it is of each of a list of "
    "concepts; a recurrent network reads nothing but those probabilities and writes the caption "
    "(Semantic Regularisation for Recurrent Image Annotation, arXiv 1611.05490). Both are trained "
    "apart first and then together, in the three stages below."
)


class Concept(NamedTuple):
    """A predicted concept of one photograph: ŝ_i, and s_i (``is_true``)."""

    word: str
    probability: float
    is_true: bool


class Beam(NamedTuple):
    """A candidate of beam search with its log probability (nats, length normalised or not)."""

    written: Written
    log_probability: float


class CurvePoint(NamedTuple):
    """A value after ``step`` optimiser updates and ``photographs_seen`` encoder passes."""

    step: int
    photographs_seen: int
    value: float


@dataclasses.dataclass(frozen=True)
class LearningCurve:
    """One line of one chart; curves of the same stage and measure share a chart.

    Args:
        stage: name of the stage, such as "CNN".
        measure: what is measured, such as "Lu".
        part: what it is measured on, such as "train" or "validation"; the line's name.
        points: `CurvePoint`s in the order of their steps.
        unit: unit of the values, such as "nats per photograph".
    """

    stage: str
    measure: str
    part: str
    points: Sequence[CurvePoint]
    unit: str = ""


@dataclasses.dataclass(frozen=True)
class Stage:
    """A training stage.

    Args:
        name: such as "CNN".
        description: what trains and what feeds the interface, in one sentence.
        steps: optimiser updates, or None.
        seconds: training time, or None.
    """

    name: str
    description: str
    steps: int | None = None
    seconds: float | None = None


PAPER_STAGES = (
    Stage("CNN", "The encoder learns to predict the concepts of a photograph (Lu)."),
    Stage("RNN", "The decoder learns to write captions from the true concepts (Lr)."),
    Stage("Joint", "The decoder reads the predicted concepts; everything trains (Lu + Lr)."),
)


@dataclasses.dataclass(frozen=True)
class ReportPhotograph:
    """A photograph with everything that was written about it.

    Args:
        file_name: shown to the reader; also how compared runs name the photograph.
        jpeg: the bytes of the picture file, or a function without arguments that reads them. It is
            called only for photographs that the page shows.
        written: what the system wrote.
        score: the photograph's own score (`Report.photograph_metric`), or None.
        references: the captions, or the labels, that people wrote.
        concepts: `Concept`s in any order. The page shows the surest and the true ones that
            were missed, so those are enough where k is large.
        beams: `Beam`s, best first; the first is usually ``written`` itself.
        baseline_written: what the text-only baseline wrote; "" for none.
    """

    file_name: str
    jpeg: bytes | Callable[[], bytes]
    written: Written
    score: float | None = None
    references: Sequence[str] = ()
    concepts: Sequence[Concept] = ()
    beams: Sequence[Beam] = ()
    baseline_written: Written = ""

    @property
    def human(self) -> Written:
        """What people wrote: the first caption, or all labels; "" where there is nothing."""
        if not self.references:
            return ""
        return self.references[0] if isinstance(self.written, str) else tuple(self.references)


@dataclasses.dataclass(frozen=True)
class ComparedRun:
    """Another system on the same photographs.

    Args:
        name: shown in the tables.
        scores: its `Score`s; metrics are matched by name.
        written: file name of a photograph -> what this system wrote; nothing where the run is
            shown by its scores alone.
    """

    name: str
    scores: Sequence[Score] = ()
    written: Mapping[str, Written] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True)
class Report:
    """A run, ready to be shown.

    Args:
        title: heading of the page.
        settings: what made the run (system, encoder, data set, digest, seed, commit, hardware,
            ...), shown as a table. Mappings inside are flattened. "command" is also shown as the
            way to reproduce the run, after a checkout of "commit" where that is given.
        scores: the system's `Score`s, the most important first.
        system: name of the system in tables and legends.
        baseline_scores: the text-only baseline's `Score`s.
        baseline: name of the text-only baseline.
        compared: further runs, shown beside the system.
        kind: "captions" or "labels" (`wording.WORDINGS`).
        concept_scores: the concept layer's scores, or None where the system has none.
        label_table: how each label was predicted, or None.
        co_occurrence: which labels stand together, or None.
        curves: learning curves, in the order to show.
        photographs: the evaluated photographs; galleries are chosen from them.
        stages: the training stages.
        introduction: what this is, in two sentences.
        photograph_metric: name of `ReportPhotograph.score`.
        photographs_per_gallery: at most so many in each of best, typical and worst.
        seed: draws the typical photographs.
    """

    title: str
    settings: Mapping[str, object]
    scores: Sequence[Score] = ()
    system: str = "ours"
    baseline_scores: Sequence[Score] = ()
    baseline: str = "text only"
    compared: Sequence[ComparedRun] = ()
    kind: str = "captions"
    concept_scores: ConceptScores | None = None
    label_table: LabelTable | None = None
    co_occurrence: CoOccurrence | None = None
    curves: Sequence[LearningCurve] = ()
    photographs: Sequence[ReportPhotograph] = ()
    stages: Sequence[Stage] = PAPER_STAGES
    introduction: str = INTRODUCTION
    photograph_metric: str = "CIDEr"
    photographs_per_gallery: int = 12
    seed: int = 0

    @property
    def wording(self) -> Wording:
        """What a report of this kind says and shows."""
        return WORDINGS[self.kind]
