import types

import numpy as np
import pytest
import tensorflow as tf
from finished_runs import untrained_run

from s_cnn_rnn.export.label_choice import LabelChoice, label_choice
from s_cnn_rnn.label_metrics import best_label_thresholds, best_threshold, predicted_above
from s_cnn_rnn.scoring.label_evaluation import labelled_split
from s_cnn_rnn.vocabulary_building import label_vocabulary

VOCABULARY = label_vocabulary([["dog"], ["dog", "cat"], ["dog", "cat", "boat"]])
SCORES = np.array([[0.2, 0.9, 0.5], [0.4, 0.4, 0.1], [0.0, 0.0, 0.3]], np.float32)


def _both(choice: LabelChoice) -> list[tuple[str, ...]]:
    ids = choice.word_ids(tf.constant(SCORES), VOCABULARY).numpy()
    assert ids.shape == (3, choice.most)
    graph = [tuple(VOCABULARY.decode(row)) for row in ids.tolist()]
    assert graph == [choice.words(row, VOCABULARY) for row in SCORES]
    return graph


def test_top_and_thresholds_by_hand():
    dog, cat, boat = VOCABULARY.concepts
    anything = np.full(3, -np.inf, np.float32)
    assert _both(LabelChoice("top", anything, 2)) == [(cat, boat), (dog, cat), (boat, dog)]
    same = np.full(3, 0.4, np.float32)
    assert _both(LabelChoice("threshold", same, 3)) == [(cat, boat), (dog, cat), ()]
    own = np.array([0.3, 0.6, 0.2], np.float32)
    chosen = _both(LabelChoice("label_thresholds", own, 3))
    assert chosen == [(cat, boat), (dog,), (boat,)]


@pytest.fixture(scope="module")
def label_run(tiny_data, tmp_path_factory):
    path = tmp_path_factory.mktemp("runs") / "labels"
    return untrained_run(path, tiny_data, task="labels", system="cnn-logistic")


def test_thresholds_are_those_of_the_evaluation(label_run):
    count = len(label_run.vocabulary().concepts)
    truth = labelled_split(label_run, "train").concepts
    # float32 neighbours: a threshold between them has no place of its own in float32.
    scores = np.random.default_rng(0).random((len(truth), count)).astype(np.float32)
    scores[:, 0] = np.where(truth[:, 0], np.nextafter(np.float32(0.5), np.float32(1)), 0.5)
    predictions = types.SimpleNamespace(s_hat=scores)
    for name, chooser in (
        ("threshold", best_threshold),
        ("label_thresholds", best_label_thresholds),
    ):
        choice = label_choice(label_run, name, predicted=lambda folder, split: predictions)
        expected = predicted_above(scores, chooser(scores, truth))
        np.testing.assert_array_equal(scores >= choice.thresholds, expected)
        assert choice.most == count
    top = label_choice(label_run, "top")
    assert (top.most, top.thresholds.max()) == (3, -np.inf)
    with pytest.raises(ValueError, match="expected one of top, threshold"):
        label_choice(label_run, "best")
