"""What an exported model gives when it is run again, in whatever runtime."""

from typing import NamedTuple


class Annotated(NamedTuple):
    """What an artefact wrote for one photograph.

    Attributes:
        text: the caption, or the labels joined by commas.
        word_ids: their ids, padded with 0.
    """

    text: str
    word_ids: tuple[int, ...]
