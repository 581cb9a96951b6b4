"""A small CNN for the drawn shapes, trained from random weights."""

import keras

from s_cnn_rnn.encoders import local_weights

WIDTH = 256


def build(name: str, *, image_size: int, weights: str | None) -> keras.Model:
    """A CNN of four convolutions that keeps where things are.

    F is a fully connected layer over a coarse grid of the picture (8 x 8 for 64 pixels), not an
    average over positions, so that how many shapes there are and where can be read from it.
    Group normalization behaves the same in training and use and has no statistics to store.

    Args:
        name: "small_cnn".
        image_size: height and width of the pictures, in pixels; a multiple of 8.
        weights: the path of a `.npz` or `.weights.h5` file, or None.

    Returns:
        Model "encoder": uint8 [B,H,W,3] -> F float32 [B,256].
    """
    image = keras.Input((image_size, image_size, 3), dtype="uint8", name="image")
    x = keras.layers.Rescaling(1 / 127.5, offset=-1.0, name="scale_pixels")(image)
    x = _convolution(x, 32, 5, "convolution_1", strides=2)
    x = _convolution(x, 64, 3, "convolution_2")
    x = keras.layers.MaxPooling2D(name="pooling_2")(x)
    x = _convolution(x, 64, 3, "convolution_3")
    x = keras.layers.MaxPooling2D(name="pooling_3")(x)
    x = _convolution(x, 64, 3, "convolution_4")
    x = keras.layers.Activation("linear", name="feature_map")(x)
    x = keras.layers.Conv2D(16, 1, name="narrow")(x)
    x = keras.layers.Flatten(name="flatten")(x)
    x = keras.layers.Dense(WIDTH, activation="relu", name="dense")(x)
    features = keras.layers.Activation("linear", dtype="float32", name="features")(x)
    model = keras.Model(image, features, name="encoder")
    if weights is not None:
        local_weights.load(model, weights)
    return model


def _convolution(x, channels: int, kernel_size: int, name: str, strides: int = 1):
    x = keras.layers.Conv2D(
        channels,
        kernel_size,
        strides=strides,
        padding="same",
        kernel_initializer="he_normal",
        name=name,
    )(x)
    x = keras.layers.GroupNormalization(8, name=f"{name}_normalization")(x)
    return keras.layers.Activation("relu", name=f"{name}_relu")(x)
