"""What a report is made of, as plain data: no model, no data set, no files.

Plain tuples do where a named tuple is expected: ``("CIDEr", 0.56, 0.53, 0.59)`` is a `Score`.
"""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

INTRODUCTION = (
    "A convolutional network looks at a photograph and says how sure it is of each of a list of "
    "concepts; a recurrent network reads nothing but those probabilities and writes the caption "
    "(Semantic Regularisation for Recurrent Image Annotation, arXiv 1611.05490). Both are trained "
    "apart first and then together, in the three stages below."
)


class Score(NamedTuple):
    """One measured number.

    Args:
        metric: its name, such as "CIDEr".
        value: the number; None or NaN where it could not be measured.
        low: lower end of the 95% interval, or None.
        high: upper end of the 95% interval, or None.
        reason: why ``value`` is missing; shown to the reader.
    """

    metric: str
    value: float | None
    low: float | None = None
    high: float | None = None
    reason: str = ""


class Concept(NamedTuple):
    """A predicted concept of one photograph: ŝ_i, and s_i (``is_true``)."""

    word: str
    probability: float
    is_true: bool


class Beam(NamedTuple):
    """A candidate of beam search with its log probability (nats, length normalised or not)."""

    caption: str
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
        caption: the caption the system wrote.
        score: the photograph's own score (`Report.photograph_metric`), or None.
        references: the captions people wrote.
        concepts: `Concept`s in any order. The page shows the surest and the true ones that
            were missed, so those are enough where k is large.
        beams: `Beam`s, best first; the first is usually ``caption`` itself.
        baseline_caption: what the text-only baseline wrote; "" for none.
    """

    file_name: str
    jpeg: bytes | Callable[[], bytes]
    caption: str
    score: float | None = None
    references: Sequence[str] = ()
    concepts: Sequence[Concept] = ()
    beams: Sequence[Beam] = ()
    baseline_caption: str = ""


@dataclasses.dataclass(frozen=True)
class ConceptScore:
    """How one concept was predicted at a threshold.

    Args:
        word: the concept.
        found: photographs that have it and were given it.
        missed: photographs that have it and were not given it.
        invented: photographs that lack it and were given it.
        average_precision: 0 to 1, or None.
    """

    word: str
    found: int
    missed: int
    invented: int
    average_precision: float | None = None

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall, 0 to 1; 0 where neither is defined."""
        wrong = self.missed + self.invented
        return 2 * self.found / (2 * self.found + wrong) if self.found or wrong else 0.0


@dataclasses.dataclass(frozen=True)
class ConceptScores:
    """The concept layer's scores.

    Args:
        mean_average_precision: a `Score`; its metric is its name.
        concepts: a `ConceptScore` for each concept.
        threshold: probability from which a concept counts as predicted.
    """

    mean_average_precision: Score
    concepts: Sequence[ConceptScore] = ()
    threshold: float = 0.5


@dataclasses.dataclass(frozen=True)
class ComparedRun:
    """Another system on the same photographs.

    Args:
        name: shown in the tables.
        scores: its `Score`s; metrics are matched by name.
        captions: file name of a photograph -> the caption this system wrote.
    """

    name: str
    scores: Sequence[Score] = ()
    captions: Mapping[str, str] = dataclasses.field(default_factory=dict)


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
        concept_scores: the concept layer's scores, or None where the system has none.
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
    concept_scores: ConceptScores | None = None
    curves: Sequence[LearningCurve] = ()
    photographs: Sequence[ReportPhotograph] = ()
    stages: Sequence[Stage] = PAPER_STAGES
    introduction: str = INTRODUCTION
    photograph_metric: str = "CIDEr"
    photographs_per_gallery: int = 12
    seed: int = 0


def count_concepts(
    words: Sequence[str],
    probabilities: np.ndarray,
    truth: np.ndarray,
    *,
    threshold: float = 0.5,
    average_precisions: Sequence[float | None] | None = None,
) -> list[ConceptScore]:
    """Counts for each concept how often it was found, missed and invented.

    Args:
        words: the k concepts.
        probabilities: ŝ, float [N, k], 0 to 1.
        truth: s, 0/1 or bool [N, k].
        threshold: probability from which a concept counts as predicted.
        average_precisions: one for each concept, or None.

    Raises:
        ValueError: the shapes do not fit.
    """
    probabilities, truth = np.asarray(probabilities), np.asarray(truth).astype(bool)
    if probabilities.shape != truth.shape or probabilities.shape[1:] != (len(words),):
        raise ValueError(
            f"concepts: expected probabilities and truth of shape [N, {len(words)}], got "
            f"{probabilities.shape} and {truth.shape}"
        )
    predicted = probabilities >= threshold
    found = (predicted & truth).sum(0)
    missed = (~predicted & truth).sum(0)
    invented = (predicted & ~truth).sum(0)
    precisions = [None] * len(words) if average_precisions is None else average_precisions
    return [
        ConceptScore(word, int(f), int(m), int(i), precision)
        for word, f, m, i, precision in zip(words, found, missed, invented, precisions, strict=True)
    ]
