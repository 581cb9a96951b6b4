"""How often a switched concept's word appears or disappears, and what that costs.

A concept is *gained* where it is absent (nobody named it, and the caption does not) and switched
on: does the caption have its word afterwards? It is *lost* where it is present (somebody named it,
and the caption does) and switched off: is its word gone?

Only concepts that the run writes about are asked for: words of at least `WRITTEN` captions that it
writes for the part, not named in most photographs ("a", "in"). A word that is never written cannot
be gained by any s_hat.
"""

import collections
from collections.abc import Collection, Sequence
from typing import NamedTuple

import numpy as np

from s_cnn_rnn.bootstrap import Ratios
from s_cnn_rnn.explaining.concept_switches import OFF, ON
from s_cnn_rnn.measures.concept_writer import Captions, ConceptWriter

WRITTEN = 5
USUAL = 0.5  # share of photographs from which on a concept is everyday


class Pairs(NamedTuple):
    """Photographs, and a concept of each that is switched.

    Attributes:
        rows: int [R], places of the photographs.
        places: int [R], places of the concepts.
    """

    rows: np.ndarray
    places: np.ndarray


def written_about(writer: ConceptWriter, at_least: int = WRITTEN) -> np.ndarray:
    """Places of the concepts that the run writes about, int [m]."""
    counts = collections.Counter(word for words in writer.before.sets for word in words)
    words = writer.model.vocabulary.concepts
    chosen = [
        place
        for place, word in enumerate(words)
        if counts[word] >= at_least and writer.usual[place] < USUAL
    ]
    if not chosen:
        raise ValueError(
            f"no concept is in {at_least} captions or more; take more photographs, or a run that "
            "says more different things"
        )
    return np.array(chosen)


def places_of_concepts(
    writer: ConceptWriter, words: Sequence[str], chosen: Collection[int]
) -> list[int]:
    """Which words of a text are among the chosen concepts: their places in the text."""
    numbers = [writer.model.vocabulary.concept_numbers([word]) for word in words]
    return [t for t, number in enumerate(numbers) if number and number[0] in chosen]


def absent_pairs(writer: ConceptWriter, chosen: np.ndarray, *, draws: int, seed: int = 0) -> Pairs:
    """Some absent concepts of each photograph, drawn alike from those chosen."""
    random = np.random.default_rng(seed)
    words, rows, places = writer.model.vocabulary.concepts, [], []
    for row, written in enumerate(writer.before.sets):
        absent = [j for j in chosen if not writer.true[row, j] and words[j] not in written]
        drawn = random.permutation(absent)[:draws]
        rows += [row] * len(drawn)
        places += drawn.tolist()
    if not rows:
        raise ValueError("no photograph lacks a concept that the run writes about; take more")
    return Pairs(np.array(rows), np.array(places))


def present_pairs(writer: ConceptWriter, chosen: np.ndarray) -> Pairs:
    """All concepts that are present, of those chosen."""
    words = writer.model.vocabulary.concepts
    pairs = [
        (row, j)
        for row, written in enumerate(writer.before.sets)
        for j in chosen
        if writer.true[row, j] and words[j] in written
    ]
    if not pairs:
        raise ValueError("no photograph has a concept that its caption names; take more of them")
    rows, places = zip(*pairs, strict=True)
    return Pairs(np.array(rows), np.array(places))


def switched_one_by_one(
    writer: ConceptWriter, pairs: Pairs, value: float, *, correlated: bool
) -> np.ndarray:
    """s_hat of each pair's photograph with its concept set, float32 [R, k]."""
    concepts = writer.s_hat[pairs.rows].copy()
    if not correlated:
        concepts[np.arange(len(concepts)), pairs.places] = value
        return concepts
    for place in np.unique(pairs.places):
        same = pairs.places == place
        concepts[same] = writer.statistics.realigned(
            concepts[same], np.array([place]), np.array([value])
        )
    return concepts


def switch_scores(
    writer: ConceptWriter, *, correlated: bool, draws: int = 1, seed: int = 0
) -> Ratios:
    """Success and cost of single switches, for each photograph.

    Args:
        writer: of a run and a part.
        correlated: whether correlated concepts move along.
        draws: absent concepts of each photograph.
        seed: decides which.

    Returns:
        "gained", "lost": shares of switches that succeed. For both, as "... when gained" or "...
        when lost": "words kept" (share of the caption's other words that stay), "fluency cost"
        (nats a word by which the new caption is less likely than the old one was), "CIDEr change"
        (against the same human captions, which do not know of the switch).
    """
    chosen = written_about(writer)
    figures = {}
    for name, value, pairs in (
        ("gained", ON, absent_pairs(writer, chosen, draws=draws, seed=seed)),
        ("lost", OFF, present_pairs(writer, chosen)),
    ):
        concepts = switched_one_by_one(writer, pairs, value, correlated=correlated)
        after = writer(pairs.rows, concepts)
        figures |= _figures(writer, name, value, pairs, after)
    return Ratios.of_means(writer.image_ids, figures)


def _figures(writer, name: str, value: float, pairs: Pairs, after: Captions) -> dict:
    words = writer.model.vocabulary.concepts
    named = [words[j] in found for j, found in zip(pairs.places, after.sets, strict=True)]
    succeeded = [has == (value == ON) for has in named]
    kept = [
        _kept(writer.before.sets[row] - {words[j]}, found)
        for row, j, found in zip(*pairs, after.sets, strict=True)
    ]
    cost = after.cost - writer.before.cost[pairs.rows]
    change = _cider_of_rows(writer, pairs.rows, after) - writer.cider(writer.before)[pairs.rows]
    each = {
        name: succeeded,
        f"words kept when {name}": kept,
        f"fluency cost when {name}": cost,
        f"CIDEr change when {name}": change,
    }
    return writer.means(pairs.rows, each)


def _kept(before: set[str], after: set[str]) -> float:
    return len(before & after) / len(before) if before else 1.0


def _cider_of_rows(writer: ConceptWriter, rows: np.ndarray, captions: Captions) -> np.ndarray:
    """CIDEr of captions of which a photograph may have several, float64 [R]."""
    rank = np.zeros(len(rows), int)
    for row in np.unique(rows):
        rank[rows == row] = np.arange((rows == row).sum())
    found = np.empty(len(rows))
    for number in range(rank.max() + 1):
        now = np.flatnonzero(rank == number)
        texts = [[] for _ in writer.s_hat]
        for place in now:
            texts[rows[place]] = captions.words[place]
        scores = writer.cider(Captions(texts, np.zeros(len(texts))))
        found[now] = scores[rows[now]]
    return found
