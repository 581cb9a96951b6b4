"""What a model sees of photographs beside their pixels: features, tags, neighbours by tags.

All but one are small. The feature map, a vector at each of some fifty positions, is as large as
the photographs themselves: it stays on disk and is read batch by batch.
"""

import dataclasses
from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

import numpy as np

from s_cnn_rnn.data.prepared import Annotation
from s_cnn_rnn.model.system import System
from s_cnn_rnn.model.tag_neighbours import NEAREST, NEIGHBOURS, nearest_by_tags
from s_cnn_rnn.vocabulary import Vocabulary


class AnnotatedPhotographs(Protocol):
    """What is asked of a split (`data.EncodedSplit` has it)."""

    split: str

    @property
    def annotations(self) -> Sequence[Annotation]:
        """The prepared annotation of each photograph."""


class Encoded(NamedTuple):
    """What a frozen encoder made of N photographs, in some views each.

    Attributes:
        features: F, float32 [N, views, D].
        feature_maps: of each view the features at P positions, float16 [N, P, channels], mapped
            from disk; None where no system asks for it.
    """

    features: np.ndarray
    feature_maps: tuple[np.ndarray, ...] | None = None


@dataclasses.dataclass(frozen=True, eq=False)
class ModelInputs:
    """The inputs of N photographs; what a system does not see is None.

    Args:
        features: F, float32 [N, views, D]; the first view is the photograph as it is.
        feature_maps: see `Encoded`.
        tags: uint8 [N, number of tags], 0 or 1.
        nearest: int32 [N, M], the photographs of a pool with the most similar tags, nearest first.
        pool: F of that pool, float32 [P, D].
    """

    features: np.ndarray | None = None
    feature_maps: tuple[np.ndarray, ...] | None = None
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
        if self.feature_maps is not None:
            shapes["feature_map"] = self.feature_maps[0].shape[1:]
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
        if self.feature_maps is not None:
            read["feature_map"] = self._feature_map(photographs, views)
        if self.tags is not None:
            read["tags"] = self.tags[photographs].astype(np.float32)
        if self.nearest is not None:
            nearest = self.nearest[photographs]
            if random is not None:
                nearest = random.permuted(nearest, axis=1)
            read["neighbours"] = self.pool[nearest[:, :NEIGHBOURS]]
        return read

    def _feature_map(self, photographs, views) -> np.ndarray:
        if np.ndim(views):
            chosen = zip(photographs, views, strict=True)
            found = np.stack([self.feature_maps[view][photograph] for photograph, view in chosen])
        else:
            found = self.feature_maps[views][photographs]
        return found.astype(np.float32)

    def first(self, count: int) -> "ModelInputs":
        """The first ``count`` photographs; the pool stays whole."""
        maps = self.feature_maps and tuple(view[:count] for view in self.feature_maps)
        cut = {
            name: None if values is None else values[:count]
            for name, values in (
                ("features", self.features),
                ("tags", self.tags),
                ("nearest", self.nearest),
            )
        }
        return dataclasses.replace(self, feature_maps=maps, **cut)

    def as_seen(self) -> dict[str, np.ndarray]:
        """All N photographs in their first view, [N, ...] each; the map stays on disk, float16."""
        seen = dataclasses.replace(self, feature_maps=None).read(slice(None))
        return seen | ({"feature_map": self.feature_maps[0]} if self.feature_maps else {})


NOTHING_BESIDE = ModelInputs()
"""Of photographs whose pixels, or true concepts, are all that is seen."""


def side_shapes(
    system: System, tag_words: Vocabulary | None, width: int
) -> dict[str, tuple[int, ...]]:
    """Shape of one photograph's part of each kind of side information that comes with the data.

    Args:
        system: its row.
        tag_words: the tags that are inputs.
        width: D.
    """
    shapes = {"tags": lambda: (len(tag_words.words),), "neighbours": lambda: (NEIGHBOURS, width)}
    return {name: shapes[name]() for name in system.side_information if name in shapes}


def inputs_of_split(
    system: System,
    data: AnnotatedPhotographs,
    *,
    tag_words: Vocabulary | None,
    train: AnnotatedPhotographs,
    encoded: Callable[[AnnotatedPhotographs], Encoded | None],
) -> ModelInputs:
    """All that a system sees of a split, as far as the encoder is frozen.

    Args:
        system: its row.
        data: the split.
        tag_words: the tags that are inputs, where the system sees tags.
        train: the train split, in which neighbours are sought.
        encoded: gives what the frozen encoder makes of a split; None where photographs go through
            it at every step.
    """
    own = encoded(data) if "encoder" in system.parts else None
    features, feature_maps = own or (None, None)
    tags = nearest = pool = None
    if "tags" in system.side_information:
        tags = tag_words.indicators(_tags(data))
    if "neighbours" in system.side_information:
        same = data.split == train.split
        count = max(NEIGHBOURS, min(NEAREST, len(train.annotations) - 1))
        nearest = nearest_by_tags(_tags(data), _tags(train), count, same=same)
        pool = encoded(train).features[:, 0]
    return ModelInputs(features, feature_maps, tags, nearest, pool)


def _tags(data: AnnotatedPhotographs) -> list[tuple[str, ...]]:
    return [annotation.tags for annotation in data.annotations]
