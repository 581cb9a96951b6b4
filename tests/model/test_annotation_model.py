"""Built systems: parameter counts at the paper's size, stages' models, exact losses, masking."""

import importlib

import keras
import numpy as np
import pytest

from s_cnn_rnn.decoding.writing import Likelihoods
from s_cnn_rnn.model.annotation_model import build_model
from s_cnn_rnn.model.stage_model import stage_model
from s_cnn_rnn.model.stages import stages_of
from s_cnn_rnn.model.systems import SYSTEMS, find_system
from s_cnn_rnn.settings import RunSettings
from s_cnn_rnn.vocabulary import Vocabulary

# decoder: E 12,002 x 512; cell (512 + 512) x 2,048 + 2,048; softmax 512 x 12,000 + 12,000
DECODER = 12_002 * 512 + 1024 * 2048 + 2048 + 512 * 12_000 + 12_000
PARAMETERS = {
    "ours": {"semantic": 2048 * 1000 + 1000, "interface": 1000 * 512 + 512},
    "nic-f": {"interface": 2048 * 512 + 512},
    "nic-deeply": {"semantic": 2048 * 1000 + 1000, "interface": 2048 * 512 + 512},
    "nic-v2": {"interface": 2048 * 512 + 512},
    "m-rnn": {"interface": 2048 * 512 + 512},
    "v2l": {"semantic": 2048 * 256 + 256, "interface": 256 * 512 + 512},
    "att": {"semantic": 2048 * 1000 + 1000, "interface": 2048 * 512 + 512},
    "ours+attention": {"semantic": 2048 * 1000 + 1000, "interface": 1000 * 512 + 512},
    "ours+transformer": {"semantic": 2048 * 1000 + 1000, "interface": 1000 * 2048 + 2048},
    "msr-captivator": {"semantic": 2048 * 1000 + 1000, "interface": 3048 * 512 + 512},
}
# What their decoders have otherwise: m-RNN a plain cell and the multimodal layer, semantic
# attention U, V, W_h and its bias, v_x and v_h, and the concepts' frequencies; visual attention
# maps 2,048 channels to keys and values, the state to a query and a gate, and the context to the
# cell's input and to the output. The transformer has no cell but 21 places, two layers (q, k, v and
# their join, two maps of the inner width 1,024, two normalisations) and the last normalisation.
DECODER_DIFFERENCE = {
    "m-rnn": -3 * (1024 * 512 + 512) + 2 * 512 * 512 + 512,
    "att": 3 * 512 * 512 + 3 * 512 + 1000,
    "ours+attention": 2049 * (256 + 512) + 512 * 256 + 256 + 513 + 512 * (2048 + 512),
    "ours+transformer": (
        -(1024 * 2048 + 2048)
        + 21 * 512
        + 2 * (4 * (512 * 512 + 512) + 2 * 512 * 1024 + 1024 + 512 + 4 * 512)
        + 2 * 512
    ),
    "msr-captivator": -(1024 * 512 + 512),  # a GRU has three gates
}
# At the papers' sizes: the map of Inception v3, and a small one for small models.
PAPERS_MAP, SMALL_MAP = (64, 2048), (4, 7)


def map_shape(system: str, shape: tuple[int, int]) -> dict:
    return {"feature_map": shape} if "feature_map" in find_system(system).side_information else {}


def paper_vocabulary() -> Vocabulary:
    words = tuple(f"word{n}" for n in range(12_000 - 2))
    return Vocabulary("captions", words, (4,) * len(words), words[:1000], 1.0, 0.92, {})


def paper_settings(**changes) -> RunSettings:
    config = importlib.import_module("experiments.configs.coco_captions_paper").get_config()
    return RunSettings.from_dict(config.to_dict() | changes)


