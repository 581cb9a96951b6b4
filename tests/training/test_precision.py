"""Mixed bfloat16: products in bfloat16; variables, states, probabilities and losses in float32."""

import json

import keras
import numpy as np
import pytest
from tiny_runs import STAGES, train_tiny

from s_cnn_rnn.model.annotation_model import build_model
from s_cnn_rnn.model.decoder import Decoder
from s_cnn_rnn.model.recurrent import LSTMCell
from s_cnn_rnn.model.stage_model import stage_model
from s_cnn_rnn.model.systems import SYSTEMS
from s_cnn_rnn.runs.checkpoints import read_arrays
from s_cnn_rnn.settings import RunSettings
from s_cnn_rnn.vocabulary import Vocabulary

ROUNDING = 2.0**-8  # of one bfloat16, relative
LONGEST = 16  # words of the tiny runs
ANNOTATIONS = np.array([[[1, 5, 7, 2, 0], [1, 4, 2, 0, 0]]], "int32")  # [B=1, C=2, T=5]


@pytest.fixture
def mixed():
    keras.config.set_dtype_policy("mixed_bfloat16")
    yield
    keras.config.set_dtype_policy("float32")


def logged(run, stage):
    lines = [json.loads(line) for line in run.stage(stage).log.read_text().splitlines()]
    return [line for line in lines if "loss" in line]


@pytest.mark.slow
def test_all_stages_run_and_their_losses_are_those_of_float32(tiny_run, tiny_data, tmp_path, mixed):
    run = train_tiny(tmp_path / "mixed", tiny_data, precision="mixed_bfloat16")
    for stage in STAGES:
        ours, exact = logged(run, stage), logged(tiny_run, stage)
        assert all(np.isfinite(line["loss"]) for line in ours)
        # An untrained ReLU state grows with every word, and so do the roundings it carries along.
        steps = LONGEST if "Lr" in ours[0] else 1
        assert ours[0]["loss"] == pytest.approx(exact[0]["loss"], rel=steps * ROUNDING), stage
        for path in run.stage(stage).weights.iterdir():
            assert {array.dtype for array in read_arrays(path)[0].values()} == {np.dtype("float32")}


def test_training_takes_the_precision_of_its_settings(tiny_data, tmp_path):
    """Whichever program calls it."""
    stages = {"rnn": {"steps": 1, "photographs": 8}, "joint": {"steps": 1, "photographs": 8}}
    try:
        train_tiny(tmp_path / "run", tiny_data, precision="mixed_bfloat16", stages=stages)
        assert keras.config.dtype_policy().name == "mixed_bfloat16"
    finally:
        keras.config.set_dtype_policy("float32")


@pytest.mark.parametrize("name", SYSTEMS)
def test_what_stages_learn_from_is_float32(name, mixed):
    row = SYSTEMS[name]
    words = tuple(f"word{n}" for n in range(8))
    vocabulary = Vocabulary(row.tasks[0], words, (1,) * 8, words[:5], 1.0, 1.0, {})
    settings = {"data": "", "system": name, "task": row.tasks[0], "encoder": {"name": "small_cnn"}}
    shapes = {"tags": (6,), "neighbours": (12, 256), "feature_map": (4, 7)}
    model = build_model(
        RunSettings.from_dict({**settings, "model": {"units": 8, "word_embedding": 8}}),
        vocabulary,
        with_encoder=False,
        side_shapes={kind: shapes[kind] for kind in row.side_information},
    )
    outputs = {"concepts": row.supervised, "words": bool(row.interface)}
    outputs = tuple(output for output, present in outputs.items() if present)
    stage = stage_model(model, source="features", trains=(), outputs=outputs, captions=2, longest=3)
    assert {variable.dtype for variable in stage.weights} == {"float32"}
    random = np.random.default_rng(0)
    inputs = {"features": random.normal(size=(1, 256)), "tags": np.ones((1, 6))}
    inputs["neighbours"] = random.normal(size=(1, 12, 256))
    inputs["feature_map"] = random.normal(size=(1, 4, 7))
    inputs = {kind: value.astype("float32") for kind, value in inputs.items()}
    results = stage({kind: {**inputs, "words": ANNOTATIONS}[kind] for kind in stage.input})
    types = {output: keras.backend.standardize_dtype(results[output].dtype) for output in outputs}
    assert types == dict.fromkeys(outputs, "float32")
    if row.supervised:
        given = {kind: inputs[kind] for kind in stage.input if kind != "words"}
        s_hat = keras.ops.convert_to_numpy(model.concepts(given))
        assert s_hat.dtype == np.float32
        logits = keras.ops.convert_to_numpy(results["concepts"])
        expected = model.probabilities(keras.ops.convert_to_tensor(logits))
        np.testing.assert_allclose(s_hat, expected, rtol=1e-5)


def test_the_cell_adds_up_what_bfloat16_would_lose():
    """c grows by 1/512 in each of 64 steps from 1, where bfloat16's next number is 1 + 1/128."""
    cell = LSTMCell(1, activation="relu", forget_bias=0.0, dtype="mixed_bfloat16")
    cell.build((None, 1))
    cell.recurrent_kernel.assign(np.zeros((1, 4), "float32"))
    gates = np.array([[30.0, 1 / 512, 30.0, 30.0]], "float32")  # i, g, f, o: all but g are open
    state = {name: np.ones((1, 1), "float32") for name in cell.state_names}
    for _ in range(64):
        state = cell.step(gates, state)
    assert float(state["c"][0, 0]) == pytest.approx(1 + 64 / 512, rel=1e-5)
    assert float(state["h"][0, 0]) == pytest.approx(1 + 64 / 512, rel=1e-5)


def _decoder(policy, options):
    keras.config.set_dtype_policy(policy)  # of the layers inside, too
    try:
        decoder = Decoder(9, **options, name="decoder")
    finally:
        keras.config.set_dtype_policy("float32")
    decoder.build()
    return decoder


@pytest.mark.parametrize("multimodal", [False, True], ids=["initial state", "late fusion"])
def test_steps_and_whole_sequences_agree_with_float32(multimodal):
    options = {"units": 16, "word_embedding": 8, "fusion": "multimodal" if multimodal else "none"}
    exact, mixed_decoder = (_decoder(policy, options) for policy in ("float32", "mixed_bfloat16"))
    mixed_decoder.set_weights(exact.get_weights())
    random = np.random.default_rng(0)
    names = ("h", "c", "image") if multimodal else ("h", "c")
    opening = {
        n: keras.ops.convert_to_tensor(random.normal(size=(1, 16)), "float32") for n in names
    }
    expected = keras.ops.convert_to_numpy(exact(ANNOTATIONS, opening))
    found = keras.ops.convert_to_numpy(mixed_decoder(ANNOTATIONS, opening))
    np.testing.assert_allclose(found, expected, atol=8 * ROUNDING)
    state = mixed_decoder.begin(opening)
    for word in (1, 5, 7):
        log_p, state = mixed_decoder.step(np.array([word], "int32"), state)
        kept = {name: keras.backend.standardize_dtype(state[name].dtype) for name in ("h", "c")}
        assert kept == {"h": "float32", "c": "float32"}
        assert keras.ops.convert_to_numpy(log_p).dtype == np.float32
        np.testing.assert_allclose(np.exp(log_p).sum(), 1, rtol=1e-5)
