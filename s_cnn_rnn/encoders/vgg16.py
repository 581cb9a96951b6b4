"""VGG16, the CNN of the paper's label systems on COCO (section 4.2; arXiv 1409.1556)."""

import functools

import keras

from s_cnn_rnn.encoders.caffe_layers import VGG_MEAN, CaffePixels
from s_cnn_rnn.encoders.keras_applications import build_with_weights

WIDTH = 4096
# (convolutions, their channels) of each block; every block ends in a pooling of 2 x 2
_BLOCKS = ((2, 64), (2, 128), (3, 256), (3, 512), (3, 512))
_ORIGINAL_NAMES = {"feature_map": "block5_conv3", "fc6": "fc1", "fc7": "fc2"}


def build(name: str, *, image_size: int, weights: str | None, dropout: float = 0.5) -> keras.Model:
    """VGG16 as an encoder.

    Args:
        name: "vgg16".
        image_size: height and width of the photographs, in pixels; trained weights fit 224 alone,
            because its fully connected layers see every position.
        weights: "pretrained", the path of a `.npz`, `.h5`, `.weights.h5` or `.keras` file
            (of `keras.applications.VGG16(include_top=True)`), or None.
        dropout: part of fc6's and of fc7's outputs dropped in training, 0 to 1.

    Returns:
        Model "encoder": uint8 [B,H,W,3] -> F float32 [B,4096], the layer fc7 after its ReLU.

    Raises:
        ValueError: pretrained weights with another image size than 224.
    """
    if weights == "pretrained" and image_size != 224:
        raise ValueError(
            f"vgg16: the pretrained weights fit photographs of 224 pixels, not {image_size}"
        )
    original = functools.partial(
        keras.applications.VGG16, include_top=True, input_shape=(image_size, image_size, 3)
    )
    return build_with_weights(original, functools.partial(_encoder, image_size, dropout), weights)


def _encoder(image_size: int, dropout: float, original: keras.Model | None) -> keras.Model:
    image = keras.Input((image_size, image_size, 3), dtype="uint8", name="image")
    x = CaffePixels(VGG_MEAN, dtype="float32", name="scale_pixels")(image)
    for block, (convolutions, channels) in enumerate(_BLOCKS, start=1):
        for number in range(1, convolutions + 1):
            last = (block, number) == (len(_BLOCKS), convolutions)
            name = "feature_map" if last else f"block{block}_conv{number}"
            x = keras.layers.Conv2D(channels, 3, padding="same", activation="relu", name=name)(x)
        x = keras.layers.MaxPooling2D(name=f"block{block}_pool")(x)
    x = keras.layers.Flatten(name="flatten")(x)
    for name in ("fc6", "fc7"):
        x = keras.layers.Dense(WIDTH, activation="relu", name=name)(x)
        x = keras.layers.Dropout(dropout, name=f"{name}_dropout")(x)
    features = keras.layers.Activation("linear", dtype="float32", name="features")(x)
    model = keras.Model(image, features, name="encoder")
    if original is not None:
        for layer in model.layers:
            if layer.weights:
                source = original.get_layer(_ORIGINAL_NAMES.get(layer.name, layer.name))
                layer.set_weights(source.get_weights())
    return model
