"""Batches: their order, their annotations, and that a step is a pure function of its number."""

import csv
import dataclasses

import numpy as np
import pytest
from fabricated_photographs import jpeg
from hypothesis import given, settings
from hypothesis import strategies as st

from data_prep.data_sets import DATA_SETS
from data_prep.prepared_format import prepare
from s_cnn_rnn.data.batches import NOT_TOLD, image_batches, training_batches
from s_cnn_rnn.data.encoded_split import encode_split
from s_cnn_rnn.data.model_inputs import ModelInputs
from s_cnn_rnn.data.order import Order, choose_captions
from s_cnn_rnn.data.photographs import decode_and_resize
from s_cnn_rnn.settings import StageSettings
from s_cnn_rnn.vocabulary import tokenise

INPUTS = ("image", "words")


@pytest.fixture(scope="module")
def split(tiny_data):
    return encode_split(tiny_data, "train", tiny_data.vocabulary("captions"), longest=16)


@given(st.integers(1, 30), st.integers(1, 40), st.integers(0, 5))
@settings(max_examples=50, deadline=None)
def test_every_epoch_has_every_photograph_once(count, batch, seed):
    order = Order(count, batch, seed)
    steps = 3 * count // batch + 2
    photographs, epochs = (
        np.concatenate(x) for x in zip(*map(order.step, range(steps)), strict=True)
    )
    for epoch in range(len(photographs) // count):
        assert sorted(photographs[epochs == epoch]) == list(range(count))


def test_order_depends_on_seed_and_epoch_alone():
    first, again, other = Order(50, 8, 1), Order(50, 8, 1), Order(50, 8, 2)
    later = again.step(40)[0]
    for step in range(41):
        photographs = first.step(step)[0]
    np.testing.assert_array_equal(photographs, later)
    assert not np.array_equal(later, other.step(40)[0])
    assert not np.array_equal(first.step(0)[0], first.step(25)[0])


def test_captions_are_taken_in_turn():
    words = np.zeros((2, 3, 4), int)
    words[0, :3, 0], words[1, :2, 0] = 1, 1  # three annotations and two
    words[:, :, 1] = [[10, 11, 12], [20, 21, 0]]
    for epoch, expected in enumerate([[10, 20], [11, 21], [12, 20], [10, 21]]):
        chosen = choose_captions(words, np.array([epoch, epoch]), 1)
        assert chosen.shape == (2, 1, 4)
        assert chosen[:, 0, 1].tolist() == expected
    assert choose_captions(words, np.array([0, 0]), None) is words


def test_annotations_as_ids_and_concepts(split, tiny_data):
    vocabulary = tiny_data.vocabulary("captions")
    for n, annotation in enumerate(split.annotations):
        tokens = [tokenise(caption) for caption in annotation.captions]
        known = set(vocabulary.words)
        for c, sentence in enumerate(tokens):
            expected = [w if w in known else "<unknown>" for w in sentence[:16]]
            assert vocabulary.decode(split.words[n, c]) == expected
        true = {w for sentence in tokens for w in sentence} & set(vocabulary.concepts)
        assert {vocabulary.concepts[j] for j in np.flatnonzero(split.concepts[n])} == true


LABELS = ("New York, Manhattan", "crème brûlée", "海", 'so "called"', "sea", "it's", "Größe; 2 m")


@pytest.fixture(scope="module")
def labelled(tmp_path_factory):
    """Eight photographs of one's own: number n has all labels from the n-th on, the last none."""
    source = tmp_path_factory.mktemp("own")
    with (source / "labels.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["file_name", "labels", "split"])
        for n in range(len(LABELS) + 1):
            (source / f"{n}.jpg").write_bytes(jpeg(n))
            writer.writerow([f"{n}.jpg", "|".join(LABELS[n:]), "train"])
    row = DATA_SETS["own_folder"]
    return prepare(row, row.records(source=source), tmp_path_factory.mktemp("prepared"))


def test_labels_of_any_letters_are_learnt_whole(labelled):
    vocabulary = labelled.vocabulary("labels")
    assert set(vocabulary.words) == set(LABELS)
    for order, sign in (("rare_first", 1), ("frequent_first", -1)):
        split = encode_split(labelled, "train", vocabulary, longest=9, label_order=order)
        assert len(split) == len(LABELS)  # the photograph without a label is left out
        assert split.cut == 0
        for n, words in enumerate(split.words[:, 0]):
            # The n-th label is one of n + 1 photographs.
            assert vocabulary.decode(words) == list(LABELS[n:])[::sign]


def test_a_list_longer_than_the_longest_is_cut_and_its_concepts_are_not(labelled):
    vocabulary = labelled.vocabulary("labels")
    split = encode_split(labelled, "train", vocabulary, longest=4)
    assert split.cut == 3  # lists of 7, 6 and 5 labels
    assert split.words.shape == (7, 1, 4 + 2)
    for n in range(7):
        assert vocabulary.decode(split.words[n, 0]) == list(LABELS[n:])[:4]
        true = {vocabulary.concepts[k] for k in np.flatnonzero(split.concepts[n])}
        assert true == set(LABELS[n:])
    assert split.words[0, 0, -1] == 2  # END, as if the list ended there


def test_the_same_step_is_the_same_batch_wherever_training_starts(split):
    stage = StageSettings(steps=9, photographs=8, captions=2, flip=True, smallest_crop=0.5)
    options = {"inputs": INPUTS, "outputs": ("concepts", "words"), "seed": 3, "image_size": 32}
    whole = list(training_batches(split, stage, first_step=0, steps=8, **options))
    late = list(training_batches(split, stage, first_step=5, steps=3, **options))
    assert len(whole) == 8
    for (inputs, targets), (late_inputs, late_targets) in zip(whole[5:], late, strict=True):
        for name in INPUTS:
            np.testing.assert_array_equal(inputs[name], late_inputs[name])
        np.testing.assert_array_equal(targets["concepts"], late_targets["concepts"])
    assert whole[0][0]["image"].shape == (8, 32, 32, 3)
    assert not np.array_equal(whole[0][0]["image"], whole[6][0]["image"])  # the next epoch


def test_photographs_stand_beside_their_own_words(split):
    stage = StageSettings(steps=1, photographs=8)
    options = {"inputs": INPUTS, "outputs": ("words",), "seed": 0, "image_size": 32}
    [(inputs, _)] = training_batches(split, stage, first_step=2, steps=1, **options)
    photographs, _ = Order(len(split), 8, 0).step(2)
    for row, number in enumerate(photographs):
        [jpeg] = split.photographs([number])
        np.testing.assert_array_equal(inputs["image"][row], decode_and_resize(jpeg, 32))
        np.testing.assert_array_equal(inputs["words"][row], split.words[number])


def test_all_views_of_cached_features_are_used(split):
    features = np.zeros((len(split), 3, 1), "float32")
    features[:, 1:, 0] = (1, 2)
    batches = training_batches(
        split,
        StageSettings(steps=10, photographs=8),
        inputs=("features",),
        outputs=("concepts",),
        first_step=0,
        steps=10,
        seed=0,
        model_inputs=ModelInputs(features=features),
    )
    seen = np.concatenate([inputs["features"] for inputs, _ in batches])
    assert {0.0, 1.0, 2.0} == set(np.unique(seen))
    assert 12 <= (seen == 2).sum() <= 42  # of 80, a third; 3.5 standard deviations


def test_all_photographs_in_order(split):
    plain = np.concatenate(list(image_batches(split, image_size=32, batch=7)))
    late = np.concatenate(list(image_batches(split, image_size=32, batch=7, first=14)))
    assert len(plain) == len(split)
    np.testing.assert_array_equal(plain[14:], late)


def test_a_task_without_annotations_is_refused(tiny_data):
    labels = tiny_data.vocabulary("labels")
    assert len(encode_split(tiny_data, "train", labels, longest=16)) == 48
    captionless = type("Data", (), {"annotations": lambda self, split: [], "folder": "here"})()
    with pytest.raises(ValueError, match="here: no photograph of train has captions"):
        encode_split(captionless, "train", tiny_data.vocabulary("captions"), longest=16)


def test_more_words_are_drawn_at_later_steps(split):
    stage = StageSettings(steps=101, photographs=48)
    shares = []
    for step in (0, 50, 100):
        options = {"inputs": ("words", "drawn"), "outputs": ("words",), "first_step": step}
        options["own_words"] = (0.1, 0.5)
        [(inputs, _)] = training_batches(split, stage, steps=1, seed=0, **options)
        assert inputs["drawn"].shape == inputs["words"][:, :, 1:].shape
        shares.append(float(np.mean(inputs["drawn"])))
    assert shares == pytest.approx([0.1, 0.3, 0.5], abs=0.03)


def test_told_concepts_are_true_and_as_many_as_the_setting_says(split):
    stage = StageSettings(steps=40, photographs=48, told_concepts=0.5)
    options = {"inputs": ("photograph", "told"), "outputs": ("words",), "first_step": 0}
    untold, shares = [], []
    for inputs, _ in training_batches(split, stage, steps=40, seed=0, **options):
        told = inputs["told"].numpy()
        true = split.concepts[inputs["photograph"].numpy()]
        assert ((told == true) | (told == NOT_TOLD)).all()
        shares += (told != NOT_TOLD).mean(axis=1).tolist()
        untold.append((told == NOT_TOLD).all(axis=1).mean())
    assert np.mean(untold) == pytest.approx(0.5, abs=0.05)
    # Half of the photographs, each with a uniform chance: a quarter of all, spread from 0 to 1.
    assert np.mean(shares) == pytest.approx(0.25, abs=0.03)
    told = np.array([share for share in shares if share])
    assert np.quantile(told, [0.1, 0.5, 0.9]) == pytest.approx([0.1, 0.5, 0.9], abs=0.07)


def test_labels_that_train_lacks_are_left_out_with_a_warning(tiny_data, monkeypatch, caplog):
    vocabulary = tiny_data.vocabulary("labels")
    before = encode_split(tiny_data, "validation", vocabulary, longest=12)
    read = type(tiny_data).annotations

    def annotations(self, split):
        return [dataclasses.replace(a, labels=(*a.labels, "unicorn")) for a in read(self, split)]

    monkeypatch.setattr(type(tiny_data), "annotations", annotations)
    after = encode_split(tiny_data, "validation", vocabulary, longest=12)
    np.testing.assert_array_equal(before.words, after.words)
    assert "left out: unicorn" in caplog.text


def test_a_short_stage_sees_all_annotations(split):
    """One epoch with one caption a photograph: the photographs begin with different ones."""
    stage = StageSettings(steps=6, photographs=8, captions=1)
    chosen = set()
    for inputs, _ in training_batches(
        split, stage, inputs=("words",), outputs=("words",), first_step=0, steps=6, seed=0
    ):
        for words in inputs["words"].numpy()[:, 0]:
            [photograph] = {
                n for n, known in enumerate(split.words) if (words == known).all(1).any()
            }
            chosen |= set(np.flatnonzero((split.words[photograph] == words).all(axis=1)))
    assert chosen == set(range(split.words.shape[1]))
