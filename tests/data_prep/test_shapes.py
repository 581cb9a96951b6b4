"""The drawn shapes: what is drawn, what is said of it, and that the two agree."""

import io
import itertools
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from data_prep import shapes
from data_prep.shapes_captions import CAPTIONS, FORMS, captions, is_true
from data_prep.shapes_scenes import (
    COLOURS,
    HELD_OUT_PAIRS,
    KNOWN_PAIRS,
    REGIONS,
    SHAPES,
    SIZES,
    Group,
    Placed,
    Scene,
    place,
    scene,
)
from s_cnn_rnn.vocabulary import tokenise
from s_cnn_rnn.vocabulary_building import caption_vocabulary

SEEDS = st.integers(0, 2**32)
THREE_RED = Scene((Group(3, "red", "circle", "big", "left"),))
PINNED_SCENE = Scene(
    (Group(1, "black", "star", "small", "top"), Group(2, "red", "square", "big", "bottom"))
)
PINNED_CAPTION = "At the top there is one star and at the bottom two red boxes."
TWO_GROUPS = Scene(
    (
        Group(1, "red", "circle", "big", "top"),
        Group(2, "blue", "square", "small", "bottom"),
    )
)


@pytest.fixture(scope="module")
def drawn():
    return list(shapes.records(400, seed=1))


def chance(seed):
    return np.random.default_rng(seed)


def covered(objects, side=64):
    """Where objects change the picture: bool [side, side]."""
    empty = shapes.draw([], side, chance(0)).astype(int)
    return np.abs(shapes.draw(objects, side, chance(0)) - empty).max(axis=2) > 4


def test_a_picture_depends_on_seed_and_number_alone(drawn):
    few = list(shapes.records(20, seed=1))
    assert few == drawn[:20]
    other_seed = list(shapes.records(20, seed=2))
    assert not {r.photograph for r in few} & {r.photograph for r in other_seed}
    larger = list(shapes.records(20, seed=1, image_size=32))
    assert [r.captions for r in larger] == [r.captions for r in few]
    assert {Image.open(io.BytesIO(r.photograph)).size for r in larger} == {(32, 32)}


def test_pinned_scenes():
    """Result files name a seed: the scenes of a seed must never change."""
    assert shapes.numbered_scene(1, 0) == PINNED_SCENE
    assert captions(PINNED_SCENE, chance(0))[0] == PINNED_CAPTION


def test_splits_are_disjoint_and_of_fixed_shares(drawn):
    by_split = {
        split: [r for r in drawn if r.split == split] for split in ("train", "validation", "test")
    }
    assert [len(records) for records in by_split.values()] == [320, 40, 40]
    assert len({r.file_name for r in drawn}) == len({r.image_id for r in drawn}) == 400
    pictures = [{r.photograph for r in records} for records in by_split.values()]
    assert len(set.union(*pictures)) == 400


def test_held_out_pairs_are_in_half_of_test_and_nowhere_else(drawn):
    seen = {split: set() for split in ("train", "validation", "test")}
    with_pair = 0
    for record in drawn:
        shown = shapes.scene_of_file(record.file_name)
        seen[record.split] |= {group.pair for group in shown.groups}
        with_pair += shown.has_held_out_pair
    assert seen["train"] == set(KNOWN_PAIRS)
    assert not seen["validation"] & set(HELD_OUT_PAIRS)
    assert seen["test"] >= set(HELD_OUT_PAIRS)
    assert with_pair == 20
    for colour, shape in HELD_OUT_PAIRS:
        assert {colour, shape} <= {part for pair in seen["train"] for part in pair}


def test_training_never_shows_a_held_out_pair():
    for number in range(3000):
        if shapes.split_of(number) != "test":
            assert not shapes.numbered_scene(7, number).has_held_out_pair


@given(SEEDS, st.booleans())
@settings(max_examples=60, deadline=None)
def test_scenes_are_as_described(seed, held_out):
    drawn = scene(chance(seed), held_out=held_out)
    assert 1 <= len(drawn.groups) <= 2
    assert len({group.pair for group in drawn.groups}) == len(drawn.groups)
    assert sum(group.pair in HELD_OUT_PAIRS for group in drawn.groups) == held_out
    for group in drawn.groups:
        assert 1 <= group.count <= 4
        assert group.colour in COLOURS
        assert group.shape in SHAPES
    if len(drawn.groups) == 2:
        regions = [group.region for group in drawn.groups]
        assert regions in (["left", "right"], ["top", "bottom"])


