"""The vocabularies beside a prepared data set, made from its train split alone."""

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
    photographs = captions = labels = 0
    for annotation in _train(folder):
        photographs += 1
        captions += len(annotation.captions)
        labels += len(annotation.labels)
    made_from = {**made_from, "split": "train", "photographs": photographs}
    if captions:
        tokens = (tokenise(caption) for item in _train(folder) for caption in item.captions)
        try:
            vocabulary = caption_vocabulary(
                tokens,
                **dataclasses.asdict(settings),
                made_from={**made_from, "captions": captions},
            )
        except ValueError as error:
            raise BadData(f"vocabulary of captions: {error}") from error
        vocabulary.save(folder / prepared.vocabulary_file("captions"))
    if labels:
        vocabulary = label_vocabulary((item.labels for item in _train(folder)), made_from=made_from)
        vocabulary.save(folder / prepared.vocabulary_file("labels"))


def _train(folder: pathlib.Path) -> Iterator[prepared.Annotation]:
    with (folder / prepared.annotations_file("train")).open(encoding="utf-8", newline="\n") as file:
        for line in file:
            yield prepared.Annotation.from_line(line)
