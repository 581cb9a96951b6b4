"""Whether written labels follow the order that the decoder was taught (section 4.1, supplement)."""

from collections.abc import Mapping, Sequence

import numpy as np


def rare_first_pairs(
    lists: Sequence[Sequence[str]], counts: Mapping[str, int]
) -> tuple[np.ndarray, np.ndarray]:
    """Counts the pairs of each list whose rarer label stands first.

    Args:
        lists: the labels written for each of N photographs.
        counts: how often each label occurs in the train split.

    Returns:
        Pairs in rare-first order (labels of equal count are so either way), and all pairs of two
        places of the list: two int [N]. A list is wholly in order where both are equal.
    """
    in_order, pairs = np.zeros(len(lists), np.int64), np.zeros(len(lists), np.int64)
    for n, written in enumerate(lists):
        numbers = np.array([counts[label] for label in written])
        earlier, later = np.triu_indices(len(numbers), 1)
        pairs[n] = len(earlier)
        in_order[n] = (numbers[earlier] <= numbers[later]).sum() if len(earlier) else 0
    return in_order, pairs
