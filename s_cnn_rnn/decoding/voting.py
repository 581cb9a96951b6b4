"""Who votes on what a beam finds beside the hypotheses themselves: concepts and photographs.

A consensus (`consensus`) takes the hypothesis that the others are most like. What the CNN sees can
speak, too, without having passed through the decoder: a hypothesis is then scored by

    score(c) = sum_v weight_v vote_v(c)

over the votes of the hypotheses, of the concepts, and of the train split's photographs
(`train_photographs`). The concepts' vote is the cosine between the concepts that the caption names
and s_hat, each concept counting by how rare it is in the train split's captions:

    vote(c) = sum_k r_k^2 n_k s_hat_k / (|r n| |r s_hat|),   n_k = 1 if c names concept k, else 0,
    r_k = log(occurrences of the commonest word / occurrences of k),

a mean over those members of an ensemble that learn concepts. The weights were chosen on the
validation part of Flickr8k, with one run of `ours` (those without photographs: with one of `v2l`
and one of `ours+transformer`).
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import keras
import numpy as np

from s_cnn_rnn.data.model_inputs import ModelInputs
from s_cnn_rnn.decoding.beam import IMPOSSIBLE
from s_cnn_rnn.decoding.consensus import votes
from s_cnn_rnn.decoding.train_photographs import TrainPhotographs, train_photographs_of
from s_cnn_rnn.decoding.writing import BATCH, Written, predict_concepts
from s_cnn_rnn.model.annotation_model import AnnotationModel
from s_cnn_rnn.model.ensemble import Ensemble
from s_cnn_rnn.progress import Progress
from s_cnn_rnn.runs.run_folder import RunFolder
from s_cnn_rnn.vocabulary import Vocabulary


class Weights(NamedTuple):
    """What each kind of vote counts, 1 in all."""

    hypotheses: float
    concepts: float
    photographs: float


WEIGHTS = {
    (True, False): Weights(0.5, 0.5, 0.0),
    (False, True): Weights(0.015, 0.0, 0.985),
    (True, True): Weights(0.015, 0.015, 0.97),
}
"""By whether concepts and whether photographs vote; the votes of these differ the least."""


class ConceptVotes:
    """How a member's concepts vote.

    Args:
        vocabulary: the run's; its counts say how rare a concept is.
        concepts: that the member learns, k of them.
    """

    def __init__(self, vocabulary: Vocabulary, concepts: Sequence[str]):
        counts = dict(zip(vocabulary.words, vocabulary.counts, strict=True))
        found = np.array([counts[concept] for concept in concepts], np.float64)
        self.rarity = np.log(max(vocabulary.counts) / found)  # [k]
        self.places = np.full(vocabulary.size, len(concepts))  # id -> concept; k: none
        words = {word: number for number, word in enumerate(vocabulary.words)}
        for place, concept in enumerate(concepts):
            self.places[vocabulary.first_word + words[concept]] = place

    def votes(self, words: np.ndarray, s_hat: np.ndarray) -> np.ndarray:
        """The vote for each hypothesis, float64 [B, R], 0 to 1; 0 for one that names no concept.

        Args:
            words: word ids, int32 [B, R, T].
            s_hat: of the member, float [B, k].
        """
        batch, count, _ = words.shape
        named = np.zeros((batch, count, len(self.rarity) + 1))
        np.put_along_axis(named, self.places[words], 1.0, axis=2)
        caption, seen = named[:, :, :-1] * self.rarity, s_hat * self.rarity
        norms = np.linalg.norm(caption, axis=2) * np.linalg.norm(seen, axis=1)[:, None]
        return np.einsum("brk,bk->br", caption, seen) / np.maximum(norms, 1e-9)


class Voters:
    """Puts what a beam finds in the order that all who vote speak for.

    Args:
        model: a system, or an ensemble, that writes captions.
        concepts: whether concepts vote.
        photographs: of the train split, which vote, or None.

    Raises:
        ValueError: concepts are to vote, but none are learnt.
    """

    def __init__(
        self,
        model: AnnotationModel | Ensemble,
        concepts: bool,
        photographs: TrainPhotographs | None,
    ):
        self.members, self.photographs = model.members, photographs
        self.concepts = [
            ConceptVotes(model.vocabulary, member.learnt_concepts)
            if concepts and member.learnt_concepts
            else None
            for member in model.members
        ]
        if concepts and not any(self.concepts):
            systems = ", ".join(dict.fromkeys(member.system.name for member in model.members))
            raise ValueError(
                f"decoding.concepts_vote: {systems} learns no concepts that could vote; set it to "
                "False, or choose a system that learns some"
            )
        self.weights = WEIGHTS[concepts, photographs is not None]

    def told(self, inputs: Sequence[ModelInputs]) -> list[np.ndarray | None]:
        """s_hat of each member whose concepts vote, float32 [N, k].

        Args:
            inputs: what each member saw of N photographs.
        """
        return [
            predict_concepts(member, given) if votes_too else None
            for member, given, votes_too in zip(self.members, inputs, self.concepts, strict=True)
        ]

    def scores(self, written: Written, features, s_hats) -> np.ndarray:
        """The score of each hypothesis, float64 [B, R]; `IMPOSSIBLE` where there is none.

        Args:
            written: R hypotheses of each of B photographs.
            features: F of each member's encoder, float [B, D] each.
            s_hats: of each member, float [B, k]; None of those whose concepts do not vote.
        """
        words, log_probabilities = written.words, written.log_probabilities
        own = keras.ops.convert_to_numpy(votes(words, log_probabilities, "captions"))
        scores = self.weights.hypotheses * own
        spoken = [
            each.votes(words, s_hat)
            for each, s_hat in zip(self.concepts, s_hats, strict=True)
            if each is not None
        ]
        if spoken:
            scores = scores + self.weights.concepts * np.mean(spoken, axis=0)
        if self.photographs is not None:
            scores = scores + self.weights.photographs * self.photographs.votes(words, features)
        return np.where(log_probabilities > IMPOSSIBLE, scores, IMPOSSIBLE)

    def ordered(
        self,
        written: Written,
        inputs: Sequence[ModelInputs],
        s_hat: np.ndarray | None = None,
        progress: Callable[[int, int], None] | None = None,
    ) -> Written:
        """The same hypotheses, those with the highest scores first.

        Args:
            written: R hypotheses of each of N photographs.
            inputs: what each member saw of the N photographs.
            s_hat: float [N, k], in the place of what the members see.
            progress: called with (photographs done, photographs in all).
        """
        total, orders = len(written.words), []
        told = self.told(inputs) if s_hat is None else [s_hat] * len(self.members)
        for start in range(0, total, BATCH):
            part = slice(start, start + BATCH)
            some = Written(written.words[part], written.log_probabilities[part], written.vocabulary)
            features = [each.features[part, 0] for each in inputs]
            scores = self.scores(some, features, [s if s is None else s[part] for s in told])
            orders.append(np.argsort(-scores, axis=1, kind="stable"))
            if progress:
                progress(min(part.stop, total), total)
        return written.in_order(np.concatenate(orders))


def voters_of(
    folder: RunFolder, model: AnnotationModel | Ensemble, *, progress: Progress
) -> Voters | None:
    """Who votes on what a finished run writes beside its hypotheses; None if nobody does.

    Args:
        folder: of the run, or of an ensemble.
        model: trained.
        progress: told of photographs encoded.

    Raises:
        FileNotFoundError: the run's folder has no photographs yet, and the data set is missing.
        ValueError: the run writes labels, or learns no concepts that could vote.
    """
    decoding = folder.settings().decoding
    if not decoding.votes_beside:
        return None
    if model.vocabulary.kind != "captions":
        raise ValueError(
            f"{folder.path}: decoding.concepts_vote and decoding.photographs_vote are for "
            f"captions, not {model.vocabulary.kind}; set them to False"
        )
    photographs = train_photographs_of(folder, model, progress=progress)
    return Voters(model, decoding.concepts_vote, photographs)