# Labels, at NUS-WIDE's size: F is fc7 (4,096), 81 labels, 1,000 tags; embedding 256, c0 = 0.
LINEAR = 4096 * 81 + 81
TAG_LAYER = 1000 * 256 + 256 + 256 * 81 + 81 + 81  # the last 81 are the prior, which never trains
FIRST_STATE = {"concepts": 81 * 512 + 512, "features": 4096 * 512 + 512}
LABEL_DECODER = 84 * 256 + (256 + 512) * 2048 + 2048 + 512 * 82 + 82
LABEL_PARAMETERS = {
    "ours": {"semantic": LINEAR, "interface": FIRST_STATE["concepts"], "decoder": LABEL_DECODER},
    "ours+tags": {
        "tag_layer": TAG_LAYER,
        "semantic": LINEAR,
        "interface": FIRST_STATE["concepts"],
        "decoder": LABEL_DECODER,
    },
    "ria": {"interface": FIRST_STATE["features"], "decoder": LABEL_DECODER},
    "cnn-rnn": {
        "interface": FIRST_STATE["features"],
        "decoder": LABEL_DECODER + 512 * 512 + 512,  # the multimodal layer
    },
    "cnn-logistic": {"semantic": LINEAR},
    "cnn+tags": {"tag_layer": TAG_LAYER, "semantic": LINEAR},
    "tags-alone": {"tag_layer": TAG_LAYER},
    "tag-neighbours": {"semantic": 2 * (4096 * 500 + 500) + 1000 * 81 + 81},
    "sinn": {"semantic": LINEAR + 2 * 1000 * 81 + 4 * 81 * 81 + 2 * 81 * 81 + 81},
}
SAME_SIZE = {
    "ours+tags-fixed": "ours+tags",
    "ours+free-order": "ours",
    "cnn-softmax": "cnn-logistic",
    "cnn-warp": "cnn-logistic",
    "cnn-asymmetric": "cnn-logistic",
}


def test_every_system_has_a_pinned_size():
    assert {*PARAMETERS, *LABEL_PARAMETERS, *SAME_SIZE} == set(SYSTEMS)


def part_sizes(model) -> dict[str, int]:
    return {name: part.count_params() for name, part in model.present_parts().items()}


@pytest.mark.parametrize("system", PARAMETERS)
def test_parameters_at_the_papers_size(system):
    vocabulary = paper_vocabulary().with_concepts(find_system(system).most_concepts)
    model = build_model(
        paper_settings(system=system),
        vocabulary,
        with_encoder=False,
        side_shapes=map_shape(system, PAPERS_MAP),
    )
    counts = part_sizes(model)
    assert counts == PARAMETERS[system] | {"decoder": DECODER + DECODER_DIFFERENCE.get(system, 0)}
    assert {"encoder", *counts} == set(find_system(system).parts)


def label_vocabulary(k: int) -> Vocabulary:
    labels = tuple(f"label{n}" for n in range(k))
    return Vocabulary("labels", labels, (4,) * k, labels, 1.0, 1.0, {})


@pytest.mark.parametrize("system", [*LABEL_PARAMETERS, *SAME_SIZE])
def test_parameters_of_label_systems_at_the_papers_size(system):
    settings = RunSettings.from_dict(
        {
            "data": "",
            "system": system,
            "task": "labels",
            "encoder": {"name": "vgg16"},
            "model": {"word_embedding": 256, "sets_cell": False},
        }
    )
    row = find_system(system)
    shapes = {"tags": (1000,), "neighbours": (12, 4096)}
    shapes = {name: shapes[name] for name in row.side_information}
    model = build_model(settings, label_vocabulary(81), with_encoder=False, side_shapes=shapes)
    counts = part_sizes(model)
    assert counts == LABEL_PARAMETERS[SAME_SIZE.get(system, system)]
    assert {*counts} == set(row.parts) - {"encoder"}


def test_a_system_refuses_a_task_that_is_not_its_own():
    with pytest.raises(ValueError, match="cnn-warp writes labels, not captions"):
        build_model(paper_settings(system="cnn-warp"), paper_vocabulary(), with_encoder=False)