@given(SEEDS)
@settings(max_examples=60, deadline=None)
def test_objects_lie_apart_and_in_their_region(seed):
    random = chance(seed)
    drawn = scene(random)
    objects = place(drawn, random)
    groups = [group for group in drawn.groups for _ in range(group.count)]
    assert len(objects) == len(groups)
    for one, other in itertools.combinations(objects, 2):
        apart = np.hypot(one.x - other.x, one.y - other.y)
        assert apart > one.radius + other.radius + 0.029
    for placed, group in zip(objects, groups, strict=True):
        left, top, right, bottom = REGIONS[group.region]
        assert left - 1e-9 <= placed.x - placed.radius
        assert placed.x + placed.radius <= right + 1e-9
        assert top - 1e-9 <= placed.y - placed.radius
        assert placed.y + placed.radius <= bottom + 1e-9
        lowest, highest = SIZES[group.size]
        assert lowest <= placed.radius <= highest


@given(SEEDS)
@settings(max_examples=40, deadline=None)
def test_pixels_show_each_object_apart_and_in_its_colour(seed):
    random = chance(seed)
    drawn = scene(random)
    objects = place(drawn, random)
    masks = [covered([placed]) for placed in objects]
    assert sum(masks, np.zeros((64, 64), int)).max() == 1
    assert (sum(masks) == covered(objects)).all()
    ground = shapes.draw([], 64, chance(0)).astype(float)
    pixels = shapes.draw(objects, 64, chance(0)).astype(float)
    even_light = pixels * ground.mean() / ground
    names, paints = list(COLOURS), np.array(list(COLOURS.values()))
    groups = [group for group in drawn.groups for _ in range(group.count)]
    for mask, group in zip(masks, groups, strict=True):
        assert mask.sum() >= 10
        difference = np.abs(pixels - ground).sum(axis=2)[mask]
        purest = even_light[mask][difference >= np.quantile(difference, 0.7)]  # no soft edges
        distances = np.abs(paints - np.median(purest, axis=0)).sum(axis=1)
        assert names[distances.argmin()] == group.colour


@pytest.mark.parametrize(
    ("shape", "share"),
    [
        # Part of the circle around the object that it covers, by hand.
        ("circle", 0.92**2),
        ("square", 2 / np.pi),
        ("triangle", 3 * np.sqrt(3) / 4 / np.pi),
        ("star", 10 / 2 * 0.42 * np.sin(np.pi / 5) / np.pi),
        ("cross", (4 * 0.27 * np.sqrt(1 - 0.27**2) * 2 - 4 * 0.27**2) / np.pi),
        ("ring", 0.92**2 * (1 - 0.6**2)),
    ],
)
def test_shapes_have_their_area(shape, share):
    radius = 0.4
    mask = covered([Placed(shape, (0, 0, 0), 0.5, 0.5, radius, 0.3)], side=256)
    assert mask.mean() == pytest.approx(share * np.pi * radius**2, rel=0.04)


def test_picture_is_what_the_record_holds(drawn):
    for record in drawn[:5]:
        stored = np.asarray(Image.open(io.BytesIO(record.photograph)), int)
        assert stored.shape == (64, 64, 3)
        pixels = shapes.picture(1, record.image_id)
        assert pixels.dtype == np.uint8
        assert np.abs(stored - pixels).mean() < 5


@given(SEEDS, st.booleans())
@settings(max_examples=200, deadline=None)
def test_captions_are_true_different_and_of_fair_length(seed, held_out):
    random = chance(seed)
    drawn = scene(random, held_out=held_out)
    written = captions(drawn, random)
    assert len(written) == len(set(written)) == CAPTIONS
    for caption in written:
        words = tokenise(caption)
        assert 4 <= len(words) <= 16
        assert is_true(words, drawn), (caption, drawn)
        assert re.fullmatch(r"[A-Z][a-z ]+\.", caption)
        assert not re.search(r"\ba [aeiou]|\ban [^aeiou]", caption.lower())


