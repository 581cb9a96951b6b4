"""Switching concepts: which of s_hat are set to what, and what comes of it.

The decoder reads s_hat alone (fig. 1(d)), so that a photograph's caption can be asked for once
more with another s_hat: what if there were a dog?
"""

import dataclasses
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from s_cnn_rnn.explaining.concept_statistics import ConceptStatistics
from s_cnn_rnn.model.annotation_model import AnnotationModel
from s_cnn_rnn.model.ensemble import Ensemble
from s_cnn_rnn.near_names import near_names
from s_cnn_rnn.vocabulary import Vocabulary

ON, OFF = 1.0, 0.0
"""What a switch sets s_hat to: certainty. High and low quantiles of s_hat over training
photographs do worse (docs/what_if_and_why.md has the figures)."""


@dataclasses.dataclass(frozen=True)
class Switches:
    """Concepts that are set.

    Args:
        values: concept -> its probability, 0 to 1.
    """

    values: Mapping[str, float]

    @classmethod
    def of(
        cls,
        with_concepts: Iterable[str] = (),
        without_concepts: Iterable[str] = (),
        probabilities: Mapping[str, float] | None = None,
    ) -> "Switches":
        """Switches that are on, off, and anything between.

        Args:
            with_concepts: are set to `ON`.
            without_concepts: are set to `OFF`.
            probabilities: concept -> what it is set to.

        Raises:
            ValueError: a concept is set to two values, or to one outside 0 to 1; or none is set.
            TypeError: a text in the place of several concepts.

        >>> Switches.of(["dog"], ["person"], {"grass": 0.5}).values
        {'dog': 1.0, 'person': 0.0, 'grass': 0.5}
        """
        values: dict[str, float] = {}
        given = [(word, ON) for word in _several(with_concepts)]
        given += [(word, OFF) for word in _several(without_concepts)]
        given += [(word, float(value)) for word, value in (probabilities or {}).items()]
        for word, value in given:
            _set(values, word, value)
            if not 0 <= value <= 1:
                raise ValueError(f"{word!r} is set to {value:g}; expected a probability, 0 to 1")
        if not values:
            raise ValueError("no concept is switched; name some to have with or without")
        return cls(values)

    def spelt_as(self, vocabulary: Vocabulary) -> "Switches":
        """The same, with the vocabulary's own spelling of its concepts: its "dog" for "Dog".

        Raises:
            ValueError: a concept, spelt in two ways, is set to two values.
        """
        values: dict[str, float] = {}
        for word, value in self.values.items():
            _set(values, concept_named(word, vocabulary.concepts) or word, value)
        return Switches(values)

    def numbered(self, vocabulary: Vocabulary) -> dict[int, float]:
        """The place of each concept among the vocabulary's, and its value.

        Raises:
            ValueError: a word is no concept; the message names similar ones.
        """
        places = {word: place for place, word in enumerate(vocabulary.concepts)}
        unknown = [word for word in self.values if word not in places]
        if unknown:
            raise ValueError("; ".join(_not_a_concept(word, vocabulary) for word in unknown))
        return {places[word]: value for word, value in self.values.items()}


def concept_named(word: str, concepts: Sequence[str]) -> str | None:
    """The concept of that name, whose capital letters do not matter where one alone is meant.

    >>> concept_named("Dog", ["dog", "grass"])
    'dog'

    Args:
        word: the name; if it is a concept as it stands, it is that one.
        concepts: there are.

    Returns:
        As it is spelt among them; None where there is none, or several differ in capitals alone.
    """
    if word in concepts:
        return word
    alike = [concept for concept in concepts if concept.casefold() == word.casefold()]
    return alike[0] if len(alike) == 1 else None


def _set(values: dict[str, float], word: str, value: float) -> None:
    if values.setdefault(word, value) != value:
        raise ValueError(
            f"{word!r} is set to {values[word]:g} and to {value:g}; name each concept once"
        )


def _several(words: Iterable[str]) -> Iterable[str]:
    if isinstance(words, str):
        raise TypeError(f"expected several concepts, as in ({words!r},), not a text: {words!r}")
    return words


def _not_a_concept(word: str, vocabulary: Vocabulary) -> str:
    similar = near_names(word, vocabulary.concepts)
    advice = f"similar ones: {', '.join(similar)}" if similar else "no other is similar"
    return f"{word!r} is none of the {len(vocabulary.concepts)} concepts ({advice})"


def require_steerable(model: AnnotationModel | Ensemble) -> None:
    """Refuses a model that does not write from concepts.

    Raises:
        ValueError: the message says why, and which systems can be used instead.
    """
    objection = _objection(model)
    if objection:
        raise ValueError(
            f"{objection}; use a run of a system that writes from concepts, such as ours"
        )


def is_steerable(model: AnnotationModel | Ensemble) -> bool:
    """Whether a model writes from concepts, so that switching them changes what it writes."""
    return not _objection(model)


def _objection(model: AnnotationModel | Ensemble) -> str:
    """Why no concept can be switched; "" where they can."""
    for member in model.members:
        name = member.system.name
        if not member.system.supervised:
            return f"{name} learns no concepts, so none can be switched"
        if member.decoder is None:
            return (
                f"{name} chooses labels by their own probabilities, one by one: a switch changes "
                "nothing but itself"
            )
        if not member.system.writes_from_concepts:
            return (
                f"{name} learns concepts, but its decoder writes from the features alone: no "
                "switch would change a word"
            )
    if not model.learnt_concepts:
        return "the members of this ensemble learn different concepts"
    return ""


def switched(
    concepts: np.ndarray,
    numbered: Mapping[int, float],
    statistics: ConceptStatistics | None = None,
) -> np.ndarray:
    """s_hat with concepts set.

    Args:
        concepts: s_hat, float32 [N, k].
        numbered: concept's place -> probability, see `Switches.numbered`.
        statistics: of s_hat on training photographs: correlated concepts move along; None: only
            those that are set change.

    Returns:
        float32 [N, k].
    """
    places, values = np.array(list(numbered)), np.array(list(numbered.values()))
    if statistics is not None:
        return statistics.realigned(concepts, places, values)
    changed = np.array(concepts, np.float32)
    changed[:, places] = values
    return changed
