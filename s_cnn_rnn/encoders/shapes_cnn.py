"""A small CNN for the drawn shapes, trained from random weights."""

import keras

from s_cnn_rnn.encoders import local_weights

WIDTH = 256
# (channels, kernel size, stride) of each convolution
_CONVOLUTIONS = ((24, 5, 2), (48, 3, 2), (48, 3, 1), (64, 3, 2), (64, 3, 1))


def build(name: str, *, image_size: int, weights: str | None) -> keras.Model:
    """Five convolutions and a fully connected layer that knows where things are.

    F is computed from a coarse grid of the picture (8 x 8 for 64 pixels), not from an average over
    positions, so that how many shapes there are and where can be read from it. There is no
    normalization: with so few layers it costs half as much time again and gains nothing.

    Args:
        name: "small_cnn".
        image_size: height and width of the pictures, in pixels.
        weights: the path of a `.npz` or `.weights.h5` file, or None.

    Returns:
        Model "encoder": uint8 [B,H,W,3] -> F float32 [B,256].
    """
    image = keras.Input((image_size, image_size, 3), dtype="uint8", name="image")
    x = keras.layers.Rescaling(1 / 127.5, offset=-1.0, name="scale_pixels")(image)
    for number, (channels, kernel_size, stride) in enumerate(_CONVOLUTIONS, start=1):
        last = number == len(_CONVOLUTIONS)
        x = keras.layers.Conv2D(
            channels,
            kernel_size,
            strides=stride,
            padding="same",
            activation="relu",
            kernel_initializer="he_normal",
            name="feature_map" if last else f"convolution_{number}",
        )(x)
    x = keras.layers.Conv2D(16, 1, name="narrow")(x)
    x = keras.layers.Flatten(name="flatten")(x)
    x = keras.layers.Dense(WIDTH, activation="relu", name="dense")(x)
    features = keras.layers.Activation("linear", dtype="float32", name="features")(x)
    model = keras.Model(image, features, name="encoder")
    if weights is not None:
        local_weights.load(model, weights)
    return model
