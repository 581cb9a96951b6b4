"""Splits that are drawn: a seed and what is drawn from decide alone, not order or machine."""

import hashlib
import math
from collections.abc import Iterable, Mapping

from data_prep.records import BadData


def shuffled(keys: Iterable[str], seed: int) -> list[str]:
    """The keys in an order that is the same on every machine, whatever order they come in."""
    return sorted(keys, key=lambda key: hashlib.sha256(f"{seed} {key}".encode()).digest())


def split_by_content(contents: set[str], seed: int, validation_part: float) -> dict[str, str]:
    """Content -> "train" or "validation"; at least one photograph of two or more validates.

    Args:
        contents: digests of the photographs' contents, each once.
        seed: of the draw.
        validation_part: 0 to 1.
    """
    if not 0 <= validation_part < 1:
        raise ValueError(f"validation_part: expected 0 to 1, not {validation_part}")
    order = shuffled(contents, seed)
    count = math.ceil(validation_part * len(order)) if len(order) > 1 else 0
    return {
        content: "validation" if place < count else "train" for place, content in enumerate(order)
    }


def drawn(keys: Iterable[str], seed: int, sizes: Mapping[str, int]) -> dict[str, str]:
    """Draws splits of given sizes; what is left trains.

    A split's photographs do not depend on the sizes of those named after it.

    Args:
        keys: one a photograph, each different.
        seed: of the draw.
        sizes: split -> how many photographs.

    Returns:
        Key -> split.

    Raises:
        BadData: nothing would be left to train on.
    """
    order = shuffled(keys, seed)
    if sum(sizes.values()) >= len(order):
        asked = " and ".join(f"{size:,} for {split}" for split, size in sizes.items())
        raise BadData(
            f"split: expected more photographs than those held back; found {len(order):,}, of "
            f"which {asked}; hold back fewer (--validation_photographs, --test_photographs)"
        )
    splits = [split for split, size in sizes.items() for _ in range(size)]
    splits += ["train"] * (len(order) - len(splits))
    return dict(zip(order, splits, strict=True))
