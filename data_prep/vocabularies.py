"""The vocabularies beside a prepared data set, made from its train split alone."""

import collections
import dataclasses
import pathlib
from collections.abc import Iterator

from data_prep.records import BadData
from s_cnn_rnn import prepared
from s_cnn_rnn.vocabulary import caption_vocabulary, label_vocabulary, tokenise


@dataclasses.dataclass(frozen=True)
class VocabularySettings:
    """How the vocabularies are made (section 5.1).

    Args:
        minimum_count: words of captions that appear less often are unknown.
        maximum_outputs: ceiling for the decoder's outputs.
        concepts: how many of the most frequent words are concepts.
    """

    minimum_count: int = 4
    maximum_outputs: int = 12_000
    concepts: int = 1_000


def write(folder: pathlib.Path, settings: VocabularySettings, made_from: dict) -> None:
    """Writes the vocabulary of captions, of labels, or both, as the train split has them.

    Raises:
        BadData: there are captions, but no word is frequent enough.
    """

    def train() -> Iterator[prepared.Annotation]:
        return prepared.read_annotations(folder / prepared.annotations_file("train"))

    counts = collections.Counter()
    for annotation in train():
        counts.update(
            photographs=1, captions=len(annotation.captions), labels=len(annotation.labels)
        )
    made_from = {**made_from, "split": "train", "photographs": counts["photographs"]}
    if counts["captions"]:
        tokens = (tokenise(caption) for item in train() for caption in item.captions)
        made_from_captions = {**made_from, "captions": counts["captions"]}
        try:
            vocabulary = caption_vocabulary(
                tokens, **dataclasses.asdict(settings), made_from=made_from_captions
            )
        except ValueError as error:
            raise BadData(f"vocabulary of captions: {error} (--minimum_count)") from error
        vocabulary.save(folder / prepared.vocabulary_file("captions"))
    if counts["labels"]:
        vocabulary = label_vocabulary((item.labels for item in train()), made_from=made_from)
        vocabulary.save(folder / prepared.vocabulary_file("labels"))
