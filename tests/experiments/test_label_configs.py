"""The paper's label experiments: what the configs say, and a step at full size."""

import dataclasses
import importlib

import keras
import numpy as np
import pytest

from s_cnn_rnn.encoders import ENCODERS
from s_cnn_rnn.model.annotation_model import build_model
from s_cnn_rnn.model.stage_model import set_trainable, stage_model
from s_cnn_rnn.model.stages import stages_of
from s_cnn_rnn.model.systems import SYSTEMS, find_system
from s_cnn_rnn.runs.run_stages import planned_stages
from s_cnn_rnn.settings import RunSettings
from s_cnn_rnn.training.optimisers import build_optimiser
from s_cnn_rnn.vocabulary import Vocabulary

# Section 4.2: the CNN, the learning rate it is trained with, the labels; its parameters up to fc7.
PAPER = {
    "nus_wide_paper": ("caffenet", 1e-4, 81, 60_965_224 - 4_097_000),
    "coco_labels_paper": ("vgg16", 1e-3, 80, 138_357_544 - 4_097_000),
}


def settings_of(name, **changes) -> RunSettings:
    config = importlib.import_module(f"experiments.configs.{name}").get_config()
    return RunSettings.from_dict(config.to_dict() | changes)


@pytest.mark.parametrize("name", PAPER)
def test_the_configs_say_what_the_paper_says(name):
    encoder, learning_rate, _, _ = PAPER[name]
    settings = settings_of(name)
    assert (settings.encoder.name, settings.task) == (encoder, "labels")
    assert settings.encoder.image_size == ENCODERS[encoder].image_size
    assert ENCODERS[encoder].width == 4096
    assert (settings.model.units, settings.model.word_embedding) == (512, 256)
    assert (settings.model.activation, settings.model.tag_units) == ("relu", 256)
    assert (settings.label_order or find_system(settings.system).label_order) == "rare_first"
    rates = {stage: value.learning_rate for stage, value in settings.stages.items()}
    assert {rates["cnn_head"], rates["cnn"]} == {learning_rate}
    assert {rates["rnn"], rates["joint"], rates["joint_frozen"]} == {1e-4}
    for stage in settings.stages.values():
        assert (stage.optimiser, stage.photographs, stage.schedule) == ("rmsprop", 32, "constant")
    assert settings.decoding.width == 1


@pytest.mark.parametrize("name", PAPER)
def test_systems_go_through_the_papers_stages(name):
    stages = {
        system: [stage.name for stage in planned_stages(settings_of(name, system=system))]
        for system in ("ours", "ours+tags", "ours+tags-fixed", "cnn-logistic")
    }
    assert stages == {
        "ours": ["cnn_head", "cnn", "rnn", "joint"],
        "ours+tags": ["tags", "cnn_head", "cnn", "rnn", "joint"],
        "ours+tags-fixed": ["tags", "cnn_head", "rnn", "joint_frozen"],
        "cnn-logistic": ["cnn_head", "cnn"],
    }


@pytest.mark.slow
@pytest.mark.parametrize("name", PAPER)
def test_the_joint_stage_takes_a_step_at_full_size(name):
    """Random weights, two photographs with tags."""
    encoder, _, k, parameters = PAPER[name]
    size = ENCODERS[encoder].image_size
    settings = settings_of(name, system="ours+tags")
    settings = dataclasses.replace(
        settings, encoder=dataclasses.replace(settings.encoder, weights=None)
    )
    assert (settings.encoder.image_size, settings.encoder.dropout) == (size, 0.5)
    labels = tuple(f"label{n}" for n in range(k))
    vocabulary = Vocabulary("labels", labels, (4,) * k, labels, 1.0, 1.0, {})
    model = build_model(settings, vocabulary, side_shapes={"tags": (1000,)})
    assert model.encoder.count_params() == parameters
    [stage] = stages_of(model.system, ["joint"])
    whole = stage_model(
        model, source="image", trains=stage.trains, outputs=stage.outputs, captions=1, longest=20
    )
    set_trainable(model, stage.trains)
    whole.compile(build_optimiser(settings.stages["joint"]), loss=model.losses(), jit_compile=False)
    random = np.random.default_rng(0)
    words = np.zeros((2, 1, 22), "int32")
    words[:, 0, :5] = [1, *random.integers(3, k + 3, 3), 2]
    inputs = {
        "image": random.integers(0, 256, (2, size, size, 3), "uint8"),
        "tags": random.integers(0, 2, (2, 1000)).astype("float32"),
        "words": words,
    }
    targets = {"concepts": random.integers(0, 2, (2, k)).astype("float32"), "words": words}
    before = {part: first_weight(model.part(part)) for part in stage.trains}
    losses = whole.train_on_batch(inputs, targets, return_dict=True)
    # Nothing is learnt yet: three labels and END, of k + 1; k labels.
    assert losses["words_loss"] == pytest.approx(4 * np.log(k + 1), rel=0.1)
    assert np.isfinite(losses["concepts_loss"])
    for part, weight in before.items():
        assert not np.array_equal(first_weight(model.part(part)), weight), part


def first_weight(part) -> np.ndarray:
    return keras.ops.convert_to_numpy(part.trainable_weights[0]).copy()


LABEL_SYSTEMS = [row.name for row in SYSTEMS.values() if "labels" in row.tasks]


@pytest.mark.parametrize("name", ["mirflickr", "shapes_labels", "coco_labels", *PAPER])
@pytest.mark.parametrize("system", LABEL_SYSTEMS)
def test_every_label_system_has_stages_for_all_its_parts(name, system):
    row = find_system(system)
    settings = settings_of(name, system=system)
    trained = {part for stage in planned_stages(settings) for part in stage.trains}
    assert trained | {"encoder"} == {*row.parts, "encoder"}
    assert ("encoder" in trained) == ("encoder" in row.parts and not row.frozen_encoder)
