"""Inception v3 against keras.applications, whose layers it copies."""

import keras
import numpy as np
import pytest

from s_cnn_rnn.encoders import build_encoder, local_weights

SIZE = 75


@pytest.fixture(scope="module")
def original():
    """keras.applications' model with random weights and statistics."""
    model = keras.applications.InceptionV3(
        include_top=False, weights=None, pooling="avg", input_shape=(SIZE, SIZE, 3)
    )
    random = np.random.default_rng(4)
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            beta, mean = random.normal(0, 0.1, (2, *layer.beta.shape))
            variance = random.uniform(0.2, 0.6, layer.beta.shape)  # keeps the signal's size
            layer.set_weights([beta, mean, variance])
    return model


@pytest.mark.parametrize(
    "ending", [".h5", *(pytest.param(e, marks=pytest.mark.slow) for e in (".weights.h5", ".keras"))]
)
def test_weights_are_those_of_keras_applications(original, ending, tmp_path):
    path = tmp_path / f"original{ending}"
    (original.save_weights if ending == ".weights.h5" else original.save)(path)
    encoder = build_encoder("inception_v3", weights=str(path), image_size=SIZE)
    for first, second in zip(encoder.get_weights(), original.get_weights(), strict=True):
        np.testing.assert_array_equal(first, second)


def test_features_are_those_of_keras_applications(original):
    encoder = build_encoder("inception_v3", weights=None, image_size=SIZE)
    encoder.set_weights(original.get_weights())
    images = np.random.default_rng(0).integers(0, 256, (2, SIZE, SIZE, 3), dtype=np.uint8)
    scaled = keras.applications.inception_v3.preprocess_input(images.astype("float32"))
    expected = original.predict(scaled, verbose=0)
    assert expected.std() > 0.01
    np.testing.assert_allclose(encoder.predict(images, verbose=0), expected, rtol=1e-3, atol=1e-4)


@pytest.mark.slow
def test_weights_go_into_a_file_and_back(tmp_path):
    encoder = build_encoder("inception_v3", weights=None, image_size=SIZE)
    local_weights.save(encoder, tmp_path / "encoder.npz")
    path = str(tmp_path / "encoder.npz")
    again = build_encoder("inception_v3", weights=path, image_size=SIZE)
    for first, second in zip(encoder.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(first, second)


@pytest.mark.filterwarnings("ignore:Skipping nested container")
def test_a_file_of_something_else_is_refused(tmp_path):
    inputs = keras.Input((3,))
    other = keras.Model(inputs, keras.layers.Dense(2)(inputs))
    other.save_weights(tmp_path / "other.weights.h5")
    (tmp_path / "other.h5").write_bytes(b"no HDF5")
    for name in ("other.weights.h5", "other.h5"):
        with pytest.raises(ValueError, match=rf"{name}: not the weights of keras\.applications'"):
            build_encoder("inception_v3", weights=str(tmp_path / name), image_size=SIZE)
    with pytest.raises(FileNotFoundError, match=r"absent\.h5"):
        build_encoder("inception_v3", weights=str(tmp_path / "absent.h5"), image_size=SIZE)


def test_a_failed_download_says_what_to_do(monkeypatch):
    def fail(*_, **__):
        raise Exception("URL fetch failure on https://example.org/inception.h5: timed out")

    monkeypatch.setattr("keras.src.applications.inception_v3.file_utils.get_file", fail)
    with pytest.raises(ConnectionError, match=r"inception\.h5: timed out.*give its path"):
        build_encoder("inception_v3", image_size=SIZE)
