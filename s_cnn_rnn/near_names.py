"""Which names were perhaps meant by one that there is not: what messages name before all others."""

import difflib
from collections.abc import Iterable

ALIKE = 0.6
"""How much of two names is the same, 0 to 1, of those that are named."""


def near_names(name: str, known: Iterable[str], count: int = 5) -> list[str]:
    """The known names that are most like one that is not known, the nearest first.

    Capital letters do not matter.

    Args:
        name: as it was given.
        known: the names there are.
        count: how many at most.

    >>> near_names("M_RNN", ["ours", "m-rnn", "cnn-rnn"], 1)
    ['m-rnn']
    """
    spelt: dict[str, list[str]] = {}
    for each in known:
        spelt.setdefault(each.casefold(), []).append(each)
    found = difflib.get_close_matches(name.casefold(), spelt, n=count, cutoff=ALIKE)
    return [each for folded in found for each in spelt[folded]][:count]


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """A question that names the nearest, such as "did you mean annotate?"; "" where none is near.

    >>> did_you_mean("anotate", ["annotate", "train"])
    'did you mean annotate?'
    """
    found = near_names(name, known, 3)
    return f"did you mean {' or '.join(found)}?" if found else ""
