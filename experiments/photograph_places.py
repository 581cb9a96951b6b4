"""Whether the places that a user names are there: asked before anything slow is imported."""

import glob
import os
from collections.abc import Sequence

from s_cnn_rnn.file_names import how_far_right

STANDARD_INPUT = "-"


def is_pattern(place: str) -> bool:
    """Whether a place is a pattern ("trips/**/*.jpg"), not a file with such a name."""
    return glob.has_magic(place) and not os.path.lexists(place)


def require_places(places: Sequence[str]) -> None:
    """Refuses places of which none is there.

    Raises:
        FileNotFoundError: the message says which, and what could have been meant.
    """
    if not places:
        raise FileNotFoundError(
            "no photograph named: give picture files, folders, patterns in quotes ('**/*.jpg'), "
            "or - for one on standard input"
        )
    missing = [place for place in places if not _is_there(place)]
    if len(missing) == len(places):
        others = f"; nor any of {len(missing) - 1} others" if len(missing) > 1 else ""
        raise FileNotFoundError(
            f"no such file or folder: {missing[0]} ({_meant(missing[0])}){others}"
        )


def _is_there(place: str) -> bool:
    if place == STANDARD_INPUT or os.path.lexists(place):
        return True
    return is_pattern(place) and next(glob.iglob(place, recursive=True), None) is not None


def _meant(place: str) -> str:
    """What there is of it."""
    if glob.has_magic(place):
        return "a pattern that nothing matches"
    return how_far_right(place)
