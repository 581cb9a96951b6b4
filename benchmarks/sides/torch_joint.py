"""The joint training step in PyTorch: the same CNN, concepts, first states and decoder."""

from collections.abc import Callable, Mapping

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from benchmarks.captions import PADDING, batches, turns
from benchmarks.sides.torch_decoder import Decoder, autocast, runnable
from benchmarks.sides.torch_efficientnet import WIDTH, EfficientNetLite0, pretrained

RATE = 1e-4
CONCEPTS = 1000


class Captioner(nn.Module):
    """Photograph -> F -> s_hat -> first states -> words; eq. 1 to 4 of the paper.

    Args:
        workload: "words", "units", "pretrained".
        concepts: k.
    """

    def __init__(self, workload: Mapping, concepts: int):
        super().__init__()
        self.cnn = pretrained() if workload.get("pretrained") else EfficientNetLite0()
        self.semantic = nn.Linear(WIDTH, concepts)
        self.h = nn.Linear(concepts, workload["units"])
        self.c = nn.Linear(concepts, workload["units"])
        self.decoder = Decoder(workload)

    def concept_loss(self, features, concepts):
        """Lu and the logits."""
        logits = self.semantic(features)
        loss = functional.binary_cross_entropy_with_logits(logits, concepts, reduction="sum")
        return loss / len(concepts), logits

    def loss(self, image, concepts, words):
        """Lu + Lr of words [B, C, T + 1], run on real words only."""
        lu, logits = self.concept_loss(self.cnn(image), concepts)
        s_hat = torch.sigmoid(logits)
        photographs, captions, _ = words.shape
        words = words.flatten(0, 1)
        lengths = (words[:, 1:] != PADDING).sum(1)
        lengths, order = lengths.sort(descending=True, stable=True)
        rows = torch.arange(photographs).repeat_interleave(captions)[order]
        states = tuple(each(s_hat)[rows][None] for each in (self.h, self.c))
        return lu + self.decoder.packed_loss(words[order], states, lengths)


def contestants(workload: Mapping) -> dict[str, Callable[[], object]]:
    """Each runs one step; whole steps give their loss."""
    given, found = drawn(workload), {}
    for precision in workload.get("torch precisions", ("f32", "bf16")):
        for layout in ("channels_last", "contiguous"):
            found[f"PyTorch packed {layout} {precision}"] = _steps(
                workload, given, precision, layout, whole=True
            )
        found[f"part: PyTorch CNN and concepts {precision}"] = _steps(
            workload, given, precision, "channels_last", whole=False
        )
    return found


def drawn(workload: Mapping) -> list[tuple]:
    """Batches of the same shapes as ours: photographs [B, 3, H, W], concepts, words."""
    photographs, captions = workload["photographs"], workload["captions"]
    size = workload.get("image size") or 224
    concepts = min(CONCEPTS, workload["words"] - 2)
    random = np.random.default_rng(0)
    found = []
    for words in batches(workload, photographs * captions, kinds=2):
        words = words[random.permutation(len(words))].reshape(photographs, captions, -1)
        image = random.integers(256, size=(photographs, size, size, 3), dtype=np.uint8)
        true = (random.random((photographs, concepts)) < 0.02).astype(np.float32)
        found.append(
            (
                torch.from_numpy(image).permute(0, 3, 1, 2),
                torch.from_numpy(true),
                torch.from_numpy(words.astype(np.int64)),
            )
        )
    return found


def _steps(workload, given, precision: str, layout: str, *, whole: bool) -> Callable[[], float]:
    torch.manual_seed(0)
    model = Captioner(workload, given[0][1].shape[1])
    last = layout == "channels_last"
    if last:
        model = model.to(memory_format=torch.channels_last)
    optimiser = torch.optim.RMSprop(model.parameters(), lr=RATE, alpha=0.9, eps=1e-10)
    rest = turns(given)

    def step() -> float:
        image, concepts, words = next(rest)
        format_of = torch.channels_last if last else torch.contiguous_format
        image = image.contiguous(memory_format=format_of)
        optimiser.zero_grad(set_to_none=True)
        with autocast(precision):
            if whole:
                loss = model.loss(image, concepts, words)
            else:
                loss, _ = model.concept_loss(model.cnn(image), concepts)
        loss.backward()
        optimiser.step()
        return float(loss.item())

    return runnable(step)
