"""Features, tags and neighbours of a batch."""

import numpy as np

from s_cnn_rnn.data.model_inputs import Encoded, ModelInputs, inputs_of_split, side_shapes
from s_cnn_rnn.data.prepared import Annotation
from s_cnn_rnn.model.systems import SYSTEMS
from s_cnn_rnn.model.tag_neighbours import NEAREST, NEIGHBOURS
from s_cnn_rnn.vocabulary_building import tag_vocabulary


class Split:
    def __init__(self, name, tags):
        self.split = name
        self.annotations = [Annotation(n, f"{n}.jpg", "", (), (), t) for n, t in enumerate(tags)]


def features(split):
    count = len(split.annotations)
    return np.arange(count * 2 * 3, dtype="float32").reshape(count, 2, 3)


def feature_maps(split):
    """Two views of two positions with four channels each."""
    count = len(split.annotations)
    values = np.arange(2 * count * 2 * 4, dtype="float16").reshape(2, count, 2, 4)
    return tuple(values)


TRAIN = Split("train", [("sea", f"tag{n % 7}") for n in range(NEAREST + 5)])
WORDS = tag_vocabulary([a.tags for a in TRAIN.annotations])


def open_split(system, split):
    row = SYSTEMS[system]

    def encoded(split):
        maps = feature_maps(split) if "feature_map" in row.side_information else None
        return Encoded(features(split), maps)

    return inputs_of_split(row, split, tag_words=WORDS, train=TRAIN, encoded=encoded)


def test_only_what_the_system_sees_is_read():
    validation = Split("validation", [("sea", "other"), ()])
    seen = {s: set(open_split(s, validation).read(slice(None))) for s in SYSTEMS}
    assert seen["ours"] == {"features"}
    assert seen["ours+tags"] == seen["sinn"] == {"features", "tags"}
    assert seen["tags-alone"] == {"tags"}
    assert seen["tag-neighbours"] == {"features", "neighbours"}
    assert seen["ours+attention"] == {"features", "feature_map"}
    for system, row in SYSTEMS.items():
        inputs = open_split(system, validation)
        assert len(inputs) == 2
        shapes = side_shapes(row, WORDS, 3)
        if "feature_map" in row.side_information:
            shapes["feature_map"] = (2, 4)
        assert {k: v for k, v in inputs.shapes().items() if k != "features"} == shapes
        for name, values in inputs.read(np.array([1, 0, 1])).items():
            assert values.shape == (3, *inputs.shapes()[name])
            assert values.dtype == np.float32


def test_tags_are_indicators():
    read = open_split("tags-alone", Split("validation", [("sea", "unknown")])).read(slice(None))
    assert read["tags"].sum() == 1
    assert read["tags"][0, WORDS.words.index("sea")] == 1


def test_views_are_chosen_for_each_photograph():
    inputs = open_split("ours", TRAIN)
    read = inputs.read(np.array([3, 4]), views=np.array([0, 1]))["features"]
    np.testing.assert_array_equal(read, [features(TRAIN)[3, 0], features(TRAIN)[4, 1]])


def test_the_feature_map_is_read_in_the_same_view_as_the_features():
    inputs = open_split("ours+attention", TRAIN)
    read = inputs.read(np.array([3, 4, 4]), views=np.array([0, 1, 0]))["feature_map"]
    first, second = feature_maps(TRAIN)
    np.testing.assert_array_equal(read, [first[3], second[4], first[4]])
    np.testing.assert_array_equal(inputs.read(slice(1, 4))["feature_map"], first[1:4])


def test_the_feature_map_of_all_photographs_is_not_read_but_mapped(tmp_path):
    np.save(tmp_path / "map.npy", feature_maps(TRAIN)[0])
    mapped = np.load(tmp_path / "map.npy", mmap_mode="r")
    inputs = ModelInputs(features(TRAIN), (mapped,))
    assert inputs.as_seen()["feature_map"] is mapped
    np.testing.assert_array_equal(inputs.as_seen()["features"], features(TRAIN)[:, 0])


def test_the_first_photographs_are_seen_as_before():
    for system in ("ours+attention", "tag-neighbours", "tags-alone"):
        whole = open_split(system, TRAIN)
        part = whole.first(3)
        assert len(part) == 3
        for name, values in part.read(slice(None)).items():
            np.testing.assert_array_equal(values, whole.read(slice(0, 3))[name])


def test_neighbours_are_the_nearest_and_drawn_in_training():
    inputs = open_split("tag-neighbours", TRAIN)
    pool = features(TRAIN)[:, 0]
    read = inputs.read(np.array([8]))["neighbours"][0]
    np.testing.assert_array_equal(read, pool[inputs.nearest[8, :NEIGHBOURS]])
    assert 8 not in inputs.nearest[8]
    drawn = [
        inputs.read(np.array([8]), random=np.random.default_rng(n))["neighbours"][0]
        for n in (0, 0, 1)
    ]
    np.testing.assert_array_equal(drawn[0], drawn[1])
    assert not np.array_equal(drawn[0], drawn[2])
    nearest = {tuple(row) for row in pool[inputs.nearest[8]]}
    assert {tuple(row) for row in drawn[2]} <= nearest


def test_views_without_features():
    assert ModelInputs(tags=np.zeros((4, 2), "uint8")).views == 1
