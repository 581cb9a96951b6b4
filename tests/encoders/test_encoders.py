"""The registry: what every encoder promises."""

import keras
import numpy as np
import pytest

from s_cnn_rnn.encoders import ENCODERS, build_encoder, encoder_digest, local_weights

# All parameters of each encoder at its own image size, without a classifier. Published counts
# with the 1000-way layer: VGG16 138,357,544; CaffeNet 60,965,224; Inception v3 23,851,784;
# EfficientNet-Lite 0, 1, 2 without batch normalization's statistics 4,652,008, 5,416,680 and
# 6,092,072.
PARAMETERS = {
    "efficientnet_lite0": 4_652_008 - 1_281_000 + 42_016,
    "efficientnet_lite1": 5_416_680 - 1_281_000 + 53_664,
    "efficientnet_lite2": 6_092_072 - 1_281_000 + 58_096,
    "inception_v3": 23_851_784 - 2_049_000,
    "vgg16": 138_357_544 - 4_097_000,
    "caffenet": 60_965_224 - 4_097_000,
    "small_cnn": 361_104,
}
SMALL = {"inception_v3": 75, "small_cnn": 16}
# One of each family; VGG16, which takes a gigabyte, has its own tests.
FAMILIES = ["efficientnet_lite0", "inception_v3", "small_cnn"]
TWO_FAMILIES = ["efficientnet_lite0", "small_cnn"]
SLOW_ONES = {"vgg16": pytest.mark.slow}


def small(name, **settings):
    return build_encoder(name, weights=None, image_size=SMALL.get(name, 64), **settings)


def photographs(encoder, count=2, seed=0):
    shape = (count, *encoder.input.shape[1:])
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


def arrays(variables):
    return [keras.ops.convert_to_numpy(variable).copy() for variable in variables]


