"""The joint training step, ours: photographs and captions in, every part trains; and its parts."""

import dataclasses
import os
from collections.abc import Callable, Mapping

import keras
import numpy as np

from benchmarks import captioners
from benchmarks.captions import batches, turns
from benchmarks.sides.tensorflow_decoder import POLICIES
from s_cnn_rnn.model.annotation_model import AnnotationModel, build_model
from s_cnn_rnn.model.stage_model import set_trainable, stage_losses, stage_model
from s_cnn_rnn.model.stages import STAGES
from s_cnn_rnn.settings import StageSettings
from s_cnn_rnn.training.optimisers import build_optimiser

WAYS = (("f32", "f32"), ("f32", "bf16"), ("bf16", "bf16"))  # CNN, other parts


def contestants(workload: Mapping) -> dict[str, Callable[[], object]]:
    """Each runs one step; whole steps give their loss."""
    kernels = "oneDNN" if os.environ.get("TF_ENABLE_ONEDNN_OPTS") == "1" else "Eigen"
    given = drawn(workload)
    found: dict[str, Callable[[], object]] = {}
    for encoder, decoder in workload.get("ways", WAYS):
        model = mixed_model(workload, encoder, decoder)
        name = f"ours, CNN {encoder}, decoder {decoder}, {kernels}"
        found[name] = _steps(model, "joint", workload, given)
    for precision in workload.get("parts", POLICIES):
        # A model of its own each: the compiled stage decides what trains.
        model = mixed_model(workload, precision, precision)
        name = f"part: our CNN and concepts {precision}, {kernels}"
        found[name] = _steps(model, "cnn", workload, given)
        encoder = mixed_model(workload, precision, precision).encoder
        found[f"part: our CNN forward {precision}, {kernels}"] = _forward(encoder, given)
        model = mixed_model(workload, precision, precision)
        name = f"part: our decoder {precision}, {kernels}"
        found[name] = _steps(model, "rnn_predicted", workload, given)
    return found


def mixed_model(workload: Mapping, encoder: str, decoder: str) -> AnnotationModel:
    """A model whose CNN has one precision and whose other parts have another."""
    settings, vocabulary = captioners.settings(workload), captioners.vocabulary(workload)
    keras.config.set_dtype_policy(POLICIES[encoder])
    first = build_model(settings, vocabulary)
    if encoder == decoder:
        return first
    keras.config.set_dtype_policy(POLICIES[decoder])
    rest = build_model(settings, vocabulary, with_encoder=False)
    return dataclasses.replace(rest, encoder=first.encoder)


def drawn(workload: Mapping) -> list[dict[str, np.ndarray]]:
    """Batches: photographs of random pixels, true concepts, captions, and drawn features."""
    photographs, captions = workload["photographs"], workload["captions"]
    random = np.random.default_rng(0)
    size = workload.get("image size") or 224
    found = []
    for words in batches(workload, photographs * captions, kinds=2):
        # As given, captions are sorted by length; a batch of photographs is not.
        words = words[random.permutation(len(words))]
        concepts = captioners.vocabulary(workload).concepts
        found.append(
            {
                "image": random.integers(256, size=(photographs, size, size, 3), dtype=np.uint8),
                "concepts": (random.random((photographs, len(concepts))) < 0.02).astype("f"),
                "words": words.reshape(photographs, captions, -1),
                "features": random.random((photographs, 1280), np.float32),
            }
        )
    return found


def compiled_stage(model: AnnotationModel, stage: str, workload: Mapping) -> keras.Model:
    """A stage of training as `StageTraining` compiles it."""
    row = STAGES[stage]
    trains = tuple(part for part in row.trains if part in model.present_parts())
    stage_of = stage_model(
        model,
        source=row.source,
        trains=trains,
        outputs=row.outputs,
        captions=workload["captions"],
        longest=workload["steps"] - 1,
    )
    set_trainable(model, trains)
    optimiser = build_optimiser(StageSettings(steps=1000))
    losses = stage_losses(model, row.outputs, rewarded=False)
    stage_of.compile(optimiser, loss=losses, jit_compile=workload.get("jit", False))
    return stage_of


def _steps(model, stage: str, workload: Mapping, given: list) -> Callable[[], float]:
    stage_of = compiled_stage(model, stage, workload)
    outputs = STAGES[stage].outputs
    rest = turns(given)

    def step() -> float:
        batch = next(rest)
        inputs = {name: batch[name] for name in stage_of.input}
        targets = {name: batch[name] for name in outputs}
        return float(np.ravel(stage_of.train_on_batch(inputs, targets))[0])

    return step


def _forward(encoder: keras.Model, given: list) -> Callable[[], None]:
    rest = turns(given)

    def forward() -> None:
        encoder.predict_on_batch(next(rest)["image"])

    return forward