def test_photograph_and_tags_add_up_to_s_hat():
    settings = RunSettings.from_dict(
        {"data": "", "system": "cnn+tags", "task": "labels", "encoder": {"name": "small_cnn"}}
    )
    prior = np.array([0.1, 0.4, 0.7])
    model = build_model(
        settings, label_vocabulary(3), prior=prior, with_encoder=False, side_shapes={"tags": (6,)}
    )
    random = np.random.default_rng(0)
    features = random.normal(size=(4, 256)).astype("float32")
    tags = (random.random((4, 6)) < 0.5).astype("float32")
    logits = np.asarray(model.semantic(features)) + np.asarray(model.tag_layer(tags))
    logits = logits - np.log(prior / (1 - prior))
    s_hat = model.concepts({"features": features, "tags": tags})
    np.testing.assert_allclose(s_hat, 1 / (1 + np.exp(-logits)), rtol=1e-4)


def test_scores_of_a_softmax_add_up_to_one():
    settings = RunSettings.from_dict(
        {"data": "", "system": "cnn-softmax", "task": "labels", "encoder": {"name": "small_cnn"}}
    )
    model = build_model(settings, label_vocabulary(3), with_encoder=False)
    scores = model.concepts({"features": np.ones((2, 256), "float32")})
    np.testing.assert_allclose(np.sum(scores, axis=-1), 1, rtol=1e-6)


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
    from s_cnn_rnn.training.optimisers import build_optimiser

    whole.compile(build_optimiser(settings.stages["joint"]), loss=model.losses(), jit_compile=False)
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


@pytest.fixture(scope="module", params=list(PARAMETERS))
def small(request):
    words = tuple(f"word{n}" for n in range(8))
    vocabulary = Vocabulary("captions", words, (1,) * 8, words[:5], 1.0, 1.0, {})
    settings = RunSettings.from_dict(
        {
            "data": "",
            "system": request.param,
            "encoder": {"name": "small_cnn", "weights": None},
            "model": {"units": 8, "word_embedding": 8, "transformer_dropout": 0.0},
        }
    )
    shapes = map_shape(request.param, SMALL_MAP)
    return build_model(settings, vocabulary, with_encoder=False, side_shapes=shapes)


def small_inputs(model, count: int) -> dict:
    random = np.random.default_rng(1)
    inputs = {"features": random.normal(size=(count, 256)).astype("float32")}
    if "feature_map" in model.shapes:
        inputs["feature_map"] = random.normal(size=(count, *SMALL_MAP)).astype("float16")
    return inputs


def test_losses_of_a_split_are_exact_whatever_the_batches(small):
    """70 photographs make batches of 32, 32 and 6; Keras's own mean over batches would be off."""
    random = np.random.default_rng(1)
    inputs = small_inputs(small, 70)
    concepts = random.integers(0, 2, (70, 5))
    words = np.zeros((70, 2, 8), "int32")
    for sequence in words.reshape(-1, 8):
        length = random.integers(0, 6)
        sequence[: length + 2] = [1, *random.integers(4, 12, length), 2]
    outputs = ("concepts", "words") if small.semantic is not None else ("words",)
    losses = Likelihoods(small, source="features", outputs=outputs, captions=2, longest=6)
    found = losses(inputs, concepts, words)
    likelihood = small.decoder(words, small.opening(small.seen(inputs)))
    assert found["Lr"] == pytest.approx(-np.sum(likelihood) / 140, rel=1e-5)
    if small.semantic is not None:
        s_hat = np.asarray(small.concepts(inputs), "float64")
        bits = concepts * np.log(s_hat) + (1 - concepts) * np.log(1 - s_hat)
        assert found["Lu"] == pytest.approx(-bits.sum() / 70, rel=1e-4)


DROPOUTS = {
    "semantic": "semantic_dropout",
    "tag_layer": "tag_dropout",
    "interface": "interface_dropout",
}


