"""The vocabularies beside a prepared data set, made from its train split alone."""

import collections
import dataclasses
import pathlib
from collections.abc import Iterable, Iterator, Sequence

from data_prep.records import BadData
from s_cnn_rnn.data import prepared
from s_cnn_rnn.vocabulary import Vocabulary, tokenise
from s_cnn_rnn.vocabulary_building import caption_vocabulary, label_vocabulary, tag_vocabulary

FEW_CAPTIONS = 500


@dataclasses.dataclass(frozen=True)
class VocabularySettings:
    """How the vocabularies are made (sections 4.2 and 5.1).

    Args:
        minimum_count: words of captions that appear less often are unknown; None: 4, or 1 where
            the train split has fewer than 500 captions, in which few words appear 4 times.
        maximum_outputs: ceiling for the decoder's outputs.
        concepts: how many of the most frequent words are concepts.
        maximum_tags: how many of the most frequent user tags are side information.
    """

    minimum_count: int | None = None
    maximum_outputs: int = 12_000
    concepts: int = 1_000
    maximum_tags: int = 1_000

    def minimum_count_of(self, captions: int) -> int:
        """The minimum count for a train split of so many captions."""
        if self.minimum_count is not None:
            return self.minimum_count
        return 1 if captions < FEW_CAPTIONS else 4


def write(
    folder: pathlib.Path,
    settings: VocabularySettings,
    made_from: dict,
    labels: Sequence[str] | None = None,
) -> None:
    """Writes the vocabularies of captions, labels and tags, of those that the train split has.

    Args:
        folder: where the annotation files are, and the vocabularies are written.
        settings: how they are made.
        made_from: recorded in each.
        labels: all labels, where the data set defines them; else those of the train split.

    Raises:
        BadData: there are captions, but no word is frequent enough.
    """

    def train() -> Iterator[prepared.Annotation]:
        return prepared.read_annotations(folder / prepared.annotations_file("train"))

    counts = collections.Counter()
    for item in train():
        counts.update(photographs=1, captions=len(item.captions))
        counts.update(labels=len(item.labels), tags=len(item.tags))
    made_from = {**made_from, "split": "train", "photographs": counts["photographs"]}
    if counts["captions"]:
        tokens = (tokenise(caption) for item in train() for caption in item.captions)
        vocabulary = _of_captions(tokens, settings, {**made_from, "captions": counts["captions"]})
        vocabulary.save(folder / prepared.vocabulary_file("captions"))
    if counts["labels"]:
        lists = (item.labels for item in train())
        vocabulary = label_vocabulary(lists, labels=labels, made_from=made_from)
        vocabulary.save(folder / prepared.vocabulary_file("labels"))
    if counts["tags"]:
        lists = (item.tags for item in train())
        vocabulary = tag_vocabulary(lists, maximum=settings.maximum_tags, made_from=made_from)
        vocabulary.save(folder / prepared.vocabulary_file("tags"))


def _of_captions(
    tokens: Iterable[list[str]], settings: VocabularySettings, made_from: dict
) -> Vocabulary:
    try:
        return caption_vocabulary(
            tokens,
            minimum_count=settings.minimum_count_of(made_from["captions"]),
            maximum_outputs=settings.maximum_outputs,
            concepts=settings.concepts,
            made_from=made_from,
        )
    except ValueError as error:
        raise BadData(f"vocabulary of captions: {error} (--minimum_count)") from error
