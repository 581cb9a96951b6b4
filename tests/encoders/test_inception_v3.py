"""Inception v3 against keras.applications, whose layers it copies."""

import pathlib
import urllib.error

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


@pytest.fixture
def served(monkeypatch, tmp_path):
    """Sets what Keras gets from the network in place of the weights; its cache is empty."""
    monkeypatch.setattr("keras.src.utils.file_utils.config.keras_home", lambda: str(tmp_path))

    def serve(retrieve):
        monkeypatch.setattr("keras.src.utils.file_utils.urlretrieve", retrieve)

    return serve


def no_network(*_):
    raise urllib.error.URLError(OSError(-2, "Name or service not known"))


def half_of_it(_, path, *__):
    pathlib.Path(path).write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(1000))


@pytest.mark.parametrize(
    ("retrieve", "told"),
    [
        (no_network, r"URL fetch failure on https://.*inception_v3.*Name or service not known"),
        (half_of_it, r"Incomplete or corrupted file"),
    ],
)
def test_a_failed_download_says_what_to_do(served, tmp_path, retrieve, told):
    served(retrieve)
    expected = rf"ImageNet weights of InceptionV3 .*{told}.*--config\.encoder\.weights=FILE\.h5"
    with pytest.raises(ConnectionError, match=expected):
        build_encoder("inception_v3", image_size=SIZE)


def test_half_a_file_from_an_interrupted_download_is_told(served, tmp_path):
    """Keras fetches it anew; where it cannot, nothing is read from the half."""
    served(no_network)
    name = "inception_v3_weights_tf_dim_ordering_tf_kernels_notop.h5"
    (tmp_path / "models").mkdir()
    half_of_it(None, tmp_path / "models" / name)
    with pytest.raises(ConnectionError, match="could not be fetched whole"):
        build_encoder("inception_v3", image_size=SIZE)
    assert not (tmp_path / "models" / name).exists()


def test_a_file_that_cannot_be_read_is_told(monkeypatch, tmp_path):
    half_of_it(None, tmp_path / "half.h5")
    got = "keras.src.applications.inception_v3.file_utils.get_file"
    monkeypatch.setattr(got, lambda *_, **__: str(tmp_path / "half.h5"))
    with pytest.raises(ConnectionError, match=r"could not be fetched whole \(Unable to"):
        build_encoder("inception_v3", image_size=SIZE)


def test_other_faults_are_not_called_a_download(monkeypatch):
    def fail(*_, **__):
        raise MemoryError("no room for the weights")

    got = "keras.src.applications.inception_v3.file_utils.get_file"
    monkeypatch.setattr(got, fail)
    with pytest.raises(MemoryError, match="no room"):
        build_encoder("inception_v3", image_size=SIZE)