@pytest.mark.parametrize("part", list(DROPOUTS))
def test_frozen_parts_act_as_at_inference(part):
    """Half of a part is dropped: that is seen in training where the part trains, and only there."""
    settings = RunSettings.from_dict(
        {
            "data": "",
            "system": "ours+tags",
            "task": "labels",
            "encoder": {"name": "small_cnn", "weights": None},
            "model": {"units": 8, "word_embedding": 8, DROPOUTS[part]: 0.5},
        }
    )
    built = build_model(
        settings, label_vocabulary(5), with_encoder=False, side_shapes={"tags": (6,)}
    )
    random = np.random.default_rng(0)
    given = {
        "features": random.normal(size=(3, 256)).astype("float32"),
        "tags": np.ones((3, 6), "float32"),
        "words": np.tile(np.array([[[1, 3, 4, 2, 0, 0, 0, 0]]], "int32"), (3, 1, 1)),
    }
    moved = {}
    for trains in (("decoder",), (part, "decoder")):
        model = stage_model(
            built, source="features", trains=trains, outputs=("words",), captions=1, longest=6
        )
        seen = [np.asarray(model(given, training=training)["words"]) for training in (True, False)]
        moved[trains] = np.abs(seen[0] - seen[1]).max()
    assert moved["decoder",] == 0
    assert moved[part, "decoder"] > 1e-3


@pytest.mark.parametrize("system", ["ours", "ours+transformer"])
def test_told_concepts_take_the_place_of_predicted_ones(system):
    settings = paper_settings(system=system)
    built = build_model(settings, label_vocabulary(5), with_encoder=False)
    random = np.random.default_rng(0)
    words = np.tile(np.array([[[1, 3, 4, 2, 0, 0, 0, 0]]], "int32"), (3, 1, 1))
    features = random.normal(size=(3, *built.shapes["features"])).astype("float32")
    options = {"trains": ("decoder",), "outputs": ("words",), "captions": 1, "longest": 6}
    untold = stage_model(built, source="features", **options)
    told = stage_model(built, source="features", tells=True, **options)
    given = {"features": features, "words": words}
    true = random.integers(0, 2, (3, 5)).astype("float32")
    nothing, everything = np.full_like(true, -1), true
    predicted = untold(given)["words"]
    np.testing.assert_array_equal(told(given | {"told": nothing})["words"], predicted)
    found = told(given | {"told": everything})["words"]
    seen = built.seen({"features": features}, true)
    np.testing.assert_allclose(found, built.decoder(words, built.opening(seen)), rtol=1e-5)
    assert np.abs(found - predicted).max() > 1e-3


def test_systems_that_write_from_features_are_told_nothing():
    built = build_model(
        paper_settings(system="nic-deeply"), label_vocabulary(5), with_encoder=False
    )
    options = {"trains": ("decoder",), "outputs": ("words",), "captions": 1, "longest": 6}
    assert "told" not in stage_model(built, source="features", tells=True, **options).input


@pytest.mark.parametrize("system", ["ours", "ours+transformer"])
@pytest.mark.parametrize("jit", [True, False])
def test_real_words_alone_are_computed_but_under_xla(system, jit):
    """Packed shapes differ from batch to batch, which XLA does not take."""
    settings = paper_settings(system=system, jit=jit)
    assert build_model(settings, label_vocabulary(5), with_encoder=False).decoder.packs is not jit


def test_unknown_systems_list_the_known():
    with pytest.raises(ValueError, match=r"(?s)'nic'.*  nic-f +features as step-zero input"):
        find_system("nic")
    with pytest.raises(ValueError, match="'m_rnn' does not exist; did you mean m-rnn"):
        find_system("m_rnn")
    with pytest.raises(ValueError, match="'xyzzy' does not exist; there are:"):
        find_system("xyzzy")


def test_parts_start_the_same_with_and_without_the_encoder():
    keras.utils.clear_session()
    settings = paper_settings(encoder={"name": "small_cnn", "weights": None, "image_size": 32})
    vocabulary = paper_vocabulary()
    first = build_model(settings, vocabulary, with_encoder=False)
    second = build_model(settings, vocabulary, with_encoder=True)
    for name in ("semantic", "interface", "decoder"):
        for one, two in zip(first.part(name).weights, second.part(name).weights, strict=True):
            np.testing.assert_array_equal(one, two)
