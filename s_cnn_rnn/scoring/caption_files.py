"""Captions that any program wrote, in files of COCO's results format -> their scores."""

import os
from collections.abc import Sequence

from s_cnn_rnn.caption_metrics import caption_statistics, read_coco_results, score_captions
from s_cnn_rnn.data.prepared import PreparedData
from s_cnn_rnn.scoring.caption_evaluation import how_scored, scores_under
from s_cnn_rnn.scoring.protocol_scores import MeanScores, ProtocolScores


def score_caption_files(
    paths: Sequence[str | os.PathLike], prepared: PreparedData, split: str
) -> MeanScores:
    """Scores files of captions of the same split; several are seeds of one system.

    Args:
        paths: of the files, one at least.
        prepared: the data set that the photographs' ids are of.
        split: whose photographs the files have captions of, all and no others; those that nobody
            captioned are not scored.

    Raises:
        FileNotFoundError, KeyError, ValueError: no such file or split, another split's captions,
            or no photograph that somebody captioned.
    """
    annotations = prepared.annotations(split)
    references = {each.image_id: each.captions for each in annotations if each.captions}
    if not references:
        raise ValueError(f"{prepared.folder}: nobody captioned a photograph of {split}")
    photographs = [each.image_id for each in annotations]
    written = [read_coco_results(path, photographs) for path in paths]
    return MeanScores(tuple(_scores(captions, references) for captions in written))


def _scores(written: dict[int, str], references: dict) -> ProtocolScores:
    written = {image_id: written[image_id] for image_id in references}
    scores = score_captions(written, references)
    protocol = how_scored(list(references.values()), tokeniser=scores.tokeniser)
    return scores_under(protocol, scores, beside=caption_statistics(written))
