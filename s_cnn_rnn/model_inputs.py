"""What a model sees of photographs beside their pixels: features, tags, neighbours by tags."""

import dataclasses
from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np

from s_cnn_rnn.prepared import Annotation
from s_cnn_rnn.systems import System
from s_cnn_rnn.tag_neighbours import NEAREST, NEIGHBOURS, nearest_by_tags
from s_cnn_rnn.vocabulary import Vocabulary


class AnnotatedPhotographs(Protocol):
    """What is asked of a split (`data.EncodedSplit` has it)."""

    split: str

    @property
    def annotations(self) -> Sequence[Annotation]:
        """The prepared annotation of each photograph."""


@dataclasses.dataclass(frozen=True, eq=False)
class ModelInputs:
    """The inputs of N photographs; what a system does not see is None.

    Args:
        features: F, float32 [N, views, D]; the first view is the photograph as it is.
        tags: uint8 [N, number of tags], 0 or 1.
        nearest: int32 [N, M], the photographs of a pool with the most similar tags, nearest first.
        pool: F of that pool, float32 [P, D].
    """

    features: np.ndarray | None = None
    tags: np.ndarray | None = None
    nearest: np.ndarray | None = None
    pool: np.ndarray | None = None

    def __len__(self) -> int:
        present = (self.features, self.tags, self.nearest)
        return len(next(values for values in present if values is not None))

    @property
    def views(self) -> int:
        """Views of each photograph among the features."""
        return 1 if self.features is None else self.features.shape[1]

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Shape of one photograph's part of each input."""
        shapes = {}
        if self.features is not None:
            shapes["features"] = (self.features.shape[2],)
        if self.tags is not None:
            shapes["tags"] = (self.tags.shape[1],)
        if self.nearest is not None:
            shapes["neighbours"] = (NEIGHBOURS, self.pool.shape[1])
        return shapes

    def read(
        self,
        photographs: np.ndarray | slice,
        *,
        views: np.ndarray | int = 0,
        random: np.random.Generator | None = None,
    ) -> dict[str, np.ndarray]:
        """The inputs of some photographs, float32 [B, ...] each.

        Args:
            photographs: places among the N.
            views: which view of each.
            random: in training, draws the neighbours from the nearest; without it the nearest
                themselves are taken.
        """
        read = {}
        if self.features is not None:
            read["features"] = self.features[photographs, views]
        if self.tags is not None:
            read["tags"] = self.tags[photographs].astype(np.float32)
        if self.nearest is not None:
            nearest = self.nearest[photographs]
            if random is not None:
                nearest = random.permuted(nearest, axis=1)
            read["neighbours"] = self.pool[nearest[:, :NEIGHBOURS]]
        return read


NOTHING_BESIDE = ModelInputs()
"""Of photographs whose pixels, or true concepts, are all that is seen."""


def side_shapes(
    system: System, tag_words: Vocabulary | None, width: int
) -> dict[str, tuple[int, ...]]:
    """Shape of one photograph's part of each kind of side information that a system sees.

    Args:
        system: its row.
        tag_words: the tags that are inputs.
        width: D.
    """
    shapes = {"tags": lambda: (len(tag_words.words),), "neighbours": lambda: (NEIGHBOURS, width)}
    return {name: shapes[name]() for name in system.side_information}


def inputs_of_split(
    system: System,
    data: AnnotatedPhotographs,
    *,
    tag_words: Vocabulary | None,
    train: AnnotatedPhotographs,
    features: Callable[[AnnotatedPhotographs], np.ndarray | None],
) -> ModelInputs:
    """All that a system sees of a split, as far as the encoder is frozen.

    Args:
        system: its row.
        data: the split.
        tag_words: the tags that are inputs, where the system sees tags.
        train: the train split, in which neighbours are sought.
        features: gives F of a split, float32 [N, views, D]; None where photographs go through the
            encoder at every step.
    """
    own = features(data) if "encoder" in system.parts else None
    tags = nearest = pool = None
    if "tags" in system.side_information:
        tags = tag_words.indicators(_tags(data))
    if "neighbours" in system.side_information:
        same = data.split == train.split
        count = max(NEIGHBOURS, min(NEAREST, len(train.annotations) - 1))
        nearest = nearest_by_tags(_tags(data), _tags(train), count, same=same)
        pool = features(train)[:, 0]
    return ModelInputs(own, tags, nearest, pool)


def _tags(data: AnnotatedPhotographs) -> list[tuple[str, ...]]:
    return [annotation.tags for annotation in data.annotations]
