"""VGG16 against keras.applications, whose weights it takes."""

import keras
import numpy as np
import pytest

from s_cnn_rnn.encoders import build_encoder, keras_applications

SIZE = 32


def test_features_are_fc7_of_keras_applications(monkeypatch):
    """At 32 pixels, where fc6 sees one position: a tenth of the parameters, the same layers."""
    original = keras.applications.VGG16(
        include_top=True, weights=None, input_shape=(SIZE, SIZE, 3), classes=10
    )
    monkeypatch.setattr(keras_applications, "_from_file", lambda *_: original)
    encoder = build_encoder("vgg16", weights="original.h5", image_size=SIZE)
    images = np.random.default_rng(0).integers(0, 256, (2, SIZE, SIZE, 3), dtype=np.uint8)
    scaled = keras.applications.vgg16.preprocess_input(images.astype("float32"))
    for ours, theirs in (("features", "fc2"), ("feature_map", "block5_conv3")):
        expected = keras.Model(original.input, original.get_layer(theirs).output)
        found = keras.Model(encoder.input, encoder.get_layer(ours).output)
        np.testing.assert_allclose(
            found.predict(images, verbose=0), expected.predict(scaled, verbose=0), rtol=1e-4
        )


def test_pretrained_weights_fit_one_size_alone():
    with pytest.raises(ValueError, match=r"vgg16: .*224 pixels, not 299"):
        build_encoder("vgg16", image_size=299)


@pytest.mark.slow
def test_a_file_of_keras_applications_is_read(tmp_path):
    original = keras.applications.VGG16(include_top=True, weights=None)
    original.save_weights(tmp_path / "vgg16.weights.h5")
    encoder = build_encoder("vgg16", weights=str(tmp_path / "vgg16.weights.h5"))
    for ours, theirs in (("block1_conv1", "block1_conv1"), ("fc6", "fc1"), ("fc7", "fc2")):
        for first, second in zip(
            encoder.get_layer(ours).get_weights(),
            original.get_layer(theirs).get_weights(),
            strict=True,
        ):
            np.testing.assert_array_equal(first, second)
