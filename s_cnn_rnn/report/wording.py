"""What differs between a report of captions and one of labels: words, and what is shown where."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Wording:
    """One kind of report.

    Args:
        joiner: stands between the words of what was written.
        references: heading above what people wrote.
        unsupported: what a dotted line marks.
        order_kept: said of the order of what is written.
        probabilities: heading above the concepts' probabilities.
        untrue: said of a concept that is not true of the photograph.
        undescribed: said of a photograph that nobody annotated.
        folds_everyday: whether concepts that nearly every photograph has are folded away.
        beside: concepts shown beside photographs that compare systems.
        headlines: metrics at the top of the page; the first metric of all where there are none.
        rows_are_systems: whether a line of the score table is a system, as in tables 1 and 2.
        charted: metrics drawn as bars; all of them where there are none named.
        columns: metrics in the score table; the others are folded away below it. All where there
            are none named.
    """

    joiner: str
    references: str
    unsupported: str
    order_kept: str
    probabilities: str
    untrue: str
    undescribed: str
    folds_everyday: bool
    beside: int
    headlines: tuple[str, ...] = ()
    rows_are_systems: bool = False
    charted: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()


WORDINGS = {
    "captions": Wording(
        joiner=" ",
        references="True captions",
        unsupported="words that none of the true captions has",
        order_kept="",
        probabilities="Predicted concepts",
        untrue="not in the true captions",
        undescribed="nobody described it",
        folds_everyday=True,
        beside=0,
    ),
    "labels": Wording(
        joiner=" → ",
        references="True labels, rare ones first",
        unsupported="labels that the photograph does not have",
        order_kept=": people's labels rare ones first, a decoder's in the order of writing, those "
        "chosen by their scores the surest first",
        probabilities="Label probabilities",
        untrue="no true label",
        undescribed="it has no label",
        folds_everyday=False,
        beside=6,
        headlines=("O-F1", "C-F1", "mAP"),
        rows_are_systems=True,
        charted=("O-F1", "C-F1", "mAP"),
        columns=("C-R", "C-P", "C-F1", "O-R", "O-P", "O-F1", "mAP", "labels per photograph"),
    ),
}
