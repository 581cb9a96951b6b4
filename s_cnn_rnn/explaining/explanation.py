"""Why a text says what it says: which concepts carried each word, and where they are seen."""

import dataclasses
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from s_cnn_rnn.annotating.annotation import Annotation
from s_cnn_rnn.annotating.looking import Looked
from s_cnn_rnn.data.model_inputs import ModelInputs
from s_cnn_rnn.explaining.attribution import (
    Contributions,
    WordLikelihoods,
    contributions,
    stepwise_contributions,
    usual_s_hat,
)
from s_cnn_rnn.explaining.word_maps import PhotographPlaces, concept_maps, word_maps
from s_cnn_rnn.model.annotation_model import AnnotationModel
from s_cnn_rnn.model.ensemble import Ensemble

MAPPED = 5
"""Concepts of each word that have a map of their own."""


class ConceptShare(NamedTuple):
    """What a concept adds to the log probability of a word.

    Args:
        concept: its word.
        probability: as the CNN predicts it, 0 to 1.
        usual: how many of the training photographs have it, 0 to 1.
        contribution: in nats; above 0 it makes the word likelier than in a usual photograph.
    """

    concept: str
    probability: float
    usual: float
    contribution: float


@dataclasses.dataclass(frozen=True, eq=False)
class WordReasons:
    """Why a word was written.

    Args:
        word: as written.
        log_probability: given the photograph and the words before it, in nats; without a decoder
            that of the label itself.
        usual_log_probability: the same for a photograph of usual concepts, after the same words;
            None where the decoder does not write from concepts.
        shares: of all k concepts, the largest (of either sign) first; they sum to the difference
            of the two. Empty where the decoder does not write from concepts.
        map: how much each place of the photograph adds, in nats, float64 [places_y, places_x];
            below 0 it speaks against the word.
    """

    word: str
    log_probability: float
    usual_log_probability: float | None
    shares: tuple[ConceptShare, ...]
    map: np.ndarray

    def largest(self, count: int) -> tuple[ConceptShare, ...]:
        """The concepts that speak most for the word."""
        for_it = [share for share in self.shares if share.contribution > 0]
        return tuple(sorted(for_it, key=lambda share: -share.contribution)[:count])


@dataclasses.dataclass(frozen=True, eq=False)
class Explanation:
    """Why a photograph's annotation says what it says.

    Args:
        annotation: what was written.
        words: of each word, in order.
        concept_maps: where the concepts that matter most to some word were seen: how much each
            place adds to the concept's log-odds over the usual, float64 [places_y, places_x].
    """

    annotation: Annotation
    words: tuple[WordReasons, ...]
    concept_maps: dict[str, np.ndarray]


