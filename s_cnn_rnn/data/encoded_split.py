"""Prepared data set -> a split's annotations as arrays: ids of words, and the true concepts."""

import dataclasses
from collections.abc import Sequence

import numpy as np
from absl import logging

from s_cnn_rnn.data.prepared import Annotation, PreparedData
from s_cnn_rnn.vocabulary import PADDING, Vocabulary, order_labels, tokenise


@dataclasses.dataclass(frozen=True)
class EncodedSplit:
    """A split's annotations as arrays; N photographs, those without an annotation left out.

    Args:
        prepared: the data set.
        split: its name.
        rows: int64 [N], the photographs' places in the prepared split.
        words: int32 [N, C, T], START ... END, padded with 0; C is the largest number of
            annotations that a photograph has.
        concepts: uint8 [N, k], the true s.
        references: the captions (or the label list) of each photograph, as people wrote them.
        cut: how many annotations were longer than the longest and lost their end.
    """

    prepared: PreparedData
    split: str
    rows: np.ndarray
    words: np.ndarray
    concepts: np.ndarray
    references: list[tuple[str, ...]]
    cut: int = 0

    def __len__(self) -> int:
        return len(self.rows)

    def first(self, count: int) -> "EncodedSplit":
        """The first ``count`` photographs."""
        return dataclasses.replace(
            self,
            rows=self.rows[:count],
            words=self.words[:count],
            concepts=self.concepts[:count],
            references=self.references[:count],
        )

    @property
    def annotations(self):
        """The prepared annotation of each photograph."""
        annotations = self.prepared.annotations(self.split)
        return [annotations[row] for row in self.rows]

    def photographs(self, indices) -> list[bytes]:
        """JPEGs of the photographs at these places of the N."""
        return self.prepared.photographs(self.split, self.rows[indices])


def encode_split(
    prepared: PreparedData,
    split: str,
    vocabulary: Vocabulary,
    *,
    longest: int,
    label_order: str = "rare_first",
) -> EncodedSplit:
    """Turns a split's annotations into ids and true concepts.

    Args:
        prepared: the data set.
        split: its name.
        vocabulary: says what a word is and which words are concepts.
        longest: most words of an annotation; longer ones are cut, their concepts stay whole.
        label_order: of a photograph's labels (`vocabulary.LABEL_ORDERS`).

    Raises:
        ValueError: no photograph of the split is annotated.
    """
    rows, tokens, references = [], [], []
    annotations = prepared.annotations(split)
    labels = known_labels(annotations, vocabulary, f"{prepared.folder}, {split}")
    for row, annotation in enumerate(annotations):
        if vocabulary.kind == "captions":
            texts, lists = annotation.captions, [tokenise(text) for text in annotation.captions]
        else:
            texts = labels[row]
            lists = [order_labels(texts, vocabulary, label_order)] if texts else []
        if lists:
            rows.append(row)
            tokens.append(lists)
            references.append(tuple(texts))
    if not rows:
        raise ValueError(
            f"{prepared.folder}: no photograph of {split} has {vocabulary.kind}; choose the other "
            "task or prepare the set with a file that has them"
        )
    most = max(len(lists) for lists in tokens)
    words = np.full((len(rows), most, longest + 2), PADDING, np.int32)
    concepts = np.zeros((len(rows), len(vocabulary.concepts)), np.uint8)
    cut = sum(len(each) > longest for lists in tokens for each in lists)
    for n, lists in enumerate(tokens):
        for c, annotation_tokens in enumerate(lists):
            ids = vocabulary.encode(annotation_tokens, longest=longest)
            words[n, c, : len(ids)] = ids
            concepts[n, vocabulary.concept_numbers(annotation_tokens)] = 1
    return EncodedSplit(prepared, split, np.array(rows), words, concepts, references, cut)


def known_labels(
    annotations: Sequence[Annotation], vocabulary: Vocabulary, where: str
) -> list[tuple[str, ...]]:
    """The labels of each photograph; those that no photograph of the train split has are left out.

    No system can learn them. A warning counts and names them.

    Args:
        annotations: of a split.
        vocabulary: made from the train split; nothing is left out unless it is one of labels.
        where: the split, for the warning.
    """
    labels = [annotation.labels for annotation in annotations]
    if vocabulary.kind != "labels":
        return labels
    known = set(vocabulary.words)
    unknown = sorted({label for each in labels for label in each} - known)
    if unknown:
        logging.warning(
            "%s: %d labels are in none of the train split's photographs and are left out: %s; to "
            "have them, split the photographs anew and prepare the data set again",
            where,
            len(unknown),
            ", ".join(unknown[:10]),
        )
    return [tuple(label for label in each if label in known) for each in labels]
