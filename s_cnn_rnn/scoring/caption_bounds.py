"""Between what a run writes and what could be written: the best hypothesis, and a person."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from s_cnn_rnn.caption_metrics import quick_cider, quick_scores


class CaptionBounds(NamedTuple):
    """CIDEr of captions by who chooses them, as `quick_cider` scores it.

    Attributes:
        written: of the first hypothesis of each photograph.
        best: of that one which scores best, which only those who know the references can choose.
        hypotheses: mean number of them.
        person: of one person's caption against those of the others, meaned over persons.
    """

    written: float
    best: float
    hypotheses: float
    person: float


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
