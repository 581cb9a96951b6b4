"""CaffeNet against a NumPy net that keeps channels first, as Caffe does."""

import keras
import numpy as np
import pytest
from caffe_files import write_caffemodel

from s_cnn_rnn.encoders import build_encoder, caffenet, local_weights

MEAN = np.array([104.0, 117.0, 123.0])
SMALL = 64  # pixels, of which 56 are seen; two poolings of three hang over the edge
# name -> (outputs, inputs of a group, kernel size); the fully connected ones follow
CONVOLUTIONS = {
    "conv1": (96, 3, 11),
    "conv2": (256, 48, 5),
    "conv3": (384, 256, 3),
    "conv4": (384, 192, 3),
    "conv5": (256, 192, 3),
}


def random_blobs(grid: int, seed: int = 0) -> dict[str, list[np.ndarray]]:
    """Weights as Caffe keeps them; values stay near 100, where normalization matters."""
    random = np.random.default_rng(seed)
    inputs = 256 * grid * grid
    shapes = {name: (o, i, k, k) for name, (o, i, k) in CONVOLUTIONS.items()}
    shapes |= {"fc6": (4096, inputs), "fc7": (4096, 4096), "fc8": (1000, 4096)}
    blobs = {}
    for name, shape in shapes.items():
        scale = np.sqrt(2 / np.prod(shape[1:])) * (0.01 if name == "fc6" else 1)
        kernel = random.normal(size=shape).astype("float32") * np.float32(scale)
        blobs[name] = [kernel, random.normal(size=shape[0]).astype("float32") * np.float32(0.1)]
    return blobs


def convolve(x, blobs, stride=1, pad=0):
    """[C, H, W] -> [outputs, H', W'], group by group."""
    kernel, bias = blobs
    _, inputs, size, _ = kernel.shape
    x = np.pad(x, [(0, 0), (pad, pad), (pad, pad)])
    windows = np.lib.stride_tricks.sliding_window_view(x, (size, size), axis=(1, 2))
    windows = windows[:, ::stride, ::stride]  # [C, H', W', k, k]
    groups = len(x) // inputs
    parts = [
        np.tensordot(k, w, ((1, 2, 3), (0, 3, 4)))
        for k, w in zip(np.split(kernel, groups), np.split(windows, groups), strict=True)
    ]
    return np.maximum(np.concatenate(parts) + bias[:, None, None], 0)


def pool(x):
    """Maxima of 3 x 3 in steps of 2, the number of windows rounded up."""
    count = int(np.ceil((x.shape[1] - 3) / 2)) + 1
    rows = np.stack([x[:, 2 * n : 2 * n + 3].max(axis=1) for n in range(count)], axis=1)
    return np.stack([rows[:, :, 2 * n : 2 * n + 3].max(axis=2) for n in range(count)], axis=2)


def normalize(x):
    squares = np.pad(x * x, [(2, 2), (0, 0), (0, 0)])
    sums = sum(squares[n : n + len(x)] for n in range(5))
    return x / (1 + 1e-4 / 5 * sums) ** 0.75


def numpy_caffenet(image, blobs, crop):
    """Fc7 and fc8 of one photograph, uint8 [H, W, 3]."""
    start = (len(image) - crop) // 2
    x = image[start : start + crop, start : start + crop, ::-1] - MEAN
    x = x.transpose(2, 0, 1)
    x = normalize(pool(convolve(x, blobs["conv1"], stride=4)))
    x = normalize(pool(convolve(x, blobs["conv2"], pad=2)))
    x = convolve(x, blobs["conv3"], pad=1)
    x = convolve(x, blobs["conv4"], pad=1)
    x = pool(convolve(x, blobs["conv5"], pad=1)).reshape(-1)
    for name in ("fc6", "fc7"):
        x = np.maximum(blobs[name][0] @ x + blobs[name][1], 0)
    return x, blobs["fc8"][0] @ x + blobs["fc8"][1]


def photograph(size):
    return np.random.default_rng(1).integers(0, 256, (1, size, size, 3), dtype=np.uint8)


