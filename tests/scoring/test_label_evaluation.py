import dataclasses
import json
import pathlib

import numpy as np
import pytest
from finished_runs import copy_run, untrained_run, write_scores, write_words
from sklearn.metrics import average_precision_score, f1_score

from s_cnn_rnn.label_metrics import label_scores, predicted_above
from s_cnn_rnn.runs.ensemble_folder import make_ensemble
from s_cnn_rnn.scoring.evaluation import HowScored, compare_systems, score_run, score_systems
from s_cnn_rnn.scoring.label_evaluation import labelled_split
from s_cnn_rnn.scoring.predictions import predict

GREEDY = {"width": 1, "length_normalisation": 0.0}
LABELS = {"task": "labels", "decoding": GREEDY, "stages": {"cnn": {"steps": 1}}}
WRITES = LABELS | {"stages": {"joint": {"steps": 1}}}


@pytest.fixture(scope="module")
def decoder_run(tiny_data, tmp_path_factory):
    """`ours`, which wrote every label of each photograph but its most frequent one."""
    run = untrained_run(tmp_path_factory.mktemp("runs") / "ours", tiny_data, **WRITES)
    data = labelled_split(run, "validation")
    write_words(run, [labels[:-1] for labels in data.references])
    write_scores(run, _noisy_truth(data, seed=0))
    return run


@pytest.fixture(scope="module")
def logistic_run(tiny_data, tmp_path_factory):
    """`cnn-logistic` with scores that are right more often than not, on both splits."""
    path = tmp_path_factory.mktemp("runs") / "logistic"
    run = untrained_run(path, tiny_data, system="cnn-logistic", **LABELS)
    for seed, split in enumerate(("train", "validation")):
        write_scores(run, _noisy_truth(labelled_split(run, split), seed=seed), split)
    return run


def _noisy_truth(data, seed: int) -> np.ndarray:
    random = np.random.default_rng(seed)
    return (0.6 * random.random(data.concepts.shape) + 0.4 * data.concepts).astype(np.float32)


def _annotations(tiny_data, split="validation") -> list[dict]:
    path = pathlib.Path(tiny_data.folder) / f"annotations_{split}.jsonl"
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def test_the_truth_is_what_people_said_rare_labels_first(decoder_run, tiny_data):
    data = labelled_split(decoder_run, "validation")
    vocabulary = decoder_run.vocabulary()
    counts = dict(zip(vocabulary.words, vocabulary.counts, strict=True))
    for n, annotation in enumerate(_annotations(tiny_data)):
        true = {vocabulary.concepts[i] for i in np.flatnonzero(data.concepts[n])}
        assert true == set(annotation["labels"]) == set(data.references[n])
        frequencies = [counts[label] for label in data.references[n]]
        assert frequencies == sorted(frequencies)


def test_what_a_decoder_wrote_is_scored_at_its_own_stop(decoder_run, tiny_data):
    run = score_run(decoder_run, "validation")
    (scores,) = run.protocols
    assert scores.protocol == "own stop"
    lengths = np.array([len(a["labels"]) for a in _annotations(tiny_data)])
    # All but one label of each photograph is right, and nothing else is written.
    assert scores.values["O-P"] == 1
    assert scores.values["O-R"] == pytest.approx(np.mean((lengths - 1) / lengths))
    assert scores.values["labels per photograph"] == pytest.approx(np.mean(lengths - 1))
    assert scores.values["rare-first pairs"] == scores.values["rare-first lists"] == 1
    assert scores.values["empty predictions"] == 0
    f1 = 2 * (lengths - 1) / (2 * lengths - 1)
    np.testing.assert_allclose(scores.per_photograph, f1)
    names = list(scores.values)
    assert names[:6] == ["C-R", "C-P", "C-F1", "O-R", "O-P", "O-F1"]


