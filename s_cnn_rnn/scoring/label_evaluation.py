"""What a run predicted for a split -> its label scores under each protocol.

A decoder stops by itself. Labels that are chosen by their scores are the top 3, or all above a
threshold that was chosen on the train split, one for all labels or one for each: top 3 alone would
flatter the decoders (section 4.3 compares with it).
"""

import dataclasses
from collections.abc import Callable

import numpy as np

from s_cnn_rnn.bootstrap import Ratios
from s_cnn_rnn.data.encoded_split import EncodedSplit, known_labels
from s_cnn_rnn.data.prepared import PreparedData
from s_cnn_rnn.decoding.hypotheses import FIXED_LENGTH
from s_cnn_rnn.label_metrics import (
    SCORES,
    RankingScores,
    best_label_thresholds,
    best_threshold,
    label_scores,
    predicted_above,
    predicted_top,
    rare_first_pairs,
    written_sets,
)
from s_cnn_rnn.runs.run_folder import RunFolder
from s_cnn_rnn.scoring.caption_evaluation import GREEDY, how_decoded
from s_cnn_rnn.scoring.predictions import Predictions, whole_split
from s_cnn_rnn.scoring.protocol_scores import ProtocolScores
from s_cnn_rnn.vocabulary import order_labels

HEADLINE = "O-F1"
PHOTOGRAPH_METRIC = "F1"
LENGTH = "labels per photograph"
LEADING = (*SCORES, "mAP", LENGTH)
OWN_STOP = "own stop"

THRESHOLDS = {
    "threshold chosen on train": best_threshold,
    "per-label thresholds chosen on train": best_label_thresholds,
}
"""Protocol -> what chooses its threshold from scores and truth of the train split."""


def labelled_split(folder: RunFolder, split: str) -> EncodedSplit:
    """All photographs of a split with their true labels, also those without any.

    The references are the labels, rare ones first; those that train lacks are left out.
    """
    vocabulary = folder.vocabulary()
    data = whole_split(PreparedData(folder.settings().data), split, vocabulary)
    labels = known_labels(data.annotations, vocabulary, f"{data.prepared.folder}, {split}")
    ordered = [tuple(order_labels(each, vocabulary, "rare_first")) for each in labels]
    return dataclasses.replace(data, concepts=vocabulary.indicators(labels), references=ordered)


def score_label_run(
    folder: RunFolder,
    data: EncodedSplit,
    predictions: Predictions,
    *,
    predict_train: Callable[[], Predictions],
    s_hat_too: bool = False,
) -> tuple[tuple[ProtocolScores, ...], ProtocolScores | None]:
    """Scores labels: (under each protocol, the decoder's text-only baseline).

    Args:
        folder: of the run.
        data: all photographs of the split with their true labels (`labelled_split`).
        predictions: of all photographs of the split.
        predict_train: predicts the train split, on which thresholds are chosen.
        s_hat_too: whether s_hat of a system that writes labels is scored as well, as if the
            labels were chosen by it.

    Raises:
        ValueError: no photograph of the split has a label.
    """
    run = _LabelRun(folder, data, predictions)
    protocols = []
    if predictions.stops_by_itself:
        protocols.append(run.own_stop())
    if predictions.s_hat is not None and (s_hat_too or not predictions.stops_by_itself):
        protocols += run.by_scores(predict_train)
    return tuple(protocols), run.text_only()


class _LabelRun:
    """A run's predictions with the truth beside them."""

    def __init__(self, folder: RunFolder, data: EncodedSplit, predictions: Predictions):
        self.folder, self.predictions = folder, predictions
        self.vocabulary = folder.vocabulary()
        self.truth = data.concepts.astype(bool)
        self.image_ids = tuple(p.image_id for p in predictions.photographs)
        self.ranking = ()
        if predictions.s_hat is not None:
            self.ranking = (RankingScores(self.image_ids, predictions.s_hat, self.truth),)

    def own_stop(self) -> ProtocolScores:
        """What the decoder wrote; its order counts for nothing but the share of ordered lists."""
        decoded = how_decoded(self.folder.settings().decoding)
        name = OWN_STOP if decoded == GREEDY else f"{OWN_STOP}, {decoded}"
        lists = [photograph.words for photograph in self.predictions.photographs]
        predicted = written_sets(lists, self.vocabulary.concepts)
        return self._scores(name, predicted, *self.ranking, self._order(lists))

    def by_scores(self, predict_train: Callable[[], Predictions]) -> list[ProtocolScores]:
        """Labels chosen by their scores: top 3, and above thresholds."""
        scores = self.predictions.s_hat
        prefix = "s_hat, " if self.predictions.stops_by_itself else ""
        count = min(FIXED_LENGTH, scores.shape[1])
        top = self._scores(f"{prefix}top {count}", predicted_top(scores, count), *self.ranking)
        train_scores = predict_train().s_hat
        train_truth = labelled_split(self.folder, "train").concepts
        above = []
        for name, choose in THRESHOLDS.items():
            threshold = choose(train_scores, train_truth)
            predicted = predicted_above(scores, threshold)
            beside = {"threshold": threshold} if np.ndim(threshold) == 0 else {}
            above.append(self._scores(prefix + name, predicted, *self.ranking, beside=beside))
        return [top, *above]

    def text_only(self) -> ProtocolScores | None:
        """The one list that the decoder writes without a photograph, for every photograph."""
        if not self.predictions.stops_by_itself:
            return None
        lists = [self.predictions.text_only.words] * len(self.truth)
        return self._scores("text only", written_sets(lists, self.vocabulary.concepts))

    def _scores(self, protocol: str, predicted: np.ndarray, *parts, beside=None) -> ProtocolScores:
        sets = label_scores(predicted, self.truth, self.image_ids)
        one_each = np.ones(len(predicted))
        length = Ratios(self.image_ids, {LENGTH: (predicted.sum(axis=1), one_each)})
        return ProtocolScores(
            protocol,
            (sets, *parts, length),
            headline=HEADLINE,
            photograph_metric=PHOTOGRAPH_METRIC,
            per_photograph=sets.photograph_f1,
            leading=LEADING,
            beside={**(beside or {}), **sets.special_cases},
        )

    def _order(self, lists) -> Ratios:
        """Shares of what is written rare first: pairs of labels, and lists of two or more."""
        counts = dict(zip(self.vocabulary.words, self.vocabulary.counts, strict=True))
        in_order, pairs = rare_first_pairs(lists, counts)
        several = pairs > 0
        return Ratios(
            self.image_ids,
            {
                "rare-first pairs": (in_order, pairs),
                "rare-first lists": (several & (in_order == pairs), several),
            },
        )
