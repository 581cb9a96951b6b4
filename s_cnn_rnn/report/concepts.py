"""How single concepts and labels were predicted, and which stand together, as plain data."""

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np

from s_cnn_rnn.report.scores import Score


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
    def support(self) -> int:
        """Photographs that have it."""
        return self.found + self.missed

    @property
    def recall(self) -> float | None:
        """Part of them that were given it, 0 to 1; None where there are none."""
        return self.found / self.support if self.support else None

    @property
    def precision(self) -> float:
        """Part of the photographs given it that have it, 0 to 1; 0 where it was never given."""
        given = self.found + self.invented
        return self.found / given if given else 0.0

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall, 0 to 1; 0 where neither is defined."""
        wrong = self.missed + self.invented
        return 2 * self.found / (2 * self.found + wrong) if self.found or wrong else 0.0


@dataclasses.dataclass(frozen=True)
class ConceptScores:
    """The concept layer's scores in a report of captions.

    Args:
        mean_average_precision: a `Score`; its metric is its name.
        concepts: a `ConceptScore` for each concept.
        threshold: probability from which a concept counts as predicted.
    """

    mean_average_precision: Score
    concepts: Sequence[ConceptScore] = ()
    threshold: float = 0.5


@dataclasses.dataclass(frozen=True)
class LabelTable:
    """How each label was predicted.

    Args:
        protocol: how labels were chosen, such as "own stop".
        labels: a `ConceptScore` for each label.
        compared: (another system or protocol, label -> its F1 there).
    """

    protocol: str
    labels: Sequence[ConceptScore]
    compared: Sequence[tuple[str, Mapping[str, float]]] = ()


@dataclasses.dataclass(frozen=True, eq=False)
class CoOccurrence:
    """In how many photographs labels stand together.

    Args:
        labels: the k labels.
        true: photographs that have both labels, int [k, k]; on the diagonal those that have one.
        predicted: the same of what was predicted.
    """

    labels: Sequence[str]
    true: np.ndarray
    predicted: np.ndarray

    @classmethod
    def of_sets(
        cls, labels: Sequence[str], predicted: np.ndarray, truth: np.ndarray
    ) -> "CoOccurrence":
        """Counts pairs in label sets, bool [N, k]."""
        # float32 sums are exact up to 16 million photographs, and their product is fast.
        true, found = (
            np.rint(sets.T.astype(np.float32) @ sets.astype(np.float32)).astype(np.int64)
            for sets in (truth, predicted)
        )
        return cls(tuple(labels), true, found)


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
    return count_labels(
        words, probabilities >= threshold, truth, average_precisions=average_precisions
    )


def count_labels(
    words: Sequence[str],
    predicted: np.ndarray,
    truth: np.ndarray,
    *,
    average_precisions: Sequence[float | None] | None = None,
) -> list[ConceptScore]:
    """Counts for each label how often it was found, missed and invented.

    Args:
        words: the k labels.
        predicted: bool [N, k].
        truth: bool [N, k].
        average_precisions: one for each label, or None.
    """
    found = (predicted & truth).sum(0)
    missed = (~predicted & truth).sum(0)
    invented = (predicted & ~truth).sum(0)
    precisions = [None] * len(words) if average_precisions is None else average_precisions
    return [
        ConceptScore(word, int(f), int(m), int(i), precision)
        for word, f, m, i, precision in zip(words, found, missed, invented, precisions, strict=True)
    ]