@pytest.mark.parametrize(
    ("decoding", "protocol"),
    [
        ({"stop_bias": -0.5}, "own stop, greedy, stop bias -0.5"),
        ({"consensus": 6}, "own stop, consensus of 6"),
    ],
)
def test_another_way_of_decoding_is_told(decoder_run, tmp_path, decoding, protocol):
    otherwise = make_ensemble(tmp_path / "otherwise", [decoder_run], decoding)
    run = score_run(otherwise, "validation")
    assert [s.protocol for s in run.protocols] == [protocol]


def test_the_text_only_baseline_is_one_list_for_all(decoder_run):
    run = score_run(decoder_run, "validation")
    words = predict(decoder_run, "validation").text_only.words
    labels = list(decoder_run.vocabulary().concepts)
    expected = np.zeros(run.data.concepts.shape, bool)
    expected[:, [labels.index(word) for word in words]] = True
    assert run.text_only.values["O-F1"] == label_scores(expected, run.data.concepts).values["O-F1"]


def test_label_order_is_told(decoder_run, tmp_path):
    backwards = copy_run(decoder_run, tmp_path / "backwards")
    lists = [labels[::-1] for labels in labelled_split(backwards, "validation").references]
    lists[0] = ()
    write_words(backwards, lists)
    (scores,) = score_run(backwards, "validation").protocols
    assert scores.values["rare-first lists"] == 0
    assert scores.values["rare-first pairs"] < 0.2  # labels of equal count are in order either way
    assert scores.values["empty predictions"] == 1


def test_map_is_that_of_scikit_learn(decoder_run, logistic_run):
    for run in (decoder_run, logistic_run):
        scored = score_run(run, "validation")
        truth, predicted = scored.data.concepts, scored.predictions.s_hat
        occurs = np.flatnonzero(truth.any(axis=0))
        expected = [average_precision_score(truth[:, k], predicted[:, k]) for k in occurs]
        for scores in scored.protocols:
            assert scores.values["mAP"] == pytest.approx(np.mean(expected))


def test_scores_are_read_at_the_top_and_at_thresholds_of_train(logistic_run):
    run = score_run(logistic_run, "validation")
    assert run.text_only is None
    names = [scores.protocol for scores in run.protocols]
    assert names == [
        "top 3",
        "threshold chosen on train",
        "per-label thresholds chosen on train",
    ]
    top, threshold, per_label = run.protocols
    assert top.values["labels per photograph"] == 3
    train_scores = predict(logistic_run, "train").s_hat
    train_truth = labelled_split(logistic_run, "train").concepts.astype(bool)
    tried = {
        value: label_scores(predicted_above(train_scores, value), train_truth).values["O-F1"]
        for value in np.unique(train_scores)
    }
    chosen = predicted_above(train_scores, threshold.values["threshold"])
    assert label_scores(chosen, train_truth).values["O-F1"] == pytest.approx(max(tried.values()))
    found = predicted_above(run.predictions.s_hat, threshold.values["threshold"])
    expected = label_scores(found, run.data.concepts).values
    assert {name: threshold.values[name] for name in expected} == expected
    # Each label's own threshold is the best for it on train; here checked on the most frequent.
    (sets, *_) = per_label.parts
    lowest = run.predictions.s_hat[sets.predicted[:, 0], 0].min()
    of_first = {value: f1_score(train_truth[:, 0], train_scores[:, 0] >= value) for value in tried}
    best = max(of_first, key=of_first.get)
    assert lowest >= max(value for value in tried if value < best)


def test_s_hat_of_a_decoder_may_be_scored_beside(decoder_run, logistic_run, tmp_path):
    train = predict(logistic_run, "train").s_hat
    write_scores(decoder_run, train, "train")
    scored = score_run(decoder_run, "validation", how=HowScored(s_hat_too=True))
    names = [scores.protocol for scores in scored.protocols]
    assert names == [
        "own stop",
        "s_hat, top 3",
        "s_hat, threshold chosen on train",
        "s_hat, per-label thresholds chosen on train",
    ]
    assert scored.protocols[1].values["labels per photograph"] == 3


def test_a_beam_is_named(decoder_run, tmp_path):
    wide = copy_run(decoder_run, tmp_path / "wide", decoding=GREEDY | {"width": 2})
    (scores,) = score_run(wide, "validation").protocols
    assert scores.protocol == "own stop, beam 2"