@given(SEEDS)
@settings(max_examples=100, deadline=None)
def test_a_colour_a_caption_names_is_shown_and_no_other_would_be_true(seed):
    """Checks by colour words alone, without the grammar of `is_true`."""
    random = chance(seed)
    drawn = scene(random)
    shown = {group.colour for group in drawn.groups}
    absent = next(colour for colour in COLOURS if colour not in shown)
    for caption in captions(drawn, random):
        words = tokenise(caption)
        assert set(words) & set(COLOURS) <= shown
        for position, word in enumerate(words):
            if word in COLOURS:
                changed = [*words[:position], absent, *words[position + 1 :]]
                assert not is_true(changed, drawn)


@pytest.mark.parametrize(
    ("caption", "shown", "expected"),
    [
        ("three big red circles on the left", THREE_RED, True),
        ("on the left side there are several dots", THREE_RED, True),
        ("some large red shapes are in the picture", THREE_RED, True),
        ("an image of three discs", THREE_RED, True),
        ("two big red circles on the left", THREE_RED, False),
        ("a red circle on the left", THREE_RED, False),
        ("three small red circles on the left", THREE_RED, False),
        ("three big red circles on the right", THREE_RED, False),
        ("three big red squares on the left", THREE_RED, False),
        ("three red circle on the left", THREE_RED, False),
        ("three red circles and three circles", THREE_RED, False),
        ("red three circles on the", THREE_RED, False),
        ("", THREE_RED, False),
        ("a red dot above two blue boxes", TWO_GROUPS, True),
        ("two small squares are under a circle", TWO_GROUPS, True),
        ("at the bottom we see a couple of objects and at the top one disc", TWO_GROUPS, True),
        ("three shapes in the picture", TWO_GROUPS, True),
        ("two blue squares above a red circle", TWO_GROUPS, False),
        ("a red circle next to two blue squares", TWO_GROUPS, False),
        ("a red circle at the bottom and two blue squares at the top", TWO_GROUPS, False),
        ("two shapes in the picture", TWO_GROUPS, False),
        ("two red circles above a blue square", TWO_GROUPS, False),
    ],
)
def test_truth_of_written_captions(caption, shown, expected):
    assert is_true(tokenise(caption), shown) is expected


def test_forms_are_all_used_and_words_are_few():
    written = {1: [], 2: []}
    for number in range(400):
        drawn = shapes.numbered_scene(3, number)
        written[len(drawn.groups)] += captions(drawn, chance(number))
    for groups, forms in FORMS.items():
        for form in forms:
            pattern = re.sub(r"\{\w+\}", ".+", form) + r"\."
            assert any(re.fullmatch(pattern, c, re.IGNORECASE) for c in written[groups]), form
    vocabulary = caption_vocabulary([tokenise(c) for c in written[1] + written[2]])
    assert 60 <= len(vocabulary.words) <= 100
    assert vocabulary.word_coverage == 1


def test_labels_say_what_is_shown():
    assert shapes.labels(THREE_RED) == ("red", "circle", "three", "big")
    assert shapes.labels(TWO_GROUPS) == (
        "red", "blue", "circle", "square", "one", "two", "small", "big",
    )  # fmt: skip
    assert len(set(shapes.LABELS)) == 8 + 6 + 4 + 2


def test_tags_are_noisy_but_lean_to_the_truth(drawn):
    right = wrong = missing = unknown = 0
    for record in drawn:
        assert len(set(record.tags)) == len(record.tags)
        assert all(re.fullmatch("[a-z]+", tag) for tag in record.tags)
        known = set(record.tags) & set(shapes.LABELS)
        right += len(known & set(record.labels))
        wrong += len(known - set(record.labels))
        missing += len(set(record.labels) - known)
        unknown += len(set(record.tags) - known)
    assert right > 5 * wrong > 0
    assert 0.4 < missing / (missing + right) < 0.6
    assert unknown > 0


def test_refuses_what_it_cannot_draw():
    for arguments in ((0, 1, 64), (10, -1, 64), (10, 1, 8)):
        with pytest.raises(ValueError, match="expected count >= 1, seed >= 0 and image_size >= 16"):
            next(shapes.records(*arguments))
    with pytest.raises(ValueError, match=r"'cat\.jpg' is no drawn picture; expected a name like"):
        shapes.scene_of_file("cat.jpg")
