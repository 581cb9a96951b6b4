"""Scores of labels: the paper's C- and O- scores (section 4.2), rankings, thresholds, label order.

N photographs, k classes. What a photograph is predicted to show is a row of a bool [N, k] array,
whether a decoder wrote it (`written_sets`), or it is the top 3 (`predicted_top`) or what lies above
a threshold (`predicted_above`).
"""

from s_cnn_rnn.label_metrics.predicting import (
    predicted_above,
    predicted_top,
    ranked_top,
    written_sets,
)
from s_cnn_rnn.label_metrics.ranking import (
    RankingScores,
    average_precision,
    mean_average_precision,
)
from s_cnn_rnn.label_metrics.rare_first import rare_first_pairs
from s_cnn_rnn.label_metrics.set_scores import SCORES, LabelScores, label_scores
from s_cnn_rnn.label_metrics.thresholds import best_label_thresholds, best_threshold

__all__ = [
    "SCORES",
    "LabelScores",
    "RankingScores",
    "average_precision",
    "best_label_thresholds",
    "best_threshold",
    "label_scores",
    "mean_average_precision",
    "predicted_above",
    "predicted_top",
    "ranked_top",
    "rare_first_pairs",
    "written_sets",
]
