"""A run as one function of tensors: photographs' pixels -> words; what every format is made of."""

import numpy as np
import tensorflow as tf

from s_cnn_rnn.annotating.looking import image_sizes
from s_cnn_rnn.annotator import Annotator
from s_cnn_rnn.decoding.hypotheses import SEPARATORS
from s_cnn_rnn.decoding.reranking import Reranker, searched
from s_cnn_rnn.export.label_choice import LabelChoice
from s_cnn_rnn.model.annotation_model import AnnotationModel
from s_cnn_rnn.vocabulary import END, UNKNOWN_WORD, Vocabulary

TEXT = "text"
WORDS = "words"
WORD_IDS = "word_ids"
LOG_PROBABILITY = "log_probability"
PROBABILITIES = "probabilities"


class WholeModel:
    """Encoder, concepts and search of a finished run (or an ensemble) as one function.

    Args:
        annotator: of the run.
        choice: which labels are taken; needed where no decoder writes.

    Raises:
        ValueError: concepts or photographs vote on what the run writes.
    """

    def __init__(self, annotator: Annotator, choice: LabelChoice | None = None):
        self.model, self.settings = annotator.model, annotator.settings
        if annotator.voters is not None:
            raise ValueError(
                "decoding.photographs_vote and decoding.concepts_vote: others than its hypotheses "
                "vote on what this run writes, which exported models do not have; export the run "
                "decoded without: experiments.ensemble --run=RUN --nophotographs_vote "
                "--noconcepts_vote"
            )
        self.reranker, self.choice = annotator.reranker, choice
        self._writer = annotator.writer(1) if self.model.decoder is not None else None

    @property
    def vocabulary(self) -> Vocabulary:
        """Words and concepts."""
        return self.model.vocabulary

    @property
    def image_sizes(self) -> tuple[int, ...]:
        """Sides in pixels of the photographs that its encoders see."""
        return tuple(sorted(image_sizes(self.model)))

    @property
    def variables(self) -> list[tf.Variable]:
        """All weights, as TensorFlow has them."""
        parts = [part for m in self.model.members for part in m.present_parts().values()]
        return [variable.value for part in parts for variable in part.variables]

    def __call__(self, images: dict[int, tf.Tensor]) -> dict[str, tf.Tensor]:
        """Annotates photographs.

        Args:
            images: uint8 [B, S, S, 3] for each S of `image_sizes`; upright, RGB.

        Returns:
            "word_ids": int32 [B, T], padded with 0; of a decoder closed by END.
            "log_probability": float32 [B], in nats; only with a decoder.
            "probabilities": float32 [B, k], s_hat; only where concepts are learnt.
        """
        inputs = [_inputs(member, images) for member in self.model.members]
        pairs = list(zip(self.model.members, inputs, strict=True))
        concepts = [member.concepts(given) for member, given in pairs]
        outputs = {}
        if self.model.learnt_concepts:
            outputs[PROBABILITIES] = tf.add_n(concepts) / float(len(concepts))
        if self._writer is None:
            ids = self.choice.word_ids(outputs[PROBABILITIES], self.vocabulary)
            return outputs | {WORD_IDS: ids}
        seen = [m.seen(given, s_hat) for (m, given), s_hat in zip(pairs, concepts, strict=True)]
        written = self._writer(self.model.join(seen))
        ids, log_p = written["words"], written["log_probabilities"]
        if self.reranker is not None:
            best = best_candidate(self.reranker, ids, log_p, concepts[0], self.vocabulary)
            ids, log_p = (tf.gather(each, best, axis=1, batch_dims=1) for each in (ids, log_p))
        return outputs | {WORD_IDS: ids[:, 0], LOG_PROBABILITY: log_p[:, 0]}

    def description(self) -> dict:
        """What an artefact says of itself, for JSON."""
        decoding = self.settings.decoding
        search = {
            "beam_width": searched(self.model, decoding).searched_width,
            "length_normalisation": decoding.length_normalisation,
            "longest": self.settings.model.longest,
        }
        if decoding.consensus:
            search["consensus"] = decoding.consensus
        if decoding.stop_bias:
            search["stop_bias"] = decoding.stop_bias
        return {
            "made_by": "s_cnn_rnn",
            "systems": [member.system.name for member in self.model.members],
            "writes": self.vocabulary.kind,
            "image_sizes": list(self.image_sizes),
            **({"search": search} if self._writer else {"labels": self.choice.name}),
        }


def _inputs(member: AnnotationModel, images: dict[int, tf.Tensor]) -> dict[str, tf.Tensor]:
    """What a member sees of photographs, which come without user tags."""
    pixels = images[member.encoder.input_shape[1]]
    inputs = dict(member.encoded(pixels))
    if "tags" in member.shapes:
        inputs["tags"] = tf.zeros([tf.shape(pixels)[0], *member.shapes["tags"]])
    return inputs


def best_candidate(
    reranker: Reranker,
    word_ids: tf.Tensor,
    log_probabilities: tf.Tensor,
    s_hat: tf.Tensor,
    vocabulary: Vocabulary,
) -> tf.Tensor:
    """Which candidate re-ranking puts first (`reranking.features`), int32 [B, 1].

    Args:
        reranker: its weights.
        word_ids: int32 [B, R, T].
        log_probabilities: float32 [B, R].
        s_hat: float32 [B, k].
        vocabulary: the words and concepts.
    """
    k = len(vocabulary.concepts)
    numbers = np.full(vocabulary.size, k, np.int32)  # of words that are no concept: none of the k
    for number, concept in enumerate(vocabulary.concepts):
        numbers[vocabulary.encode([concept])[1]] = number
    named = tf.gather(tf.constant(numbers), word_ids)[..., tf.newaxis] == tf.range(k)
    named = tf.cast(tf.reduce_any(named, axis=2), tf.float32)  # [B, R, k]
    expected = tf.maximum(tf.reduce_sum(s_hat, axis=1, keepdims=True), 1e-12)
    coverage = tf.reduce_sum(named * s_hat[:, tf.newaxis], axis=2) / expected
    length = tf.reduce_sum(tf.cast(word_ids > END, tf.float32), axis=2)
    _, length_weight, coverage_weight = reranker.weights.tolist()
    scores = log_probabilities + length_weight * length + coverage_weight * coverage
    return tf.math.top_k(scores, 1).indices


def words_by_id(vocabulary: Vocabulary) -> list[str]:
    """What each word id means; "" for padding, START and END."""
    before = [""] * (vocabulary.first_word - vocabulary.has_unknown)
    return before + [UNKNOWN_WORD] * vocabulary.has_unknown + list(vocabulary.words)


def text_pieces(vocabulary: Vocabulary) -> tuple[list[str], list[str]]:
    """What each word id adds to a text: as its first word, and after another one."""
    first = words_by_id(vocabulary)
    separator = SEPARATORS[vocabulary.kind]
    return first, [separator + word if word else "" for word in first]
