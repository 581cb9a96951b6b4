"""Every captioning system, a few steps of its stages, then writing.

`ours` goes through all of its own in `test_whole_run`.
"""

import dataclasses
import pathlib

import numpy as np
import pytest
from keras import ops
from tiny_runs import STAGES, train_tiny, watch_stages

from s_cnn_rnn.annotator import Annotator
from s_cnn_rnn.model.systems import SYSTEMS as ALL
from s_cnn_rnn.model.systems import find_system
from s_cnn_rnn.runs.handover import load_model
from s_cnn_rnn.runs.run_stages import planned_stages
from s_cnn_rnn.scoring.evaluation import score_systems
from s_cnn_rnn.scoring.predictions import predict
from s_cnn_rnn.scoring.score_table import rows_of_system

# System -> the stages whose steps it takes here.
SYSTEMS = {
    "ours+attention": STAGES,
    "ours+transformer": STAGES,
    "msr-captivator": STAGES,
    "nic-f": ("joint",),
    "nic-deeply": ("joint",),
    "nic-v2": ("joint",),
    "m-rnn": ("rnn_predicted",),
    "att": ("cnn_head", "rnn_predicted"),
    "v2l": ("cnn_head", "rnn_predicted"),
}
SLOW = ("ours+transformer", "msr-captivator")
V2L_CONCEPTS = 12
"""In the place of its 256: drawn shapes have some forty words."""
KEPT = ("centre", "usual")
"""Weights that are no parameters: the concepts' frequencies."""


def test_every_captioning_system_is_trained_here():
    assert {*SYSTEMS, "ours", "ours+tags"} >= {
        row.name for row in ALL.values() if "captions" in row.tasks
    }


@pytest.fixture(scope="module", autouse=True)
def small_v2l():
    with pytest.MonkeyPatch.context() as patch:
        small = dataclasses.replace(ALL["v2l"], most_concepts=V2L_CONCEPTS)
        patch.setitem(ALL, "v2l", small)
        yield


@pytest.fixture(
    scope="module",
    params=[pytest.param(s, marks=pytest.mark.slow) if s in SLOW else s for s in SYSTEMS],
)
def training(request, tiny_data, tmp_path_factory, small_v2l):
    """The finished run, and the weights around each of its stages (`watch_stages`)."""
    stage = {"steps": 2, "photographs": 8, "captions": 2, "flip": True, "learning_rate": 1e-2}
    with pytest.MonkeyPatch.context() as patch:
        weights = watch_stages(patch)
        folder = train_tiny(
            tmp_path_factory.mktemp("runs") / request.param,
            tiny_data,
            system=request.param,
            stages={name: dict(stage) for name in SYSTEMS[request.param]},
            evaluation_photographs=4,
            model={"units": 16, "word_embedding": 16, "longest": 3},
            feature_cache=str(tmp_path_factory.mktemp("features")),
        )
    return folder, weights


@pytest.fixture(scope="module")
def run(training):
    return training[0]


def test_every_stage_is_gone_through_and_looked_at(run):
    stages = planned_stages(run.settings())
    assert stages
    for stage in stages:
        summary = run.stage(stage.name).read_summary()
        assert all(np.isfinite(value) for value in summary["validation"].values())
        if "words" in stage.outputs:
            assert {"validation/Lr", "validation/CIDEr"} <= set(summary["validation"])


def test_each_stage_moves_what_it_trains_and_nothing_else(training):
    run, weights = training
    *_, last = stages = planned_stages(run.settings())
    for stage in stages:
        before, after = weights[stage.name, "before"], weights[stage.name, "after"]
        moved = {path for path in before if not np.array_equal(before[path], after[path])}
        learns = {path for path in before if path.split(":")[0] in stage.trains}
        assert moved
        assert moved <= learns
        if stage == last:
            assert [path for path in learns - moved if path.split("/")[-1] not in KEPT] == []


@pytest.mark.filterwarnings("ignore:METEOR is missing")
def test_it_is_scored(run, without_java):
    (system,) = score_systems([[run]], "validation")
    rows = {row.metric: row for row in rows_of_system(system, command="evaluate")}
    assert {"CIDEr", "BLEU-4", "ROUGE-L", "text-only CIDEr"} <= set(rows)
    assert rows["CIDEr"].low <= rows["CIDEr"].value <= rows["CIDEr"].high
    assert rows["CIDEr"].system == run.settings().system


def test_maps_are_kept_only_of_the_encoders_that_need_them(run):
    """The head of `ours+attention` learns from F alone: the first encoder is asked for no maps."""
    features = pathlib.Path(run.settings().feature_cache)
    made = {path.stem for path in features.glob("*_train_*.npy")}
    maps = {stem for stem in made if stem.endswith("_map")}
    expected = {"ours+attention": 2, "msr-captivator": 4}  # of one encoder or two, in two views
    assert len(maps) == expected.get(run.settings().system, 0)


def test_photographs_are_annotated_as_in_evaluation(run, tiny_data):
    expected = predict(run, "validation")
    photographs = tiny_data.photographs("validation", range(6))
    found = list(Annotator.from_run(run.path).annotate(photographs))
    for annotation, prediction in zip(found, expected.photographs, strict=True):
        assert annotation.text == prediction.annotation
        likely = prediction.beams[0].log_probability
        assert annotation.log_probability == pytest.approx(likely, rel=1e-2)  # float16 maps


def test_other_concepts_are_another_start(run, tiny_data):
    """What if? s_hat is an input of the decoder, whatever else it sees; if it sees s_hat at all."""
    model = load_model(run)
    random = np.random.default_rng(0)
    inputs = {
        name: random.normal(size=(2, *shape)).astype("float32")
        for name, shape in model.shapes.items()
    }
    present = np.zeros((2, len(model.vocabulary.concepts)), "float32")
    present[:, ::2] = 1  # some and the others, not none and all: attention to concepts ranks them
    word = np.array([1, 1], "int32")
    first, second = (
        ops.convert_to_numpy(model.step(word, model.start(model.seen(inputs, s_hat)))[0])
        for s_hat in (present, 1 - present)
    )
    moved = np.abs(first - second).max()
    assert moved > 1e-4 if find_system(run.settings().system).writes_from_concepts else moved == 0
