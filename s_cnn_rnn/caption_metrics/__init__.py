"""Caption scores by the official coco-caption code, and the files around them."""

from s_cnn_rnn.caption_metrics.caption_statistics import caption_statistics
from s_cnn_rnn.caption_metrics.coco_results import (
    check_coco_results,
    read_coco_results,
    write_coco_results,
)
from s_cnn_rnn.caption_metrics.corpus_figures import METRICS
from s_cnn_rnn.caption_metrics.scoring import (
    CaptionScores,
    quick_cider,
    quick_scores,
    score_captions,
)

__all__ = [
    "METRICS",
    "CaptionScores",
    "caption_statistics",
    "check_coco_results",
    "quick_cider",
    "quick_scores",
    "read_coco_results",
    "score_captions",
    "write_coco_results",
]
