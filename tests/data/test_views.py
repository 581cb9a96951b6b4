"""Views of photographs for a frozen CNN: which a stage has, and what each shows."""

import dataclasses

import numpy as np
import pytest

from s_cnn_rnn.data.batches import image_batches
from s_cnn_rnn.data.encoded_split import encode_split
from s_cnn_rnn.data.photographs import Augmentation, augment
from s_cnn_rnn.data.views import AS_SEEN, View, views_of
from s_cnn_rnn.settings import StageSettings

CROPS = Augmentation(flip=True, crop=(0.5, 1.0))


@pytest.fixture(scope="module")
def split(tiny_data):
    return encode_split(tiny_data, "train", tiny_data.vocabulary("captions"), longest=16)


def pictures(split, view, first=0):
    return np.concatenate(
        list(image_batches(split, image_size=32, batch=7, view=view, first=first))
    )


def test_a_stage_has_the_photograph_its_mirror_image_and_crops():
    stage = StageSettings(steps=1, flip=True, smallest_crop=0.5, cached_crops=2)
    views = (AS_SEEN, View(mirrored=True), View(False, 1, CROPS), View(False, 2, CROPS))
    assert views_of(stage) == views
    assert views_of(dataclasses.replace(stage, cached_crops=0)) == views[:2]
    assert views_of(StageSettings(steps=1)) == (AS_SEEN,)


def test_crops_of_nothing_are_refused():
    with pytest.raises(ValueError, match="cached_crops is 2, but smallest_crop is 1"):
        views_of(StageSettings(steps=1, cached_crops=2))


def test_mirrored_left_to_right(split):
    np.testing.assert_array_equal(
        pictures(split, AS_SEEN)[:, :, ::-1], pictures(split, View(mirrored=True))
    )


def test_a_crop_depends_on_its_number_and_the_photograph_alone(split):
    """Wherever the reading begins: a cache that was interrupted goes on with the same crops."""
    whole = pictures(split, AS_SEEN)
    first, second = (pictures(split, View(crop=n, variation=CROPS)) for n in (1, 2))
    np.testing.assert_array_equal(pictures(split, View(False, 1, CROPS), first=14), first[14:])
    for number in (0, 20):
        np.testing.assert_array_equal(first[number], augment(whole[number], [number, 1], CROPS))
    assert len(first) == len(whole)
    assert (first != second).any((1, 2, 3)).all()


def test_all_that_a_view_depends_on_is_in_its_name():
    views = [
        AS_SEEN,
        View(mirrored=True),
        View(crop=1, variation=CROPS),
        View(crop=2, variation=CROPS),
        View(crop=1, variation=dataclasses.replace(CROPS, crop=(0.6, 1.0))),
        View(crop=1, variation=dataclasses.replace(CROPS, flip=False)),
    ]
    assert len({str(view) for view in views}) == len(views)
    assert str(AS_SEEN) == "mirrored=False"  # as caches were made before there were crops
