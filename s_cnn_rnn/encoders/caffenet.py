"""CaffeNet, the CNN of the paper's NUS-WIDE systems (section 4.2): Caffe's reference net.

It is AlexNet (Krizhevsky et al. 2012) on one GPU, with the two halves of conv2, conv4 and conv5
still apart, and with pooling before normalization instead of after it.
"""

import pathlib
from collections.abc import Mapping

import keras
import numpy as np

from s_cnn_rnn.encoders import local_weights
from s_cnn_rnn.encoders.caffe_layers import (
    CaffePixels,
    CeilMaxPooling,
    GroupedConvolution,
    LocalResponseNormalization,
)
from s_cnn_rnn.encoders.caffe_model import read_caffemodel

CLASSES = 1000
WIDTH = 4096
IMAGE_SIZE = 256  # to which a photograph is warped; the net sees its centre
CROP = 227
MEAN = (104.0, 117.0, 123.0)  # of blue, green and red
_CAFFE_NAMES = {"feature_map": "conv5", "classifier": "fc8"}  # the others are called the same


def build(name: str, *, image_size: int, weights: str | None, dropout: float = 0.5) -> keras.Model:
    """CaffeNet as an encoder.

    In training Caffe takes the 227 pixels from a random place and mirrors half of the photographs;
    here both are the augmentation's matter (`smallest_crop`, `flip`), and the centre is taken.

    Args:
        name: "caffenet".
        image_size: height and width of the photographs, in pixels; trained weights fit 256 alone,
            because fc6 sees every position.
        weights: the path of a `.caffemodel`, `.npz` or `.weights.h5` file, or None.
        dropout: part of fc6's and of fc7's outputs dropped in training, 0 to 1.

    Returns:
        Model "encoder": uint8 [B,H,W,3] -> F float32 [B,4096], the layer fc7 after its ReLU.

    Raises:
        ValueError: "pretrained" weights, which have to be fetched by hand, or weights that do not
            fit.
        FileNotFoundError: there is no such file of weights.
    """
    image, features = _body(image_size, dropout)
    model = keras.Model(image, features, name="encoder")
    _load(model, name, weights)
    return model


def build_classifier(
    name: str, *, image_size: int = IMAGE_SIZE, weights: str | None = None
) -> keras.Model:
    """CaffeNet with its last layer: uint8 [B,H,W,3] -> ImageNet logits [B,1000].

    Arguments as in `build`.
    """
    image, features = _body(image_size, 0.5)
    logits = keras.layers.Dense(CLASSES, name="classifier", dtype="float32")(features)
    model = keras.Model(image, logits, name="image_classifier")
    _load(model, name, weights)
    return model


def _body(image_size: int, dropout: float):
    image = keras.Input((image_size, image_size, 3), dtype="uint8", name="image")
    rest = image_size - image_size * CROP // IMAGE_SIZE
    centre = (rest // 2, rest - rest // 2)
    x = keras.layers.Cropping2D((centre, centre), name="centre")(image)
    x = CaffePixels(MEAN, dtype="float32", name="scale_pixels")(x)
    x = keras.layers.Conv2D(96, 11, strides=4, activation="relu", name="conv1")(x)
    x = _pool_and_normalize(x, 1)
    x = GroupedConvolution(256, 5, name="conv2")(x)
    x = _pool_and_normalize(x, 2)
    x = keras.layers.Conv2D(384, 3, padding="same", activation="relu", name="conv3")(x)
    x = GroupedConvolution(384, 3, name="conv4")(x)
    x = GroupedConvolution(256, 3, name="feature_map")(x)
    x = CeilMaxPooling(name="pool5")(x)
    x = keras.layers.Flatten(name="flatten")(x)
    for name in ("fc6", "fc7"):
        x = keras.layers.Dense(WIDTH, activation="relu", name=name)(x)
        x = keras.layers.Dropout(dropout, name=f"{name}_dropout")(x)
    return image, keras.layers.Activation("linear", dtype="float32", name="features")(x)


def _pool_and_normalize(x, number: int):
    x = CeilMaxPooling(name=f"pool{number}")(x)
    # In float32: in bfloat16 the small part that is added to k would be rounded away.
    return LocalResponseNormalization(dtype="float32", name=f"norm{number}")(x)


def _load(model: keras.Model, name: str, weights: str | None) -> None:
    if weights is None:
        return
    if weights == "pretrained":
        raise ValueError(
            f"{name}: its ImageNet weights are not downloaded by this program; fetch "
            "bvlc_reference_caffenet.caffemodel from Caffe's model zoo and give its path as the "
            "encoder's weights (or None for random ones)"
        )
    path = pathlib.Path(weights)
    if path.suffix == ".caffemodel":
        local_weights.assign(model, by_variable(read_caffemodel(path), model, path), path)
    else:
        local_weights.load(model, path)


def by_variable(
    blobs: Mapping[str, list[np.ndarray]], model: keras.Model, path: pathlib.Path
) -> dict[str, np.ndarray]:
    """Renames Caffe's weights to the model's variables and turns them to Keras's order.

    Args:
        blobs: kernel and bias of each layer, as `read_caffemodel` gives them.
        model: encoder or classifier.
        path: where they come from, for the error.

    Raises:
        ValueError: a layer is missing, or has other shapes; the message names it.
    """
    arrays = {}
    for layer in model.layers:
        if not layer.weights:
            continue
        caffe_name = _CAFFE_NAMES.get(layer.name, layer.name)
        if len(blobs.get(caffe_name, ())) != 2:
            raise ValueError(
                f"{path}: not CaffeNet: expected a layer '{caffe_name}' with kernel and bias; the "
                f"layers with weights are: {', '.join(f'{n} ({len(b)})' for n, b in blobs.items())}"
            )
        kernel, bias = blobs[caffe_name]
        grid = model.get_layer("pool5").output.shape[1:] if layer.name == "fc6" else None
        place = f"{path}: layer '{caffe_name}'"
        arrays[f"{layer.name}/kernel"] = _turned(kernel, tuple(layer.kernel.shape), grid, place)
        arrays[f"{layer.name}/bias"] = _shaped(bias, tuple(layer.bias.shape), place)
    return arrays


def _turned(kernel: np.ndarray, shape: tuple[int, ...], grid, place: str) -> np.ndarray:
    """A kernel in Keras's order: shape [h, w, in / groups, out] or [in, out]."""
    if len(shape) == 4:
        height, width, inputs, outputs = shape
        # [out, in / groups, h, w] -> [h, w, in / groups, out]
        return _shaped(kernel, (outputs, inputs, height, width), place).transpose(2, 3, 1, 0)
    inputs, outputs = shape
    kernel = _shaped(kernel, (outputs, inputs), place)
    if grid is None:
        return kernel.T
    height, width, channels = grid
    # fc6 reads positions within channels there, channels within positions here.
    by_place = kernel.reshape(outputs, channels, height, width)
    return by_place.transpose(2, 3, 1, 0).reshape(inputs, outputs)


def _shaped(array: np.ndarray, expected: tuple[int, ...], place: str) -> np.ndarray:
    """The array without the leading ones that old nets put before a shape."""
    ones = len(array.shape) - len(expected)
    if array.shape != (1,) * ones + expected:
        raise ValueError(
            f"{place}: its shape is {array.shape}, expected {expected}; is it another net, or "
            f"another image size than {IMAGE_SIZE}?"
        )
    return array.reshape(expected)
