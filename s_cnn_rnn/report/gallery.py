"""Which photographs the report shows: best, typical, worst; and which concepts of each."""

import dataclasses
import random
from collections import Counter
from collections.abc import Iterable, Sequence

from s_cnn_rnn.report.concepts import ConceptScore
from s_cnn_rnn.report.contents import Concept, ReportPhotograph
from s_cnn_rnn.report.formatting import is_measured

SHOWN_CONCEPTS = 8
SHOWN_MISSED = 6
SURE = 0.5


@dataclasses.dataclass(frozen=True)
class Gallery:
    """Photographs under one heading; ``anchor`` is its place in the page."""

    anchor: str
    title: str
    explanation: str
    photographs: Sequence[ReportPhotograph]


def choose_galleries(
    photographs: Sequence[ReportPhotograph], *, metric: str, size: int, seed: int
) -> list[Gallery]:
    """Chooses the photographs to show, each at most once.

    Equal scores are ordered by the seed, not by file name. Few photographs, or photographs
    without scores, make a single gallery.

    Args:
        photographs: all evaluated photographs.
        metric: name of their score.
        size: at most so many in each gallery.
        seed: draws the typical photographs.
    """
    order = draw(photographs, len(photographs), seed)
    scored = sorted((p for p in order if is_measured(p.score)), key=lambda p: -p.score)
    unscored = [p for p in order if not is_measured(p.score)]
    if not order:
        return []
    if len(order) <= size or not scored:
        return [_single_gallery(scored + unscored, len(order), metric, size, bool(scored))]
    ends = min(size, -(-len(scored) // 3), len(scored) // 2)
    best, worst = scored[:ends], scored[::-1][:ends]
    shown = {id(photograph) for photograph in best + worst}
    typical = [p for p in order if id(p) not in shown][:size]
    galleries = [
        Gallery("best", "Best", f"The highest {metric} of {len(scored)} photographs.", best),
        Gallery(
            "typical",
            "Typical",
            f"Drawn at random (seed {seed}) from those that are neither among the best nor among "
            "the worst here.",
            typical,
        ),
        Gallery(
            "worst", "Worst failures", f"The lowest {metric} of {len(scored)} photographs.", worst
        ),
    ]
    return [gallery for gallery in galleries if gallery.photographs]


def draw(photographs: Sequence[ReportPhotograph], size: int, seed: int) -> list[ReportPhotograph]:
    """At most ``size`` photographs drawn at random; the same seed draws the same."""
    return random.Random(seed).sample(list(photographs), min(size, len(photographs)))


def _single_gallery(photographs, total, metric, size, scored) -> Gallery:
    some = f"{size} of {total}, drawn at random" if total > size else "Every evaluated photograph"
    order = f", the highest {metric} first" if scored else ""
    return Gallery("photographs", "Photographs", f"{some}{order}.", photographs[:size])


def everyday_concepts(photographs: Sequence[ReportPhotograph]) -> frozenset[str]:
    """Concepts predicted for more than three quarters of the photographs, such as "a".

    They say little about a single photograph, so the page folds them away. Fewer than four
    photographs have none.
    """
    if len(photographs) < 4:
        return frozenset()
    sure = Counter(
        concept.word
        for photograph in photographs
        for concept in map(Concept._make, photograph.concepts)
        if concept.probability >= SURE
    )
    return frozenset(word for word, count in sure.items() if 4 * count > 3 * len(photographs))


@dataclasses.dataclass(frozen=True)
class ShownConcepts:
    """The concepts of one photograph: the surest, the everyday ones, the true ones missed."""

    surest: Sequence[Concept]
    everyday: Sequence[Concept]
    missed: Sequence[Concept]


def shown_concepts(concepts: Iterable[Concept], everyday: frozenset[str]) -> ShownConcepts:
    """Picks the concepts of one photograph that the page shows.

    Args:
        concepts: the photograph's `Concept`s, in any order.
        everyday: words of `everyday_concepts`.
    """
    ranked = sorted(map(Concept._make, concepts), key=lambda concept: -concept.probability)
    telling = [concept for concept in ranked if concept.word not in everyday]
    missed = [concept for concept in telling[SHOWN_CONCEPTS:] if concept.is_true]
    return ShownConcepts(
        surest=telling[:SHOWN_CONCEPTS],
        everyday=[concept for concept in ranked if concept.word in everyday],
        missed=missed[:SHOWN_MISSED],
    )


def extreme_concepts(
    concepts: Sequence[ConceptScore], size: int = 12
) -> tuple[list[ConceptScore], list[ConceptScore]]:
    """The concepts most often right and most often wrong, by F1; never the same in both.

    Concepts that no evaluated photograph has are left out. Equal F1: the more frequent first.

    Returns:
        (most often right, most often wrong), each at most ``size`` long and best / worst first.
    """
    present = [concept for concept in concepts if concept.found + concept.missed]
    right = sorted(present, key=lambda c: (-c.f1, -(c.found + c.missed), c.word))
    wrong = sorted(present, key=lambda c: (c.f1, -(c.found + c.missed), c.word))
    size = min(size, (len(present) + 1) // 2)
    shown = {concept.word for concept in right[:size]}
    return right[:size], [c for c in wrong[:size] if c.word not in shown]