def test_photographs_without_labels_count_for_classes_alone(decoder_run, monkeypatch, tmp_path):
    run = copy_run(decoder_run, tmp_path / "unlabelled")
    predict(run, "validation")
    from s_cnn_rnn.data.prepared import PreparedData

    read = PreparedData.annotations

    def annotations(self, split):
        found = list(read(self, split))
        return [dataclasses.replace(found[0], labels=()), *found[1:]]

    before = score_run(run, "validation").protocols[0]
    monkeypatch.setattr(PreparedData, "annotations", annotations)
    after = score_run(run, "validation").protocols[0]
    assert after.values["photographs without labels"] == 1
    assert np.isnan(after.per_photograph[0])
    assert after.values["O-P"] == 1  # over the other five
    assert after.values["micro-P"] < before.values["micro-P"] == 1


def test_labels_that_train_lacks_are_left_out(decoder_run, monkeypatch, caplog):
    from s_cnn_rnn.data.prepared import PreparedData

    read = PreparedData.annotations

    def annotations(self, split):
        return [dataclasses.replace(a, labels=(*a.labels, "unicorn")) for a in read(self, split)]

    before = labelled_split(decoder_run, "validation")
    monkeypatch.setattr(PreparedData, "annotations", annotations)
    after = labelled_split(decoder_run, "validation")
    np.testing.assert_array_equal(before.concepts, after.concepts)
    assert before.references == after.references
    assert "1 labels are in none of the train split's photographs and are left out: unicorn" in (
        caplog.text
    )


def test_systems_are_compared_under_each_protocol(decoder_run, logistic_run):
    ours, other = score_systems([[decoder_run], [logistic_run]], "validation")
    comparison = compare_systems(ours, other)
    pairs = [(c.first.protocol, c.second.protocol) for c in comparison.protocols]
    assert pairs == [
        ("own stop", "top 3"),
        ("own stop", "threshold chosen on train"),
        ("own stop", "per-label thresholds chosen on train"),
    ]
    (compared, *_) = comparison.protocols
    found = {d.metric: d for d in compared.differences}
    difference = ours.main.values["O-F1"] - other.main.values["O-F1"]
    assert found["O-F1"].value == pytest.approx(difference)
    assert found["O-F1"].low <= difference <= found["O-F1"].high
    assert "rare-first pairs" not in found
    turned = compare_systems(other, ours)
    assert [(c.second.protocol, c.first.protocol) for c in turned.protocols] == pairs
    for there, back in zip(comparison.protocols, turned.protocols, strict=True):
        values = [{d.metric: d.value for d in each.differences} for each in (there, back)]
        assert values[0] == pytest.approx({metric: -v for metric, v in values[1].items()})
    same = compare_systems(other, other)
    assert [(c.first.protocol, c.second.protocol) for c in same.protocols] == [
        (s.protocol, s.protocol) for s in other.protocols
    ]
    assert {d.value for c in same.protocols for d in c.differences} == {0}


def test_seeds_are_meaned(logistic_run, tmp_path):
    other = copy_run(logistic_run, tmp_path / "1", seed=1)
    for split in ("train", "validation"):
        write_scores(other, _noisy_truth(labelled_split(other, split), seed=7), split)
    (system,) = score_systems([[logistic_run, other]], "validation")
    for number, scores in enumerate(system.protocols):
        each = [run.protocols[number].values for run in system.runs]
        for metric in ("O-F1", "C-F1", "mAP", "labels per photograph"):
            assert scores.values[metric] == pytest.approx(np.mean([v[metric] for v in each]))
            low, high = scores.intervals[metric]
            assert low <= scores.values[metric] <= high


def test_captions_and_labels_are_not_compared(logistic_run, tiny_data, tmp_path):
    captions = untrained_run(tmp_path / "captions", tiny_data)
    with pytest.raises(ValueError, match=r"writes labels, .* captions; score them apart"):
        score_systems([[logistic_run], [captions]], "validation")
