"""Built systems: parameter counts at the paper's size, stages' models, exact losses, masking."""

import importlib

import keras
import numpy as np
import pytest

from s_cnn_rnn.settings import RunSettings
from s_cnn_rnn.stages import STAGES, stages_of
from s_cnn_rnn.systems import SYSTEMS, build_model, find_system, stage_model
from s_cnn_rnn.vocabulary import Vocabulary
from s_cnn_rnn.writing import Likelihoods

# decoder: E 12,002 x 512; cell (512 + 512) x 2,048 + 2,048; softmax 512 x 12,000 + 12,000
DECODER = 12_002 * 512 + 1024 * 2048 + 2048 + 512 * 12_000 + 12_000
PARAMETERS = {
    "ours": {"semantic": 2048 * 1000 + 1000, "interface": 1000 * 512 + 512},
    "nic-f": {"interface": 2048 * 512 + 512},
    "nic-deeply": {"semantic": 2048 * 1000 + 1000, "interface": 2048 * 512 + 512},
}


def paper_vocabulary() -> Vocabulary:
    words = tuple(f"word{n}" for n in range(12_000 - 2))
    return Vocabulary("captions", words, (4,) * len(words), words[:1000], 1.0, 0.92, {})


def paper_settings(**changes) -> RunSettings:
    config = importlib.import_module("experiments.configs.coco_captions_paper").get_config()
    return RunSettings.from_dict(config.to_dict() | changes)


def test_every_system_has_a_pinned_size():
    assert set(PARAMETERS) == set(SYSTEMS)


@pytest.mark.parametrize("system", SYSTEMS)
def test_parameters_at_the_papers_size(system):
    model = build_model(paper_settings(system=system), paper_vocabulary(), with_encoder=False)
    counts = {name: part.count_params() for name, part in model.present_parts().items()}
    assert counts == PARAMETERS[system] | {"decoder": DECODER}
    assert {"encoder", *counts} == set(find_system(system).parts)


def test_the_papers_config_says_what_the_paper_says():
    settings = paper_settings()
    assert settings.encoder.name == "inception_v3"
    steps = {name: stage.steps for name, stage in settings.stages.items()}
    assert (steps["cnn"], steps["rnn"], steps["joint"]) == (30_000, 1_000_000, 500_000)
    for stage in settings.stages.values():
        assert (stage.optimiser, stage.learning_rate) == ("rmsprop", 1e-4)
        assert (stage.photographs, stage.captions, stage.schedule) == (32, 1, "constant")
    assert (settings.model.units, settings.model.word_embedding) == (512, 512)
    assert settings.decoding.width == 3


@pytest.mark.slow
def test_the_papers_joint_stage_takes_a_step_at_full_size():
    """Inception v3 at 299 pixels, 12,000 words, 1,000 concepts; random weights, four pairs."""
    settings = paper_settings(encoder={"name": "inception_v3", "weights": None, "image_size": 299})
    model = build_model(settings, paper_vocabulary())
    assert model.encoder.count_params() == 21_802_784
    [stage] = stages_of(model.system, ["joint"])
    whole = stage_model(
        model, source="image", trains=stage.trains, outputs=stage.outputs, captions=1, longest=20
    )
    from s_cnn_rnn.losses import LOSSES
    from s_cnn_rnn.optimisers import build_optimiser

    whole.compile(build_optimiser(settings.stages["joint"]), loss=LOSSES, jit_compile=False)
    random = np.random.default_rng(0)
    words = np.zeros((4, 1, 22), "int32")
    words[:, 0, :8] = [1, *random.integers(4, 12_000, 6), 2]
    images = random.integers(0, 256, (4, 299, 299, 3), "uint8")
    concepts = random.integers(0, 2, (4, 1000)).astype("float32")
    before = [w.numpy() for w in (model.encoder.trainable_weights[0], model.decoder.weights[0])]
    losses = whole.train_on_batch(
        {"image": images, "words": words}, {"concepts": concepts, "words": words}, return_dict=True
    )
    # Nothing is learnt yet: 7 words of 12,000, and 1,000 concepts at about one half.
    assert losses["words_loss"] == pytest.approx(7 * np.log(12_000), rel=0.05)
    assert losses["concepts_loss"] == pytest.approx(1000 * np.log(2), rel=0.2)
    after = (model.encoder.trainable_weights[0], model.decoder.weights[0])
    assert all(not np.array_equal(b, a) for b, a in zip(before, after, strict=True))


@pytest.fixture(scope="module", params=list(SYSTEMS))
def small(request):
    words = tuple(f"word{n}" for n in range(8))
    vocabulary = Vocabulary("captions", words, (1,) * 8, words[:5], 1.0, 1.0, {})
    settings = RunSettings.from_dict(
        {
            "data": "",
            "system": request.param,
            "encoder": {"name": "small_cnn", "weights": None},
            "model": {"units": 6, "word_embedding": 6},
        }
    )
    return build_model(settings, vocabulary, with_encoder=False)


def test_losses_of_a_split_are_exact_whatever_the_batches(small):
    """70 photographs make batches of 32, 32 and 6; Keras's own mean over batches would be off."""
    random = np.random.default_rng(1)
    features = random.normal(size=(70, 256)).astype("float32")
    concepts = random.integers(0, 2, (70, 5))
    words = np.zeros((70, 2, 8), "int32")
    for sequence in words.reshape(-1, 8):
        length = random.integers(0, 6)
        sequence[: length + 2] = [1, *random.integers(4, 12, length), 2]
    outputs = ("concepts", "words") if small.semantic is not None else ("words",)
    losses = Likelihoods(small, source="features", outputs=outputs, captions=2, longest=6)
    found = losses({"features": features}, concepts, words)
    likelihood = small.decoder(words, small.interface(small.embedding(features)))
    assert found["Lr"] == pytest.approx(-np.sum(likelihood) / 140, rel=1e-5)
    if small.semantic is not None:
        s_hat = np.asarray(small.concepts(features), "float64")
        bits = concepts * np.log(s_hat) + (1 - concepts) * np.log(1 - s_hat)
        assert found["Lu"] == pytest.approx(-bits.sum() / 70, rel=1e-4)


def test_frozen_parts_act_as_at_inference(small):
    stage = STAGES["rnn_predicted"]
    model = stage_model(
        small, source="features", trains=stage.trains, outputs=("words",), captions=1, longest=6
    )
    features = np.random.default_rng(0).normal(size=(3, 256)).astype("float32")
    words = np.tile(np.array([[[1, 5, 6, 2, 0, 0, 0, 0]]], "int32"), (3, 1, 1))
    # No dropout in this model's decoder, so training and inference agree if the rest is frozen.
    np.testing.assert_allclose(
        model({"features": features, "words": words}, training=True)["words"],
        model({"features": features, "words": words}, training=False)["words"],
        atol=1e-6,
    )


def test_unknown_systems_list_the_known():
    with pytest.raises(ValueError, match=r"'nic'.*ours, nic-f, nic-deeply"):
        find_system("nic")


def test_parts_start_the_same_with_and_without_the_encoder():
    keras.utils.clear_session()
    settings = paper_settings(encoder={"name": "small_cnn", "weights": None, "image_size": 32})
    vocabulary = paper_vocabulary()
    first = build_model(settings, vocabulary, with_encoder=False)
    second = build_model(settings, vocabulary, with_encoder=True)
    for name in ("semantic", "interface", "decoder"):
        for one, two in zip(first.part(name).weights, second.part(name).weights, strict=True):
            np.testing.assert_array_equal(one, two)
