"""Neighbours by tags (Johnson, Ballan, Fei-Fei: Love Thy Neighbors, ICCV 2015).

A photograph is labelled from its own features and from those of photographs with similar tags.
The tags themselves are no input, so they may be of any kind and number at test time
(non-parametric). Here neighbours are sought in the train split; the original also tried other
pools.
"""

from collections.abc import Sequence

import keras
import numpy as np
from keras import ops

from s_cnn_rnn.model.semantic import log_odds

NEAREST = 60
"""M: of so many nearest photographs a training step draws its neighbours."""
NEIGHBOURS = 12
"""m: so many neighbours are pooled."""


def nearest_by_tags(
    tags: Sequence[Sequence[str]],
    pool: Sequence[Sequence[str]],
    count: int,
    *,
    same: bool = False,
    part: int = 256,
) -> np.ndarray:
    """The photographs of a pool whose tags are most similar, by Jaccard similarity.

    The similarity is the size of the intersection over that of the union (section 3.1 there). Of
    two photographs without tags it is 0, as of any two that share none: to have no tags says
    nothing of what is seen. Of equals the earlier one in the pool comes first. So a photograph
    that shares tags with fewer than ``count`` has those, and then the first of the pool; one that
    shares none, or has none, has the same neighbours as all others of that kind.

    Args:
        tags: of N photographs.
        pool: of the P photographs among which neighbours are sought.
        count: how many of each; at most P (P - 1 where ``same``).
        same: whether the N photographs are the pool; nobody is a neighbour of himself then.
        part: photographs compared at once, which bounds the memory.

    Returns:
        int32 [N, count], places in the pool, most similar first; of equals the earlier one first.

    Raises:
        ValueError: the pool is too small.
    """
    if count > len(pool) - same:
        raise ValueError(
            f"{count} neighbours among {len(pool)} photographs; a larger train split or fewer "
            "neighbours are needed"
        )
    numbers = {tag: n for n, tag in enumerate(sorted({t for row in pool for t in row}))}
    photographs_of_tag = _indicators(pool, numbers).T.tocsr()  # [tags, P]
    sizes = np.array([len(set(row)) for row in pool])
    nearest = np.empty((len(tags), count), np.int32)
    for start in range(0, len(tags), part):
        rows = tags[start : start + part]
        shared = _indicators(rows, numbers) @ photographs_of_tag  # [part, P], few of them above 0
        for n, row in enumerate(rows):
            stored = slice(*shared.indptr[n : n + 2])
            places, common = shared.indices[stored], shared.data[stored]
            similarity = common / (len(set(row)) + sizes[places] - common)
            own = start + n if same else None
            nearest[start + n] = _most_similar(places, similarity, count, without=own)
    return nearest


def _most_similar(places, similarity, count: int, *, without: int | None) -> np.ndarray:
    """The ``count`` most similar of a pool, of which only those above 0 are listed, in any order.

    No list of the whole pool is sorted, nor even made: a photograph shares tags with few of it.
    """
    if without is not None:
        similarity = np.where(places == without, 0, similarity)
    if len(places) > count:
        least = np.partition(similarity, -count)[-count]
        above, equal = np.flatnonzero(similarity > least), np.flatnonzero(similarity == least)
        earliest = np.argsort(places[equal], kind="stable")[: count - len(above)]
        kept = np.concatenate([above, equal[earliest]])
        places, similarity = places[kept], similarity[kept]
    similar = similarity > 0
    places, similarity = places[similar], similarity[similar]
    chosen = places[np.lexsort((places, -similarity))]
    # Among the first count + 1 there are enough that are neither listed nor the photograph itself.
    others = np.setdiff1d(np.arange(count + 1), [*chosen, *([] if without is None else [without])])
    return np.concatenate([chosen, others[: count - len(chosen)]])


def _indicators(rows, numbers):
    """Rows of tags as a sparse 0/1 matrix; tags without a number are left out."""
    from scipy import sparse

    pairs = [(n, numbers[t]) for n, row in enumerate(rows) for t in set(row) if t in numbers]
    places = np.array(pairs, np.int64).reshape(-1, 2).T
    ones = np.ones(len(pairs), np.float32)
    return sparse.csr_array((ones, tuple(places)), shape=(len(rows), len(numbers)))


@keras.saving.register_keras_serializable(package="s_cnn_rnn")
class NeighbourLayer(keras.layers.Layer):
    """Concept logits from a photograph's features and its neighbours'.

        v = relu(W_x F + b_x),  z = max over neighbours of relu(W_z F_i + b_z),
        logits = W_y [v, z] + b_y

    Eq. 1 to 3 there.

    Args:
        concepts: k.
        units: width of v and of z.
        dropout: part of v and z dropped in training, 0 to 1.
        prior: see `semantic.SemanticLayer`.

    Call arguments:
        features: F, float32 [B, D].
        neighbours: F of the neighbours, float32 [B, m, D].

    Returns:
        Concept logits, float32 [B, k].
    """

    sees = ("neighbours",)

    def __init__(
        self, concepts: int, *, units: int = 500, dropout: float = 0.0, prior=None, **kwargs
    ):
        super().__init__(**kwargs)
        self.concepts = concepts
        self.own = keras.layers.Dense(units, activation="relu", name="own")
        self.others = keras.layers.Dense(units, activation="relu", name="others")
        self.dropout = keras.layers.Dropout(dropout, name="dropout")
        self.dense = keras.layers.Dense(concepts, bias_initializer=log_odds(prior), name="dense")

    def build(self, features_shape, neighbours_shape=None):
        """Makes the weights for features of this shape."""
        self.own.build(features_shape)
        self.others.build((None, features_shape[-1]))
        self.dense.build((None, self.own.units + self.others.units))
        self.built = True

    def call(self, features, neighbours, training=False):
        """The logits of the concepts."""
        pooled = ops.max(self.others(neighbours), axis=1)  # [B, m, U] -> [B, U]
        joined = ops.concatenate([self.own(features), pooled], axis=-1)
        return ops.cast(self.dense(self.dropout(joined, training=training)), "float32")

    def compute_output_shape(self, features_shape, neighbours_shape=None):
        """[B, k]."""
        return (features_shape[0], self.concepts)
