"""When two keywords are the same: as the same text, or as two spellings of one word."""

import unicodedata
from collections.abc import Iterable


def same_text(keyword: str) -> str:
    """What is equal for two Unicode forms of one text (macOS takes "é" apart, others do not)."""
    return unicodedata.normalize("NFC", keyword.strip())


def same_word(keyword: str) -> str:
    """What is equal for all spellings of one keyword: upper and lower case do not count either."""
    decomposed = unicodedata.normalize("NFD", keyword.strip())
    return unicodedata.normalize("NFC", decomposed.casefold())


def each_once(keywords: Iterable[str]) -> tuple[str, ...]:
    """Leaves out empty keywords, and other spellings of earlier ones."""
    found = {}
    for keyword in keywords:
        if keyword.strip():
            found.setdefault(same_word(keyword), keyword.strip())
    return tuple(found.values())


def all_texts(first: Iterable[str], second: Iterable[str]) -> tuple[str, ...]:
    """The keywords of two places: the first's as they are, and what the second has besides.

    "Dog" and "dog" are two that a person wrote; two Unicode forms of one text are not.

    Args:
        first: keywords of one place, each spelling kept.
        second: those of another.
    """
    kept = tuple(dict.fromkeys(keyword for keyword in first if keyword.strip()))
    known = {same_text(keyword) for keyword in kept}
    others = dict.fromkeys(keyword for keyword in second if keyword.strip())
    return kept + tuple(keyword for keyword in others if same_text(keyword) not in known)


def with_missing(there: Iterable[str], wanted: Iterable[str]) -> tuple[str, ...]:
    """The keywords of a place as they are, and those wanted that it has in no spelling."""
    there = tuple(there)
    known = {same_word(keyword) for keyword in there}
    return there + tuple(keyword for keyword in wanted if same_word(keyword) not in known)
