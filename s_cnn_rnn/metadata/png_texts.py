"""A PNG's own texts, put back as they were.

exiv2 takes one text called Description for the picture's comment and writes it anew: compressed,
without its language, and with bytes that are no UTF-8 where it was Latin-1; a second one is lost.
"""

from collections.abc import Iterator
from typing import NamedTuple

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_TEXTS = (b"tEXt", b"zTXt", b"iTXt")
_REWRITTEN = b"Description\0"


class _Chunk(NamedTuple):
    kind: bytes
    whole: bytes  # with its length, kind and checksum

    @property
    def is_rewritten(self) -> bool:
        return self.kind in _TEXTS and self.whole[8:].startswith(_REWRITTEN)


def with_own_texts(old: bytes, new: bytes) -> bytes:
    """The new content of a PNG with the old one's descriptions; of other files the new content.

    Args:
        old: the file as it was.
        new: as exiv2 has written it.
    """
    if not (old.startswith(_SIGNATURE) and new.startswith(_SIGNATURE)):
        return new
    own = [chunk.whole for chunk in _chunks(old) if chunk.is_rewritten]
    header, *others = (chunk.whole for chunk in _chunks(new) if not chunk.is_rewritten)
    return b"".join((_SIGNATURE, header, *own, *others))


def _chunks(png: bytes) -> Iterator[_Chunk]:
    place = len(_SIGNATURE)
    while place < len(png):
        end = place + 12 + int.from_bytes(png[place : place + 4], "big")
        yield _Chunk(png[place + 4 : place + 8], png[place:end])
        place = end
