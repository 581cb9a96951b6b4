"""Between what a run writes and what could be written: the best hypothesis, and a person."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from s_cnn_rnn.caption_metrics import quick_cider, quick_scores
from s_cnn_rnn.data.prepared import PreparedData
from s_cnn_rnn.progress import Progress
from s_cnn_rnn.runs.run_folder import RunFolder
from s_cnn_rnn.scoring.predictions import predict


class CaptionBounds(NamedTuple):
    """CIDEr of captions by who chooses them, as `quick_cider` scores it.

    Attributes:
        photographs: N.
        written: of the first hypothesis of each photograph.
        best: of that one which scores best, which only those who know the references can choose.
        hypotheses: mean number of them.
        person: of one person's caption against those of the others, meaned over persons.
    """

    photographs: int
    written: float
    best: float
    hypotheses: float
    person: float


def bounds_of_run(folder: RunFolder, split: str, *, progress: Progress) -> CaptionBounds:
    """The bounds of what a run writes for a split, of as many captions as its beam is wide.

    Args:
        folder: of the run, or of an ensemble.
        split: of its data set.
        progress: told of photographs encoded and annotated.

    Raises:
        OSError, KeyError: as `predict`.
        ValueError: as `predict` and `caption_bounds`; or the run writes labels.
    """
    settings = folder.settings()
    if settings.task != "captions":
        raise ValueError(f"{folder.path}: writes {settings.task}; bounds are those of captions")
    photographs = predict(folder, split, progress=progress).photographs
    annotations = {a.image_id: a for a in PreparedData(settings.data).annotations(split)}
    return caption_bounds(
        [[beam.annotation for beam in each.beams] for each in photographs],
        [annotations[each.image_id].captions for each in photographs],
    )


def caption_bounds(
    hypotheses: Sequence[Sequence[str]], references: Sequence[Sequence[str]]
) -> CaptionBounds:
    """Scores the hypotheses and the persons.

    Args:
        hypotheses: captions of each of N photographs, at least one, the written one first.
        references: what people wrote of each, at least two captions.

    Raises:
        ValueError: a photograph with fewer than two references.
    """
    few = [n for n, captions in enumerate(references) if len(captions) < 2]
    if few:
        raise ValueError(
            f"{len(few)} of {len(references)} photographs have fewer than two references (first: "
            f"number {few[0]}), so that no person can be compared with the others"
        )
    scores = quick_cider(hypotheses, references)
    return CaptionBounds(
        photographs=len(references),
        written=float(np.mean([each[0] for each in scores])),
        best=float(np.mean([each.max() for each in scores])),
        hypotheses=float(np.mean([len(each) for each in scores])),
        person=_person(dict(enumerate(references))),
    )


def _person(references: Mapping[int, Sequence[str]]) -> float:
    """The mean over as many persons as every photograph has."""
    persons = min(map(len, references.values()))
    scores = [
        quick_scores(
            {n: captions[person] for n, captions in references.items()},
            {
                n: [*captions[:person], *captions[person + 1 :]]
                for n, captions in references.items()
            },
        )["CIDEr"]
        for person in range(persons)
    ]
    return float(np.mean(scores))
