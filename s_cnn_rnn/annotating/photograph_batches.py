"""Photographs from anywhere -> batches that are read and decoded side by side."""

import concurrent.futures
import itertools
import os
from collections.abc import Callable, Collection, Iterable, Iterator
from typing import NamedTuple

import numpy as np

from s_cnn_rnn.data.photographs import DamagedPhotograph, read_photograph


class NamedContent(NamedTuple):
    """A photograph that is no file: from a camera, standard input, a data base.

    Args:
        name: how annotations and messages call it.
        content: of a picture file.
    """

    name: str
    content: bytes


Photograph = str | os.PathLike | bytes | NamedContent
"""A file of any kind that Pillow knows, or the content of one."""


class ReadPhotograph(NamedTuple):
    """A photograph that could be read.

    Args:
        name: the path as it was given; "photograph 3" for the third one, given as bytes.
        photograph: as it was given.
        pixels: uint8 [side, side, 3], for each side in pixels.
        tags: its user tags; None where none were given.
    """

    name: str
    photograph: Photograph
    pixels: dict[int, np.ndarray]
    tags: tuple[str, ...] | None


class ReadBatch(NamedTuple):
    """A batch of photographs.

    Args:
        size: to which it is filled up, so that a model is compiled once: that of the first batch.
        photographs: those that could be read, one at least.
    """

    size: int
    photographs: list[ReadPhotograph]


def read_batches(
    photographs: Iterable[Photograph],
    *,
    sizes: Collection[int],
    batch: int,
    tags: Iterable[Iterable[str]] | None,
    on_damaged: Callable[[DamagedPhotograph], None],
) -> Iterator[ReadBatch]:
    """Reads photographs in order, a batch at a time, no sooner than they are asked for.

    Args:
        photographs: any number.
        sizes: the sides to which each is warped, in pixels.
        batch: photographs in a batch.
        tags: of each photograph, as many; None where none are given.
        on_damaged: called with each that cannot be read; it is skipped.

    Yields:
        Each batch of which some photograph can be read.

    Raises:
        ValueError: there are more or fewer tags than photographs.
    """
    tagged = ((each, None) for each in photographs)
    if tags is not None:
        tagged = ((each, tuple(own)) for each, own in zip(photographs, tags, strict=True))
    numbered = enumerate(tagged, start=1)

    def one(item):
        number, (photograph, own) = item
        name, content = _named(photograph, number)
        try:
            pixels = {side: read_photograph(content, image_size=side, name=name) for side in sizes}
        except DamagedPhotograph as damaged:
            return damaged
        return ReadPhotograph(name, photograph, pixels, own)

    size = 0
    with concurrent.futures.ThreadPoolExecutor() as pool:
        while chunk := list(itertools.islice(numbered, batch)):
            size, read = size or len(chunk), []
            for result in pool.map(one, chunk):
                if isinstance(result, DamagedPhotograph):
                    on_damaged(result)
                else:
                    read.append(result)
            if read:
                yield ReadBatch(size, read)


def _named(photograph: Photograph, number: int) -> tuple[str, str | os.PathLike | bytes]:
    if isinstance(photograph, NamedContent):
        return photograph
    if isinstance(photograph, bytes):
        return f"photograph {number}", photograph
    return os.fspath(photograph), photograph
