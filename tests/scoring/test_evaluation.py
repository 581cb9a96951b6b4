import dataclasses
import json

import numpy as np
import pytest
from finished_runs import copy_run, write_captions
from sklearn.metrics import average_precision_score

from s_cnn_rnn.bootstrap import Ratios
from s_cnn_rnn.caption_metrics import score_captions
from s_cnn_rnn.scoring import evaluation
from s_cnn_rnn.scoring.evaluation import HowScored, compare_systems, score_run, score_systems
from s_cnn_rnn.scoring.predictions import predict
from s_cnn_rnn.scoring.protocol_scores import MeanScores, differences

WORDS = ["dot", "ring", "star", "box", "hoop", "cross"]


pytestmark = [
    pytest.mark.usefixtures("without_java"),
    pytest.mark.filterwarnings("ignore:METEOR is missing"),
]


def length(file_name: str, caption: str) -> dict[str, float]:
    return {"words": len(caption.split())}


WITH_LENGTH = HowScored(own_score=length)


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
    run = score_run(right, "validation", how=WITH_LENGTH)
    (scores,) = run.protocols
    assert scores.values["BLEU-4"] == pytest.approx(1)
    annotations = tiny_data.annotations("validation")
    written = {a.image_id: a.captions[0] for a in annotations}
    references = {a.image_id: a.captions for a in annotations}
    expected = score_captions(written, references, meteor=False)
    for metric in ("CIDEr", "ROUGE-L", "BLEU-2"):
        assert scores.values[metric] == expected.values[metric]
    text_only = predict(right, "validation").text_only.annotation
    expected = score_captions(dict.fromkeys(written, text_only), references, meteor=False)
    assert run.text_only.values["CIDEr"] == expected.values["CIDEr"]
    lengths = [len(caption.split()) for caption in written.values()]
    assert scores.values["words"] == pytest.approx(np.mean(lengths))
    assert scores.beside["mean length"] == pytest.approx(np.mean(lengths))
    assert scores.beside["distinct captions"] == len(set(written.values()))
    assert list(scores.values)[:2] == ["CIDEr", "BLEU-4"]


def test_concept_map_against_another_program(seeds):
    right, _ = seeds
    scores = score_run(right, "validation")
    truth, predicted = scores.data.concepts, scores.predictions.s_hat
    present = np.flatnonzero(truth.any(axis=0))
    expected = [average_precision_score(truth[:, k], predicted[:, k]) for k in present]
    assert scores.protocols[0].values["concept mAP"] == pytest.approx(np.mean(expected))


def test_seeds_are_meaned(seeds):
    (system,) = score_systems([seeds], "validation", how=WITH_LENGTH)
    right, poor = (run.protocols[0].values for run in system.runs)
    values, intervals = system.main.values, system.main.intervals
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
    ours, other = score_systems([[right], [poor]], "validation", how=WITH_LENGTH)
    assert (ours.name, other.name) == ("ours (0)", "ours (1)")
    assert compare_systems(ours, other).other is other
    (compared,) = compare_systems(ours, other).protocols
    found = {d.metric: d for d in compared.differences}
    left, right = ours.main.values, other.main.values
    assert found["CIDEr"].value == pytest.approx(left["CIDEr"] - right["CIDEr"])
    assert 0 < found["CIDEr"].low <= found["CIDEr"].high
    assert found["words"].low > 0
    itself = differences(ours.main, ours.main)
    assert {(d.value, d.low, d.high) for d in itself} == {(0, 0, 0)}
    # Each photograph's difference is 2: so is that of every resample, however lengths vary.
    scores = ours.main.runs[0]
    captions, own = scores.parts
    lengths, _ = own.parts["words"]
    longer = Ratios.of_means(scores.image_ids, {"words": lengths + 2})
    shifted = MeanScores((dataclasses.replace(scores, parts=(captions, longer)),))
    (difference,) = (d for d in differences(shifted, ours.main) if d.metric == "words")
    assert (difference.value, difference.low, difference.high) == pytest.approx((2, 2, 2))


def test_what_does_not_belong_together_is_refused(seeds, tiny_run, tmp_path):
    right, poor = seeds
    other = copy_run(tiny_run, tmp_path / "other", decoding={"width": 1})
    with pytest.raises(ValueError, match=r"not seeds of one system: decoding.width is 3 there"):
        score_systems([[right, other]], "validation")
    twice = copy_run(tiny_run, tmp_path / "twice", seed=1)
    with pytest.raises(ValueError, match=r"have the same seed \(1\)"):
        score_systems([[poor, twice]], "validation")


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
