"""Vocabularies made from the texts of a train split."""

import collections
from collections.abc import Iterable, Sequence

from s_cnn_rnn.vocabulary import Vocabulary


def caption_vocabulary(
    captions: Iterable[Sequence[str]],
    *,
    minimum_count: int = 4,
    maximum_outputs: int = 12_000,
    concepts: int = 1_000,
    made_from: dict | None = None,
) -> Vocabulary:
    """Makes the vocabulary of tokenised captions (section 5.1).

    Args:
        captions: the tokens of each caption of the train split.
        minimum_count: words that appear less often become UNKNOWN.
        maximum_outputs: ceiling for the decoder's outputs, END and UNKNOWN included.
        concepts: how many of the most frequent words are concepts.
        made_from: recorded in the file, beside the settings above.
    """
    counter = collections.Counter()
    for tokens in captions:
        counter.update(tokens)
    if not counter:
        raise ValueError("the train split has no caption with a word in it")
    frequent = [item for item in _frequent_first(counter) if item[1] >= minimum_count]
    if not frequent:
        raise ValueError(
            f"no word appears {minimum_count} times in the train split ({len(counter)} different "
            "words seen); lower minimum_count"
        )
    settings = {"minimum_count": minimum_count, "maximum_outputs": maximum_outputs}
    made_from = {**(made_from or {}), "settings": {**settings, "concepts": concepts}}
    kept = frequent[: maximum_outputs - 2]
    return _vocabulary("captions", kept, concepts, counter.total(), made_from)


def label_vocabulary(
    label_lists: Iterable[Sequence[str]],
    *,
    labels: Sequence[str] | None = None,
    made_from: dict | None = None,
) -> Vocabulary:
    """Makes the vocabulary of label lists: every label is a word and a concept.

    Args:
        label_lists: the labels of each photograph of the train split.
        labels: all labels of the data set, where it defines them; else those that occur.
        made_from: recorded in the file.
    """
    counter = collections.Counter(dict.fromkeys(labels or (), 0))
    for label_list in label_lists:
        counter.update(set(label_list))
    if not counter:
        raise ValueError("the train split has no label")
    return _vocabulary("labels", _frequent_first(counter), len(counter), counter.total(), made_from)


def tag_vocabulary(
    tag_lists: Iterable[Iterable[str]], *, maximum: int = 1_000, made_from: dict | None = None
) -> Vocabulary:
    """Makes the vocabulary of user tags: the most frequent ones (section 4.2), ties alphabetical.

    A photograph's tags are side information, 0 or 1 for each word (`Vocabulary.indicators`), so a
    tag counts once for each photograph that has it.

    Args:
        tag_lists: the tags of each photograph of the train split.
        maximum: how many tags are kept at most.
        made_from: recorded in the file, beside ``maximum``.

    Raises:
        ValueError: there is no tag, or ``maximum`` is less than 1.
    """
    if maximum < 1:
        raise ValueError(f"maximum of tags: expected 1 or more, not {maximum}")
    counter = collections.Counter()
    for tags in tag_lists:
        counter.update(set(tags))
    if not counter:
        raise ValueError("the train split has no tag")
    made_from = {**(made_from or {}), "settings": {"maximum_tags": maximum}}
    return _vocabulary("tags", _frequent_first(counter)[:maximum], 0, counter.total(), made_from)


def _frequent_first(counter: collections.Counter) -> list[tuple[str, int]]:
    return sorted(counter.items(), key=lambda item: (-item[1], item[0]))


def _vocabulary(kind: str, kept: list, concepts: int, total: int, made_from) -> Vocabulary:
    """Of words with their counts, the first so many of them concepts; total: all occurrences."""
    words, counts = (tuple(column) for column in zip(*kept, strict=True))
    # Labels that a data set defines may all be absent.
    coverage = [sum(counts[:n]) / total if total else 1.0 for n in (len(words), concepts)]
    return Vocabulary(kind, words, counts, words[:concepts], *coverage, made_from or {})