def test_every_encoder_has_a_pinned_parameter_count():
    assert set(PARAMETERS) == set(ENCODERS)


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=SLOW_ONES.get(name, ())) for name in ENCODERS]
)
def test_full_size(name):
    row = ENCODERS[name]
    encoder = build_encoder(name, weights=None)
    assert encoder.count_params() == PARAMETERS[name]
    assert encoder.name == "encoder"
    assert encoder.input.name == "image"
    assert encoder.input.dtype == "uint8"
    assert encoder.input.shape == (None, row.image_size, row.image_size, 3)
    assert encoder.output.shape == (None, row.width)
    assert len(encoder.get_layer("feature_map").output.shape) == 4
    both = keras.Model(encoder.input, [encoder.get_layer("feature_map").output, encoder.output])
    regions, features = both.predict(photographs(encoder), verbose=0)
    assert features.shape == (2, row.width)
    assert features.dtype == np.float32
    assert np.isfinite(features).all()
    assert np.abs(features[0] - features[1]).max() > 0
    if regions.shape[-1] == row.width:  # F is the average of the regions
        np.testing.assert_allclose(regions.mean((1, 2)), features, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", FAMILIES)
def test_variable_paths_are_unique_and_do_not_depend_on_what_was_built_before(name):
    paths = [variable.path for variable in small(name).weights]
    assert len(set(paths)) == len(paths)
    assert all(path.startswith("encoder/") for path in paths)
    assert [variable.path for variable in small(name).weights] == paths


@pytest.mark.parametrize("name", FAMILIES)
def test_training_changes_the_parameters_but_no_statistics(name):
    encoder = small(name)
    encoder.trainable = True
    encoder.compile(keras.optimizers.SGD(1e-2), "mse")
    images = photographs(encoder, 4)
    before = dict(zip(local_weights.variable_names(encoder), encoder.get_weights(), strict=True))
    encoder.train_on_batch(images, np.ones((4, encoder.output.shape[-1]), "float32"))
    after = dict(zip(before, encoder.get_weights(), strict=True))
    trained = {variable.path.removeprefix("encoder/") for variable in encoder.trainable_variables}
    for path, array in before.items():
        assert path in trained or "/moving_" in path
        if path in trained:
            assert not np.array_equal(after[path], array), path
        else:
            np.testing.assert_array_equal(after[path], array, err_msg=path)
    used, called_in_training = (
        np.asarray(encoder(images, training=flag)) for flag in (False, True)
    )
    np.testing.assert_array_equal(used, called_in_training)


def system(encoder):
    image = keras.Input(encoder.input.shape[1:], dtype="uint8", name="photograph")
    logits = keras.layers.Dense(3, name="concepts")(encoder(image))
    return keras.Model(image, logits, name="system")


@pytest.mark.parametrize("name", TWO_FAMILIES)
@pytest.mark.parametrize("trainable", [False, True])
def test_inside_a_larger_model_the_encoder_is_frozen_or_trains(name, trainable):
    encoder = small(name)
    encoder.trainable = trainable
    model = system(encoder)
    assert model.get_layer("encoder") is encoder
    paths = [variable.path for variable in model.weights]
    assert len(set(paths)) == len(paths)
    images = photographs(encoder, 4)
    before, outside = arrays(encoder.weights), arrays(model.get_layer("concepts").weights)
    model.compile(keras.optimizers.SGD(1e-2), "mse")
    model.train_on_batch(images, np.ones((4, 3), "float32"))
    changed = [
        not np.array_equal(start, end)
        for start, end in zip(before, arrays(encoder.weights), strict=True)
    ]
    expected = [trainable and "/moving_" not in variable.path for variable in encoder.weights]
    assert changed == expected
    assert not np.array_equal(outside[0], arrays(model.get_layer("concepts").weights)[0])


def test_digest_changes_with_everything_that_changes_the_features(monkeypatch):
    encoder = small("small_cnn")
    digest = encoder_digest(encoder, "small_cnn")
    assert len(digest) == 64
    assert encoder_digest(encoder, "small_cnn") == digest
    other_size = build_encoder("small_cnn", weights=None, image_size=24)
    assert encoder_digest(other_size, "small_cnn") != digest
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        half = small("small_cnn")
    finally:
        keras.config.set_dtype_policy("float32")
    half.set_weights(encoder.get_weights())
    assert encoder_digest(half, "small_cnn") != digest
    for variable in encoder.weights:
        kept = keras.ops.convert_to_numpy(variable).copy()
        changed = kept.copy()
        changed.flat[-1] += 1e-3
        variable.assign(changed)
        assert encoder_digest(encoder, "small_cnn") != digest, variable.path
        variable.assign(kept)
    assert encoder_digest(encoder, "small_cnn") == digest
    twin = small("small_cnn")
    twin.set_weights(encoder.get_weights())
    assert encoder_digest(twin, "small_cnn") == digest
    monkeypatch.setitem(ENCODERS, "small_cnn", ENCODERS["efficientnet_lite0"])
    assert encoder_digest(encoder, "small_cnn") != digest


def test_mixed_precision_gives_float32_features():
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        for name in TWO_FAMILIES:
            encoder = small(name)
            assert encoder.output.dtype == "float32", name
            assert encoder.get_layer("feature_map").output.dtype == "bfloat16", name
    finally:
        keras.config.set_dtype_policy("float32")


def test_unknown_names_and_missing_weights_are_told(tmp_path):
    with pytest.raises(ValueError, match=r"'resnet'.*efficientnet_lite0"):
        build_encoder("resnet")
    with pytest.raises(ValueError, match=r"small_cnn.*no pretrained weights.*weights=None"):
        build_encoder("small_cnn")
    with pytest.raises(ValueError, match=r"small_cnn.*no dropout.*: vgg16, caffenet"):
        build_encoder("small_cnn", weights=None, dropout=0.5)
    for name in TWO_FAMILIES:
        with pytest.raises(FileNotFoundError, match=r"absent\.npz"):
            small_file(name, tmp_path / "absent.npz")


def small_file(name, path):
    return build_encoder(name, weights=str(path), image_size=SMALL.get(name, 64))


@pytest.mark.parametrize("name", TWO_FAMILIES)
def test_weights_go_into_a_file_and_back(name, tmp_path):
    encoder = small(name)
    local_weights.save(encoder, tmp_path / "encoder.npz")
    again = small_file(name, tmp_path / "encoder.npz")
    for first, second in zip(encoder.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize("name", TWO_FAMILIES)
def test_keras_own_weight_files_are_read(name, tmp_path):
    encoder = small(name)
    encoder.save_weights(tmp_path / "encoder.weights.h5")
    again = small_file(name, tmp_path / "encoder.weights.h5")
    for first, second in zip(encoder.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(first, second)


def test_weights_of_another_encoder_are_refused(tmp_path):
    path = tmp_path / "encoder.npz"
    local_weights.save(small("efficientnet_lite0"), path)
    with pytest.raises(ValueError, match=r"encoder\.npz: not the weights.*convolution_1/bias"):
        small_file("small_cnn", path)
    local_weights.save(build_encoder("small_cnn", weights=None, image_size=32), path)
    with pytest.raises(ValueError, match=r"encoder\.npz: 'dense/kernel' has shape \(256, 256\)"):
        small_file("small_cnn", path)
    path.rename(tmp_path / "encoder.txt")
    with pytest.raises(ValueError, match=r"encoder\.txt: expected a \.npz"):
        small_file("small_cnn", tmp_path / "encoder.txt")
