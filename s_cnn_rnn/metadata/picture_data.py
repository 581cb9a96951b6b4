"""Whether two picture files hold the same picture, whatever their metadata say."""

import io

from PIL import Image

_START_OF_SCAN, _START, _END = 0xDA, b"\xff\xd8", 0xD9
_METADATA_SEGMENTS = (*range(0xE1, 0xF0), 0xFE)  # APP1 to APP15 and comments
_ADOBE = 0xEE  # APP14 says how the colours are to be read


def same_picture(first: bytes, second: bytes) -> bool:
    """Compares what pixels come from: a JPEG's segments byte by byte, other files' pixels.

    Args:
        first: a picture file's content.
        second: another's.
    """
    if first.startswith(_START) and second.startswith(_START):
        return _jpeg_data(first) == _jpeg_data(second)
    return _pixels(first) == _pixels(second)


def _jpeg_data(jpeg: bytes) -> list[bytes]:
    """All segments but metadata's, and all from the first scan on."""
    segments, place = [], len(_START)
    while place + 4 <= len(jpeg) and jpeg[place] == 0xFF:
        kind = jpeg[place + 1]
        if kind == 0xFF:  # a byte that fills up
            place += 1
            continue
        if kind in (_START_OF_SCAN, _END):
            return [*segments, jpeg[place:]]
        end = place + 2 + int.from_bytes(jpeg[place + 2 : place + 4], "big")
        if kind not in _METADATA_SEGMENTS or kind == _ADOBE:
            segments.append(jpeg[place:end])
        place = end
    return [*segments, jpeg[place:]]


def _pixels(content: bytes) -> list[tuple]:
    """Size, mode and bytes of every frame."""
    frames = []
    with Image.open(io.BytesIO(content)) as picture:
        for number in range(getattr(picture, "n_frames", 1)):
            picture.seek(number)
            frames.append((picture.size, picture.mode, picture.getpalette(), picture.tobytes()))
    return frames
