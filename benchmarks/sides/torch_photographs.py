"""Photographs from disk to a batch of pixels with PyTorch's DataLoader and Pillow."""

import os
from collections.abc import Callable, Mapping

import numpy as np
import torch
from PIL import Image
from torch.utils.data import DataLoader, Dataset

from benchmarks.reading import timed_reading

EPOCH = 10**7  # more photographs than are ever read: the loader's processes start only once


class Files(Dataset):
    """JPEG files, again and again, as uint8 [3, size, size]."""

    def __init__(self, files: list[str], size: int):
        self.files, self.size = files, size

    def __len__(self) -> int:
        return EPOCH

    def __getitem__(self, number: int) -> torch.Tensor:
        with Image.open(self.files[number % len(self.files)]) as picture:
            size = (self.size, self.size)
            pixels = np.asarray(picture.convert("RGB").resize(size, Image.Resampling.BILINEAR))
        return torch.from_numpy(pixels.copy()).permute(2, 0, 1)


def contestants(workload: Mapping) -> dict[str, Callable[[], object]]:
    """Reads with a process a core."""
    files = Files(list(workload["files"]), workload["image size"])
    cores = len(os.sched_getaffinity(0))
    batches = iter(DataLoader(files, batch_size=workload["batch"], num_workers=cores))
    name = f"PyTorch DataLoader, {cores} processes"
    return {name: lambda: timed_reading(batches, workload)}
