"""Annotations and explanations as the JSON that the page reads."""

import math

import numpy as np

from s_cnn_rnn.annotating.annotation import Annotation
from s_cnn_rnn.explaining.explanation import Explanation, WordReasons
from s_cnn_rnn.explaining.shown_maps import SHOWN_SHARES, region, shown_map, strongest_of


def annotation_json(annotation: Annotation, concepts: tuple[str, ...]) -> dict:
    """An annotation.

    Args:
        annotation: what was written.
        concepts: of the run, in its vocabulary's order.

    Returns:
        "text"; "beams", each with "text", "words" and "probability" (None where labels are taken
        by their scores); "probabilities" of all concepts in their order; "telling": the numbers
        of the concepts, the most telling first.
    """
    number = {word: n for n, word in enumerate(concepts)}
    told = {concept.word: concept.probability for concept in annotation.concepts}
    return {
        "text": annotation.text,
        "beams": [
            {
                "text": beam.annotation,
                "words": list(beam.words),
                "probability": _probability(beam.log_probability),
            }
            for beam in annotation.beams
        ],
        "probabilities": [round(told[word], 5) for word in concepts] if told else [],
        "telling": [number[c.word] for c in annotation.telling_concepts(len(told))],
    }


def _probability(log_probability: float | None) -> float | None:
    return None if log_probability is None else math.exp(log_probability)


def explanation_json(explanation: Explanation) -> dict:
    """An explanation: of each word what carried it and where; of some concepts where.

    Maps are rows of numbers, 0 (nothing above the average place) to 1.
    """
    strongest = strongest_of(word.map for word in explanation.words)
    concepts = explanation.concept_maps
    return {
        "text": explanation.annotation.text,
        "words": [_word(word, strongest) for word in explanation.words],
        "concepts": {word: _place(values, 0.0) for word, values in concepts.items()},
    }


def _word(word: WordReasons, strongest: float) -> dict:
    usual = word.usual_log_probability
    return {
        "word": word.word,
        "probability": _probability(word.log_probability),
        "usual": _probability(usual),
        "shares": [
            {
                "concept": share.concept,
                "present": share.probability >= share.usual,
                "contribution": round(share.contribution, 4),
            }
            for share in word.shares[:SHOWN_SHARES]
        ],
        **_place(word.map, strongest),
    }


def _place(values: np.ndarray, strongest: float) -> dict:
    return {"map": shown_map(values, strongest).round(3).tolist(), "where": region(values)}
