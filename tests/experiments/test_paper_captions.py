"""The paper's captioning config: every captioning system trains with it, at full size."""

import dataclasses
import importlib

import keras
import numpy as np
import pytest

from experiments.setting_flags import complete
from s_cnn_rnn.encoders import build_encoder
from s_cnn_rnn.model.annotation_model import AnnotationModel, build_model
from s_cnn_rnn.model.stage_model import set_trainable, stage_losses, stage_model
from s_cnn_rnn.model.systems import SYSTEMS, find_system
from s_cnn_rnn.runs.handover import StagesMissing, require_whole_system
from s_cnn_rnn.runs.run_folder import RunFolder
from s_cnn_rnn.runs.run_stages import planned_stages
from s_cnn_rnn.settings import RunSettings
from s_cnn_rnn.training.optimisers import build_optimiser
from s_cnn_rnn.vocabulary import Vocabulary

WRITERS = [name for name, row in SYSTEMS.items() if "captions" in row.tasks]
NEEDS = {"v2l": {"stages.rnn_predicted.steps": 1_000_000}}
"""The flags that a system needs beside --system."""
OUTPUTS, CONCEPTS, WORDS_WITH_END = 12_000, 1_000, 7
ATTENTION = 2 * (np.sqrt(10 * (WORDS_WITH_END / 10) ** 2) + WORDS_WITH_END * 10)
"""What att's penalty adds for ten concepts that are attended to evenly, at input and output."""


def paper_settings(system: str, flags: dict | None = None) -> RunSettings:
    """As a training program has them after --config, --system and further flags."""
    config = importlib.import_module("experiments.configs.coco_captions_paper").get_config()
    flags = NEEDS.get(system, {}) if flags is None else flags
    complete(config, list(flags))
    config.update_from_flattened_dict(flags)
    return RunSettings.from_dict(config.to_dict() | {"system": system})


@pytest.mark.parametrize("system", WRITERS)
def test_every_system_trains_whole(system, tmp_path):
    require_whole_system(RunFolder(tmp_path), paper_settings(system))


@pytest.mark.parametrize("system", NEEDS)
def test_what_a_system_needs_is_told_as_a_flag_that_works(system, tmp_path):
    [(name, steps)] = NEEDS[system].items()
    with pytest.raises(StagesMissing, match=rf"give some to --config\.{name}={steps}$"):
        require_whole_system(RunFolder(tmp_path), paper_settings(system, {}))
    stage = paper_settings(system).stages[name.split(".")[1]]
    assert (stage.steps, stage.photographs, stage.captions) == (steps, 32, 1)
    assert (stage.optimiser, stage.learning_rate) == ("rmsprop", 1e-4)


@pytest.fixture(scope="module")
def encoder() -> keras.Model:
    """Inception v3 at 299 pixels with random weights, which all systems share here."""
    settings = paper_settings("ours").encoder
    return build_encoder(settings.name, weights=None, image_size=settings.image_size)


@pytest.fixture(scope="module")
def vocabulary() -> Vocabulary:
    words = tuple(f"word{n}" for n in range(OUTPUTS - 2))
    return Vocabulary("captions", words, (4,) * len(words), words[:CONCEPTS], 1.0, 0.92, {})


def built(settings: RunSettings, encoder: keras.Model, vocabulary: Vocabulary) -> AnnotationModel:
    row = find_system(settings.system)
    _, height, width, channels = encoder.get_layer("feature_map").output.shape
    sees = "feature_map" in row.side_information
    model = build_model(
        settings,
        vocabulary.with_concepts(row.most_concepts),
        with_encoder=False,
        side_shapes={"feature_map": (height * width, channels)} if sees else {},
    )
    return dataclasses.replace(model, encoder=encoder)


def example(model: AnnotationModel, inputs: dict) -> tuple[dict, dict]:
    """One photograph of noise with one caption, as a stage's batch has it: inputs and targets."""
    random = np.random.default_rng(0)
    words = np.zeros((1, 1, 22), "int32")
    caption = random.integers(4, OUTPUTS, WORDS_WITH_END - 1)
    words[0, 0, : WORDS_WITH_END + 1] = [1, *caption, 2]
    concepts = np.zeros((1, len(model.vocabulary.concepts)), "float32")
    concepts[0, :9] = 1
    known = {"words": words, "concepts": concepts, "drawn": random.random((1, 1, 21)) < 0.25}
    known["image"] = random.integers(0, 256, (1, 299, 299, 3), "uint8")
    if "features" in inputs:
        known |= {k: np.asarray(v) for k, v in model.encoded(known["image"]).items()}
    return {name: known[name] for name in inputs}, {"words": words, "concepts": concepts}


CNN_ALONE = ("ours", "msr-captivator")
"""Systems each of whose ways from photographs to concepts takes a step with the whole CNN."""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("system", "named"), [*((s, None) for s in WRITERS), *((s, "cnn") for s in CNN_ALONE)]
)
def test_a_stage_takes_a_step_at_full_size(system, named, encoder, vocabulary):
    """The last, or the one named; as Python runs it, since compiling takes longer than a step."""
    settings = paper_settings(system)
    model = built(settings, encoder, vocabulary)
    stages = {stage.name: stage for stage in planned_stages(settings)}
    stage = stages[named] if named else [*stages.values()][-1]
    assert ("words" in stage.outputs) == (named is None)
    whole = stage_model(
        model,
        source=stage.source,
        trains=stage.trains,
        outputs=stage.outputs,
        captions=settings.stages[stage.name].captions,
        longest=settings.model.longest,
    )
    set_trainable(model, stage.trains)
    losses = stage_losses(model, stage.outputs, rewarded=False)
    optimiser = build_optimiser(settings.stages[stage.name])
    whole.compile(optimiser, loss=losses, run_eagerly=True, jit_compile=False)
    given, targets = example(model, whole.input)
    moving = {name: model.part(name).trainable_weights[0] for name in stage.trains}
    before = {name: np.array(keras.ops.convert_to_numpy(w)) for name, w in moving.items()}
    targets = {name: targets[name] for name in stage.outputs}
    found = whole.train_on_batch(given, targets, return_dict=True)
    # Nothing is learnt yet: each word is one of 12,000, and each concept there or not.
    expected = {"words": WORDS_WITH_END * np.log(OUTPUTS), "concepts": CONCEPTS * np.log(2)}
    expected["words"] += ATTENTION if system == "att" else 0.0
    for name in stage.outputs:
        single = found[f"{name}_loss"] if len(stage.outputs) > 1 else found["loss"]
        assert single == pytest.approx(expected[name], rel=0.2)
    if named == "cnn":  # where a layer's weights start at zero, the CNN learns from the second on
        whole.train_on_batch(given, targets)
    for name, weight in moving.items():
        assert not np.array_equal(before[name], keras.ops.convert_to_numpy(weight)), name
