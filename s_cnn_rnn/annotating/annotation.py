"""What was written for a photograph, with how sure the CNN is of each concept."""

import dataclasses
import math
from typing import NamedTuple

from s_cnn_rnn.decoding.hypotheses import Hypothesis
from s_cnn_rnn.vocabulary import Vocabulary


class PredictedConcept(NamedTuple):
    """A concept as the CNN predicts it.

    Args:
        word: the concept.
        probability: how sure the CNN is of it, 0 to 1 (one of s_hat).
        usual: about how many of the training photographs have it, 0 to 1; None if unknown.
    """

    word: str
    probability: float
    usual: float | None

    @property
    def tells(self) -> float:
        """How much surer of it the CNN is than of any photograph: p log(p / usual), in nats."""
        if not self.usual or not self.probability:
            return self.probability
        return self.probability * math.log(self.probability / self.usual)


@dataclasses.dataclass(frozen=True)
class Annotation:
    """What was written for one photograph.

    Args:
        file_name: the path as it was given; "photograph 3" for the third one, given as bytes.
        kind: "captions" or "labels".
        beams: the best hypotheses, best first; as many as were asked for, if there are so many.
        concepts: all k concepts (or labels), the surest first; none where the system learns none.
    """

    file_name: str
    kind: str
    beams: tuple[Hypothesis, ...]
    concepts: tuple[PredictedConcept, ...]

    @property
    def text(self) -> str:
        """The caption, or the labels joined by commas."""
        return self.beams[0].annotation

    @property
    def words(self) -> tuple[str, ...]:
        """The words of the caption, or the labels in the order in which they were written."""
        return self.beams[0].words

    @property
    def log_probability(self) -> float | None:
        """Of the text, in nats, by the decoder; None where labels were taken by their scores."""
        return self.beams[0].log_probability

    def probability(self, word: str) -> float | None:
        """How sure the CNN is of a concept (or label); None where it does not learn it."""
        found = (concept.probability for concept in self.concepts if concept.word == word)
        return next(found, None)

    def other_concepts(self, count: int) -> list[PredictedConcept]:
        """The surest concepts (or labels) that were not written."""
        return [concept for concept in self.concepts if concept.word not in self.words][:count]

    def telling_concepts(self, count: int) -> list[PredictedConcept]:
        """The concepts that tell this photograph from others: "dog" before "a" and "the"."""
        return sorted(self.concepts, key=lambda concept: -concept.tells)[:count]


def usual_concepts(vocabulary: Vocabulary) -> dict[str, float]:
    """About which share of the training photographs each concept belongs to, 0 to 1.

    Estimated from the words' counts, as if the captions of a photograph were independent; exact
    for labels. Empty where the vocabulary does not tell how many photographs it was made from.
    """
    photographs = vocabulary.made_from.get("photographs")
    captions = vocabulary.made_from.get("captions", photographs)
    if not photographs or not captions:
        return {}
    counts = dict(zip(vocabulary.words, vocabulary.counts, strict=True))
    absent = {word: 1 - min(counts[word] / captions, 1) for word in vocabulary.concepts}
    return {word: 1 - part ** (captions / photographs) for word, part in absent.items()}