@pytest.fixture(scope="module")
def small_file(tmp_path_factory):
    path = tmp_path_factory.mktemp("caffe") / "small.caffemodel"
    write_caffemodel(path, random_blobs(grid=1), format="V1LayerParameter")
    return path


def test_features_of_a_caffemodel_are_fc7(small_file):
    encoder = build_encoder("caffenet", weights=str(small_file), image_size=SMALL)
    image = photograph(SMALL)
    expected, _ = numpy_caffenet(image[0], random_blobs(grid=1), crop=56)
    assert expected.std() > 0.1
    found = encoder.predict(image, verbose=0)
    np.testing.assert_allclose(found[0], expected, rtol=1e-4, atol=1e-4)


@pytest.mark.slow
def test_logits_at_full_size(tmp_path):
    blobs = random_blobs(grid=6)
    write_caffemodel(tmp_path / "caffenet.caffemodel", blobs)
    path = str(tmp_path / "caffenet.caffemodel")
    classifier = caffenet.build_classifier("caffenet", weights=path)
    assert classifier.count_params() == 60_965_224
    image = photograph(256)
    _, expected = numpy_caffenet(image[0], blobs, crop=227)
    assert expected.std() > 0.1
    found = classifier.predict(image, verbose=0)
    np.testing.assert_allclose(found[0], expected, rtol=1e-4, atol=1e-4)


def test_parameters_with_the_1000_way_layer():
    at_small_size = caffenet.build_classifier("caffenet", image_size=SMALL).count_params()
    assert at_small_size + 256 * (6 * 6 - 1) * 4096 == 60_965_224


def test_the_classifiers_layers_are_not_the_encoders(small_file, tmp_path):
    encoder = build_encoder("caffenet", weights=str(small_file), image_size=SMALL)
    names = {name.split("/")[0] for name in local_weights.variable_names(encoder)}
    assert names == {"conv1", "conv2", "conv3", "conv4", "feature_map", "fc6", "fc7"}
    local_weights.save(encoder, tmp_path / "caffenet.npz")
    again = build_encoder("caffenet", weights=str(tmp_path / "caffenet.npz"), image_size=SMALL)
    for first, second in zip(encoder.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize(("options", "part"), [({}, 0.5), ({"dropout": 0.2}, 0.2)])
def test_fc6_and_fc7_drop_in_training_alone(options, part):
    encoder = build_encoder("caffenet", weights=None, image_size=SMALL, **options)
    layers = [
        encoder.get_layer(f"{name}{end}") for name in ("fc6", "fc7") for end in ("", "_dropout")
    ]
    whole = keras.Model(encoder.input, [layer.output for layer in layers])
    for training in (False, True):
        values = [np.asarray(value) for value in whole(photograph(SMALL), training=training)]
        for before, after in (values[:2], values[2:]):
            dropped = (after == 0) & (before > 0)
            assert dropped.sum() / (before > 0).sum() == pytest.approx(training * part, abs=0.04)
            kept = np.where(dropped, 0, before) / (1 - training * part)
            np.testing.assert_allclose(after, kept, rtol=1e-5)


def test_files_of_another_net_are_told_by_file_and_layer(small_file):
    with pytest.raises(ValueError, match=r"caffenet: .*bvlc_reference_caffenet\.caffemodel"):
        build_encoder("caffenet")
    with pytest.raises(ValueError, match=r"small\.caffemodel: layer 'fc6': .*\(1, 1, 4096, 256\)"):
        build_encoder("caffenet", weights=str(small_file), image_size=128)
    encoder = build_encoder("caffenet", weights=None, image_size=SMALL)
    whole = random_blobs(grid=1)
    for name, blobs, message in (
        ("conv4", [], r"other: not CaffeNet: expected a layer 'conv4'.*conv3 \(2\)"),
        ("conv2", [np.zeros((256, 96, 5, 5)), np.zeros(256)], r"layer 'conv2': its shape is .*96"),
        ("fc7", [whole["fc7"][0], np.zeros(1000)], r"layer 'fc7': its shape is \(1000,\)"),
    ):
        with pytest.raises(ValueError, match=message):
            caffenet.by_variable(whole | {name: blobs}, encoder, "other")
