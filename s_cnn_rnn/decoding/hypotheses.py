"""What is written for a photograph: by a decoder, or by the highest scores where there is none."""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from s_cnn_rnn.decoding.writing import Written
from s_cnn_rnn.label_metrics import ranked_top
from s_cnn_rnn.vocabulary import Vocabulary

FIXED_LENGTH = 3  # labels of each photograph, where no decoder stops by itself (section 4.2)
SEPARATORS = {"captions": " ", "labels": ", "}


class Hypothesis(NamedTuple):
    """An annotation of a photograph.

    Args:
        annotation: its words as one text, joined as `SEPARATORS` has it.
        log_probability: in nats, by the decoder; None where labels were taken by their scores.
        words: the words of a caption, or the labels, in the order in which they were written
            (those taken by their scores: the highest first).
    """

    annotation: str
    log_probability: float | None
    words: tuple[str, ...]

    @classmethod
    def of_words(
        cls, words: Iterable[str], kind: str, log_probability: float | None = None
    ) -> "Hypothesis":
        """Joins words; kind is "captions" or "labels"."""
        words = tuple(words)
        return cls(SEPARATORS[kind].join(words), log_probability, words)

    @classmethod
    def from_json(cls, content: list) -> "Hypothesis":
        """Reads what JSON makes of one."""
        annotation, log_probability, words = content
        return cls(annotation, log_probability, tuple(words))


def hypotheses(written: Written, vocabulary: Vocabulary) -> list[tuple[Hypothesis, ...]]:
    """What a decoder wrote for each photograph, best first; without what has no probability."""
    return [
        tuple(
            Hypothesis.of_words(vocabulary.decode(ids), vocabulary.kind, log_probability)
            for ids, log_probability in zip(beams, log_probabilities, strict=True)
            if np.isfinite(log_probability)
        )
        for beams, log_probabilities in zip(
            written.words.tolist(), written.log_probabilities.tolist(), strict=True
        )
    ]


def highest_scores(scores: np.ndarray, vocabulary: Vocabulary) -> list[tuple[Hypothesis]]:
    """The labels of the highest scores, best first (`FIXED_LENGTH`, if there are so many).

    Args:
        scores: [N, k].
        vocabulary: its concepts are the k labels.
    """
    labels = vocabulary.concepts
    return [
        (Hypothesis.of_words((labels[number] for number in numbers), vocabulary.kind),)
        for numbers in ranked_top(scores, min(FIXED_LENGTH, len(labels)))
    ]
