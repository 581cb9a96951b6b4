"""Systems with a part of their own, through all their stages: a few steps of each, then writing."""

import pathlib

import numpy as np
import pytest
from keras import ops
from tiny_runs import STAGES, train_tiny

from s_cnn_rnn.annotator import Annotator
from s_cnn_rnn.runs.checkpoints import read_arrays
from s_cnn_rnn.runs.handover import load_model
from s_cnn_rnn.runs.run_stages import planned_stages
from s_cnn_rnn.scoring.predictions import predict

SYSTEMS = (
    "ours+attention",
    pytest.param("ours+transformer", marks=pytest.mark.slow),
    pytest.param("msr-captivator", marks=pytest.mark.slow),
)


@pytest.fixture(scope="module", params=SYSTEMS)
def run(request, tiny_data, tmp_path_factory):
    stage = {"steps": 2, "photographs": 8, "captions": 2, "flip": True, "learning_rate": 1e-2}
    return train_tiny(
        tmp_path_factory.mktemp("runs") / request.param,
        tiny_data,
        system=request.param,
        stages={name: dict(stage) for name in STAGES},
        evaluation_photographs=4,
        model={"units": 16, "word_embedding": 16, "longest": 3},
        feature_cache=str(tmp_path_factory.mktemp("features")),
    )


def test_every_stage_is_gone_through_and_looked_at(run):
    stages = planned_stages(run.settings())
    assert stages
    for stage in stages:
        summary = run.stage(stage.name).read_summary()
        assert all(np.isfinite(value) for value in summary["validation"].values())
        if "words" in stage.outputs:
            assert {"validation/Lr", "validation/CIDEr"} <= set(summary["validation"])


def test_all_that_trains_has_moved_in_the_last_stage(run):
    *earlier, last = planned_stages(run.settings())
    for part in last.trains:
        before = [run.stage(stage.name).weights / f"{part}.npz" for stage in earlier]
        before = [path for path in before if path.exists()]
        if before:
            old = read_arrays(before[-1])[0]
            new = read_arrays(run.stage(last.name).weights / f"{part}.npz")[0]
            still = [name for name in new if np.array_equal(old[name], new[name])]
            assert [name for name in still if "centre" not in name] == []


def test_maps_are_kept_only_of_the_encoders_that_need_them(run):
    """The head of `ours+attention` learns from F alone: the first encoder is asked for no maps."""
    features = pathlib.Path(run.settings().feature_cache)
    made = {path.stem for path in features.glob("*_train_*.npy")}
    maps = {stem for stem in made if stem.endswith("_map")}
    expected = {"ours+attention": 2, "ours+transformer": 0, "msr-captivator": 4}
    assert len(maps) == expected[run.settings().system]  # of one encoder or two, in two views


def test_photographs_are_annotated_as_in_evaluation(run, tiny_data):
    expected = predict(run, "validation")
    photographs = tiny_data.photographs("validation", range(6))
    found = list(Annotator.from_run(run.path).annotate(photographs))
    for annotation, prediction in zip(found, expected.photographs, strict=True):
        assert annotation.text == prediction.annotation
        likely = prediction.beams[0].log_probability
        assert annotation.log_probability == pytest.approx(likely, rel=1e-2)  # float16 maps


def test_other_concepts_are_another_start(run, tiny_data):
    """What if? s_hat is an input of the decoder, whatever else it sees."""
    model = load_model(run)
    random = np.random.default_rng(0)
    inputs = {
        name: random.normal(size=(2, *shape)).astype("float32")
        for name, shape in model.shapes.items()
    }
    k = len(model.vocabulary.concepts)
    word = np.array([1, 1], "int32")
    first, second = (
        ops.convert_to_numpy(model.step(word, model.start(model.seen(inputs, s_hat)))[0])
        for s_hat in (np.zeros((2, k), "float32"), np.ones((2, k), "float32"))
    )
    assert np.abs(first - second).max() > 1e-4
