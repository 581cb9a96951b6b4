import dataclasses
import json

import numpy as np
import pytest
from finished_runs import copy_run, write_captions
from sklearn.metrics import average_precision_score

from s_cnn_rnn import evaluation
from s_cnn_rnn.caption_metrics import score_captions
from s_cnn_rnn.evaluation import SystemScores, differences, score_run, score_systems
from s_cnn_rnn.predictions import predict

WORDS = ["dot", "ring", "star", "box", "hoop", "cross"]


pytestmark = [
    pytest.mark.usefixtures("without_java"),
    pytest.mark.filterwarnings("ignore:METEOR is missing"),
]


def length(file_name: str, caption: str) -> dict[str, float]:
    return {"words": len(caption.split())}


@pytest.fixture(scope="module")
def seeds(tiny_run, tmp_path_factory):
    """Two seeds of `ours`: one wrote what people wrote, the other one word each."""
    folder = tmp_path_factory.mktemp("seeds")
    right = copy_run(tiny_run, folder / "0")
    write_captions(right, _human(right))
    poor = copy_run(tiny_run, folder / "1", seed=1)
    write_captions(poor, WORDS)
    return right, poor


def _human(run) -> list[str]:
    path = f"{run.settings().data}/annotations_validation.jsonl"
    with open(path, encoding="utf-8") as file:
        return [json.loads(line)["captions"][0] for line in file]


def test_a_run_is_scored_on_its_own_photographs(seeds, tiny_data):
    right, _ = seeds
    scores = score_run(right, "validation", own_score=length)
    assert scores.captions.values["BLEU-4"] == pytest.approx(1)
    annotations = tiny_data.annotations("validation")
    written = {a.image_id: a.captions[0] for a in annotations}
    references = {a.image_id: a.captions for a in annotations}
    expected = score_captions(written, references, meteor=False)
    for metric in ("CIDEr", "ROUGE-L", "BLEU-2"):
        assert scores.captions.values[metric] == expected.values[metric]
    text_only = predict(right, "validation").text_only.annotation
    expected = score_captions(dict.fromkeys(written, text_only), references, meteor=False)
    assert scores.text_only.values["CIDEr"] == expected.values["CIDEr"]
    by_id = {a.image_id: len(a.captions[0].split()) for a in annotations}
    assert scores.own["words"].tolist() == [by_id[i] for i in scores.captions.image_ids]
    lengths = [len(caption.split()) for caption in written.values()]
    assert scores.figures["mean length"] == pytest.approx(np.mean(lengths))
    assert scores.figures["distinct captions"] == len(set(written.values()))


def test_concept_map_against_another_program(seeds):
    right, _ = seeds
    scores = score_run(right, "validation")
    truth, predicted = scores.data.concepts, scores.predictions.concepts
    present = np.flatnonzero(truth.any(axis=0))
    expected = [average_precision_score(truth[:, k], predicted[:, k]) for k in present]
    assert scores.figures["concept mAP"] == pytest.approx(np.mean(expected))


def test_seeds_are_meaned(seeds):
    (system,) = score_systems([seeds], "validation", own_score=length)
    right, poor = (run.captions.values for run in system.runs)
    values, intervals = system.values, system.intervals
    assert system.seeds == "0 1"
    assert right["CIDEr"] > 1 > poor["CIDEr"]
    for metric in ("CIDEr", "BLEU-1", "BLEU-4", "ROUGE-L"):
        assert values[metric] == pytest.approx((right[metric] + poor[metric]) / 2)
        low, high = intervals[metric]
        assert low <= values[metric] <= high
    assert values["METEOR"] is None
    assert "METEOR" not in intervals
    human = np.mean([len(caption.split()) for caption in _human(seeds[0])])
    assert values["words"] == pytest.approx((human + 1) / 2)
    assert values["mean length"] == pytest.approx((human + 1) / 2)


def test_differences_are_paired(seeds):
    right, poor = seeds
    ours, other = score_systems([[right], [poor]], "validation", own_score=length)
    assert (ours.name, other.name) == ("ours (0)", "ours (1)")
    found = {d.metric: d for d in differences(ours, other)}
    assert found["CIDEr"].value == pytest.approx(ours.values["CIDEr"] - other.values["CIDEr"])
    assert 0 < found["CIDEr"].low <= found["CIDEr"].high
    assert found["words"].low > 0
    itself = differences(ours, ours)
    assert {(d.value, d.low, d.high) for d in itself} == {(0, 0, 0)}
    # Each photograph's difference is 2: so is that of every resample, however lengths vary.
    shifted = SystemScores("longer", (_with_own(ours.runs[0], ours.runs[0].own["words"] + 2),))
    (difference,) = (d for d in differences(shifted, ours) if d.metric == "words")
    assert (difference.value, difference.low, difference.high) == pytest.approx((2, 2, 2))


def _with_own(run, words):
    return dataclasses.replace(run, own={"words": words})


def test_own_intervals_are_those_of_the_normal_distribution(seeds):
    run = score_run(seeds[0], "validation")
    right = np.arange(400) < 100
    rows = np.concatenate([right, np.full(50, np.nan)])
    system = SystemScores("ours", (dataclasses.replace(run, own={"right": rows}),))
    assert system.values["right"] == pytest.approx(0.25)
    low, high = system.intervals["right"]
    deviation = np.sqrt(0.25 * 0.75 / 400)
    assert low == pytest.approx(0.25 - 1.96 * deviation, abs=0.005)
    assert high == pytest.approx(0.25 + 1.96 * deviation, abs=0.005)


def test_what_does_not_belong_together_is_refused(seeds, tiny_run, tmp_path):
    right, poor = seeds
    other = copy_run(tiny_run, tmp_path / "other", decoding={"width": 1})
    with pytest.raises(ValueError, match=r"not seeds of one system: decoding.width is 3 there"):
        score_systems([[right, other]], "validation")
    twice = copy_run(tiny_run, tmp_path / "twice", seed=1)
    with pytest.raises(ValueError, match=r"have the same seed \(1\)"):
        score_systems([[poor, twice]], "validation")
    labels = copy_run(tiny_run, tmp_path / "labels", task="labels")
    with pytest.raises(ValueError, match="writes labels"):
        score_run(labels, "validation")


def test_runs_on_different_data_are_not_compared(seeds, tiny_run, tmp_path, monkeypatch):
    other = copy_run(tiny_run, tmp_path / "other", seed=7)
    scored = iter([score_run(seeds[0], "validation"), score_run(other, "validation")])

    def score(run, split, **_):
        scores = next(scored)
        if run is other:
            scores.data.prepared.digest = "of something else"
        return scores

    monkeypatch.setattr(evaluation, "score_run", score)
    with pytest.raises(ValueError, match="were trained on different data"):
        score_systems([[seeds[0]], [other]], "validation")