class Explainer:
    """Explains what a model wrote.

    Args:
        model: the system; not an ensemble.

    Raises:
        ValueError: an ensemble.
    """

    def __init__(self, model: AnnotationModel | Ensemble):
        if isinstance(model, Ensemble):
            raise ValueError(
                f"an ensemble of {len(model.members)} models has no one reason for a word; explain "
                "a member's run folder"
            )
        self.model = model
        self.places = PhotographPlaces(model)
        self.shares = model.decoder is not None and model.system.writes_from_concepts
        self.usual = None
        if model.learnt_concepts and model.interface is not None:
            self.usual = usual_s_hat(model)
        elif model.learnt_concepts:
            self.usual = np.full(len(model.learnt_concepts), 0.5, np.float32)

    def explain(self, looked: Looked, annotations: list[Annotation]) -> list[Explanation]:
        """Why each photograph's best text was written.

        Args:
            looked: what the model saw of the photographs.
            annotations: what it wrote.
        """
        maps = self.places.of(looked.images(self.model.encoder.input_shape[1]))
        explained = []
        for n, annotation in enumerate(annotations):
            concepts = None if looked.concepts is None else looked.concepts[n]
            seen = _one(looked.inputs[0], n)
            explained.append(self._explain(annotation, seen, concepts, maps[n]))
        return explained

    def _explain(self, annotation, inputs, concepts, feature_map) -> Explanation:
        if self.model.decoder is None:
            return self._labels(annotation, inputs, concepts, feature_map)
        if not annotation.words:
            return Explanation(annotation, (), {})
        found, maps = self.reasons(annotation.words, inputs, concepts, feature_map)
        words = tuple(
            self._word(word, t, found, concepts, maps[t]) for t, word in enumerate(annotation.words)
        )
        numbers = self._mapped(annotation.words, found)
        return Explanation(
            annotation, words, self._concept_maps(numbers, inputs, concepts, feature_map)
        )

    def reasons(
        self,
        words: Sequence[str],
        inputs: dict[str, np.ndarray],
        concepts: np.ndarray | None,
        feature_map: np.ndarray,
    ) -> tuple[Contributions, np.ndarray]:
        """Contributions to each of T words, and the words' maps.

        Args:
            words: of the text, whether or not the model would write it.
            inputs: what the model sees of the photograph, [1, ...] each.
            concepts: s_hat, float32 [k]; None where the system learns none.
            feature_map: float32 [places_y, places_x, channels].

        Returns:
            `Contributions` (of no concept where the decoder does not write from concepts), and
            maps, float64 [T, places_y, places_x].
        """
        likelihoods = WordLikelihoods(self.model, inputs, self.model.vocabulary.encode(words))
        maps = np.zeros((likelihoods.count, *feature_map.shape[:2]))
        if not self.shares:
            now = likelihoods.of_all(None if concepts is None else concepts[None])[0]
            none = np.zeros((likelihoods.count, 0))
            found = Contributions(none, none, now, now, np.zeros_like(now))
        else:
            found = self._contributions(likelihoods, concepts)
            maps += word_maps(self.places, feature_map, inputs, concepts, self.usual, found)
        if self.places.seen_directly:
            maps += self.places.of_words(feature_map, likelihoods, concepts)
        return found, maps

    def _contributions(self, likelihoods, concepts) -> Contributions:
        by_steps = "concepts" in self.model.system.decoder_sees
        how = stepwise_contributions if by_steps else contributions
        return how(likelihoods, concepts, self.usual)

    def _word(self, word, t, found, concepts, place_map) -> WordReasons:
        values = found.values[t]
        order = np.argsort(-np.abs(values), kind="stable")
        shares = tuple(
            ConceptShare(
                self.model.learnt_concepts[j],
                float(concepts[j]),
                float(self.usual[j]),
                float(values[j]),
            )
            for j in order
        )
        usual = float(found.usual_log_probabilities[t]) if self.shares else None
        return WordReasons(
            word,
            float(found.log_probabilities[t]),
            usual,
            shares,
            place_map,
        )

    def _mapped(self, words, found: Contributions) -> np.ndarray:
        """The concepts that are words of the text, and those that matter most to any of them."""
        numbers = set(self.model.vocabulary.concept_numbers(words))
        if not self.model.learnt_concepts:
            return np.array([], int)
        for values in found.values:
            numbers |= set(np.argsort(-values)[:MAPPED].tolist())
        return np.array(sorted(numbers), int)

    def _concept_maps(self, numbers, inputs, concepts, feature_map) -> dict[str, np.ndarray]:
        if not len(numbers):
            return {}
        maps = concept_maps(self.places, feature_map, inputs, concepts, self.usual, numbers)
        return {self.model.learnt_concepts[j]: m for j, m in zip(numbers, maps, strict=True)}

    def _labels(self, annotation, inputs, concepts, feature_map) -> Explanation:
        """Of a system that chooses labels by their probabilities: each label's own map."""
        numbers = np.array([self.model.learnt_concepts.index(word) for word in annotation.words])
        maps = self._concept_maps(numbers, inputs, concepts, feature_map)
        words = tuple(
            WordReasons(word, float(np.log(concepts[j])), None, (), maps[word])
            for word, j in zip(annotation.words, numbers, strict=True)
        )
        return Explanation(annotation, words, maps)


def _one(inputs: ModelInputs, n: int) -> dict[str, np.ndarray]:
    """What a model sees of the n-th photograph, [1, ...] each."""
    return inputs.read(slice(n, n + 1))
