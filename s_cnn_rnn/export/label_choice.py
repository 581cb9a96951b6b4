"""Which labels are taken from scores where no decoder writes them: in a graph, and in NumPy."""

import dataclasses
from collections.abc import Callable

import numpy as np
import tensorflow as tf

from s_cnn_rnn.decoding.hypotheses import FIXED_LENGTH
from s_cnn_rnn.runs.run_folder import RunFolder
from s_cnn_rnn.scoring.label_evaluation import THRESHOLDS, labelled_split
from s_cnn_rnn.scoring.predictions import predict
from s_cnn_rnn.vocabulary import PADDING, Vocabulary

TOP = "top"
CHOICES = {
    TOP: "",
    "threshold": "threshold chosen on train",
    "label_thresholds": "per-label thresholds chosen on train",
}
"""How labels can be chosen -> the protocol (`label_evaluation.THRESHOLDS`) of its thresholds."""


@dataclasses.dataclass(frozen=True, eq=False)
class LabelChoice:
    """The labels that score at least their threshold, at most so many, highest score first.

    Args:
        name: a key of `CHOICES`.
        thresholds: float32 [k], of each label; -inf lets every score pass.
        most: labels of a photograph.
    """

    name: str
    thresholds: np.ndarray
    most: int

    def word_ids(self, scores: tf.Tensor, vocabulary: Vocabulary) -> tf.Tensor:
        """The chosen labels' word ids, int32 [B, most], then padding; scores are [B, k]."""
        ids = tf.constant([vocabulary.encode([c])[1] for c in vocabulary.concepts], tf.int32)
        passing = tf.where(scores >= self.thresholds, scores, -np.inf)
        best, number = tf.math.top_k(passing, self.most)
        return tf.where(best > -np.inf, tf.gather(ids, number), PADDING)

    def words(self, scores: np.ndarray, vocabulary: Vocabulary) -> tuple[str, ...]:
        """The same of one photograph in NumPy, the labels themselves; scores are [k]."""
        ranked = np.argsort(-scores, kind="stable")
        passing = [number for number in ranked if scores[number] >= self.thresholds[number]]
        return tuple(vocabulary.concepts[number] for number in passing[: self.most])


def label_choice(folder: RunFolder, name: str, predicted: Callable = predict) -> LabelChoice:
    """Makes a choice; thresholds are chosen on the train split, as evaluation chooses them.

    Args:
        folder: of the run.
        name: a key of `CHOICES`.
        predicted: gives the run's predictions of a split.

    Raises:
        ValueError: there is no such choice.
    """
    if name not in CHOICES:
        raise ValueError(f"labels={name!r}: expected one of {', '.join(CHOICES)}")
    count = len(folder.vocabulary().concepts)
    if name == TOP:
        return LabelChoice(name, np.full(count, -np.inf, np.float32), min(FIXED_LENGTH, count))
    truth = labelled_split(folder, "train").concepts
    chosen = THRESHOLDS[CHOICES[name]](predicted(folder, "train").s_hat, truth)
    return LabelChoice(name, _rounded_up(np.broadcast_to(chosen, count)), count)


def _rounded_up(thresholds: np.ndarray) -> np.ndarray:
    """float64 -> float32, never below: a threshold between two scores stays above the lower one."""
    nearest = thresholds.astype(np.float32)
    return np.where(nearest < thresholds, np.nextafter(nearest, np.float32(np.inf)), nearest)
