"""What if a photograph had other concepts: its caption before and after (`Annotator.what_if`)."""

import dataclasses
from typing import NamedTuple

from s_cnn_rnn.annotating.annotation import Annotation


class ChangedConcept(NamedTuple):
    """A concept whose probability is another one.

    Args:
        word: the concept.
        before: as the CNN predicts it, 0 to 1.
        after: as the decoder was told, 0 to 1.
    """

    word: str
    before: float
    after: float


@dataclasses.dataclass(frozen=True)
class WhatIf:
    """What is written for a photograph, and what would be if it had other concepts.

    Args:
        before: the annotation as it is.
        after: the annotation with the concepts set.
        switched: the concepts that were set, in the order in which they were given.
    """

    before: Annotation
    after: Annotation
    switched: tuple[ChangedConcept, ...]

    @property
    def file_name(self) -> str:
        """The photograph, as in `Annotation`."""
        return self.before.file_name

    @property
    def appeared(self) -> tuple[str, ...]:
        """The words that only the new text has, in its order."""
        return _only_in(self.after.words, self.before.words)

    @property
    def disappeared(self) -> tuple[str, ...]:
        """The words that only the old text has, in its order."""
        return _only_in(self.before.words, self.after.words)

    @property
    def fluency_cost(self) -> float:
        """How much less sure of its text the decoder is, in nats a word (END is one).

        The mean log probability of the old text's words, given the concepts as they are, minus
        that of the new text's, given those that were set. Below 0 it has become surer.
        """
        return _of_a_word(self.before) - _of_a_word(self.after)

    def moved(self, count: int) -> list[ChangedConcept]:
        """The concepts that moved along, those that moved most first; none unless asked for."""
        set_ones = {concept.word for concept in self.switched}
        after = {concept.word: concept.probability for concept in self.after.concepts}
        changes = [
            ChangedConcept(concept.word, concept.probability, after[concept.word])
            for concept in self.before.concepts
            if concept.word not in set_ones and concept.probability != after[concept.word]
        ]
        return sorted(changes, key=lambda change: -abs(change.after - change.before))[:count]


def _only_in(words: tuple[str, ...], others: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(word for word in words if word not in others))


def _of_a_word(annotation: Annotation) -> float:
    return annotation.log_probability / (len(annotation.words) + 1)
