"""Neighbours by Jaccard similarity against Python sets; the pooled layer against NumPy."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from s_cnn_rnn.model.tag_neighbours import NeighbourLayer, nearest_by_tags

TAGS = st.lists(st.sampled_from("abcdefg"), max_size=5)


def jaccard(one, other):
    union = set(one) | set(other)
    return len(set(one) & set(other)) / len(union) if union else 0.0


@settings(max_examples=60, deadline=None)
@given(pool=st.lists(TAGS, min_size=3, max_size=9), tags=st.lists(TAGS, min_size=1, max_size=5))
def test_nearest_are_those_of_the_greatest_similarity(pool, tags):
    found = nearest_by_tags(tags, pool, 3, part=2)
    for row, places in zip(tags, found, strict=True):
        ranked = sorted(range(len(pool)), key=lambda p: (-jaccard(row, pool[p]), p))
        assert places.tolist() == ranked[:3]


@settings(max_examples=60, deadline=None)
@given(pool=st.lists(TAGS, min_size=4, max_size=12), data=st.data())
def test_nearest_of_the_pool_itself(pool, data):
    count = data.draw(st.integers(1, len(pool) - 1))
    found = nearest_by_tags(pool, pool, count, same=True, part=5)
    for n, places in enumerate(found):
        others = [p for p in range(len(pool)) if p != n]
        ranked = sorted(others, key=lambda p: (-jaccard(pool[n], pool[p]), p))
        assert places.tolist() == ranked[:count]


def test_many_photographs_with_equal_similarities():
    """Against all similarities, sorted whole: many share a tag, and many have none."""
    random = np.random.default_rng(0)
    has = random.random((400, 12)) < random.choice([0.0, 0.1, 0.4], size=(400, 1))
    tags = [[f"tag{t}" for t in np.flatnonzero(row)] for row in has]
    shared = has.astype(int) @ has.T.astype(int)
    union = has.sum(axis=1)[:, None] + has.sum(axis=1) - shared
    similarity = np.divide(shared, union, out=np.zeros(union.shape), where=union > 0)
    np.fill_diagonal(similarity, -1)
    ranked = np.argsort(-similarity, axis=1, kind="stable")[:, :60]
    np.testing.assert_array_equal(nearest_by_tags(tags, tags, 60, same=True), ranked)


def test_photographs_without_tags_are_similar_to_nobody():
    """Not to each other either; the first of the pool stand in."""
    pool = [["sea"], [], ["sun", "sea"], [], ["dog"]]
    assert nearest_by_tags([[], ["cat"]], pool, 3).tolist() == [[0, 1, 2]] * 2
    assert nearest_by_tags([["dog"]], pool, 3).tolist() == [[4, 0, 1]]
    assert nearest_by_tags(pool, pool, 2, same=True)[[0, 1]].tolist() == [[2, 1], [0, 2]]


def test_nobody_is_a_neighbour_of_himself():
    pool = [["sea", "sun"], ["sea"], ["dog"], ["sea", "sun"]]
    found = nearest_by_tags(pool, pool, 2, same=True, part=3)
    assert found.tolist() == [[3, 1], [0, 3], [0, 1], [0, 1]]


def test_tags_that_the_pool_lacks_count_in_the_union():
    pool = [["sea"], ["sun"]]
    assert jaccard(["sea", "x", "y"], pool[0]) == pytest.approx(1 / 3)
    assert nearest_by_tags([["sea", "x", "y"]], pool, 1).tolist() == [[0]]


def test_too_small_a_pool_is_told():
    with pytest.raises(ValueError, match="4 neighbours among 4 photographs"):
        nearest_by_tags([[]] * 4, [[]] * 4, 4, same=True)


def test_neighbours_are_pooled_by_their_maximum():
    random = np.random.default_rng(0)
    features = random.normal(size=(2, 6)).astype("float32")
    neighbours = random.normal(size=(2, 4, 6)).astype("float32")
    layer = NeighbourLayer(3, units=5)
    logits = layer(features, neighbours)
    (wx, bx), (wz, bz), (wy, by) = (
        [np.asarray(w) for w in part.weights] for part in (layer.own, layer.others, layer.dense)
    )
    v = np.maximum(features @ wx + bx, 0)
    z = np.maximum(neighbours @ wz + bz, 0).max(axis=1)
    np.testing.assert_allclose(logits, np.hstack([v, z]) @ wy + by, rtol=1e-4, atol=1e-5)
    shuffled = layer(features, neighbours[:, ::-1])
    np.testing.assert_allclose(logits, shuffled, rtol=1e-5, atol=1e-6)
