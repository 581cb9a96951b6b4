"""A score that only drawn pictures have: whether a caption is true of what the picture shows."""

from data_prep.shapes import scene_of_file
from data_prep.shapes_captions import is_true
from s_cnn_rnn.data.prepared import PreparedData
from s_cnn_rnn.scoring.caption_evaluation import PhotographScore, no_score
from s_cnn_rnn.vocabulary import tokenise


def true_captions(file_name: str, caption: str) -> dict[str, float]:
    """Whether a caption is true, 0 or 1.

    Args:
        file_name: of the drawn picture, which tells what it shows.
        caption: as it was written.
    """
    return {"true captions": float(is_true(tokenise(caption), scene_of_file(file_name)))}


def true_captions_by_pairs(file_name: str, caption: str) -> dict[str, float]:
    """The same, and apart for pictures with a colour and shape that train never shows together."""
    right = true_captions(file_name, caption)["true captions"]
    kind = "new pairs" if scene_of_file(file_name).has_held_out_pair else "known pairs"
    return {"true captions": right, f"true captions of {kind}": right}


def own_score(prepared: PreparedData, split: str) -> PhotographScore:
    """The score for a split of a data set: none unless its pictures are drawn."""
    for annotation in prepared.annotations(split)[:1]:
        try:
            scene_of_file(annotation.file_name)
        except ValueError:
            return no_score
    return true_captions_by_pairs if split == "test" else true_captions
