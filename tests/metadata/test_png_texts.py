"""Texts of a PNG, as its chunks have them byte for byte."""

import io
import zlib

import pytest
from fabricated_photographs import encoded, jpeg, pixels
from PIL import Image, PngImagePlugin

pytest.importorskip("exiv2", reason="exiv2 is not installed (the extra `metadata`)")

from s_cnn_rnn.metadata.metadata_writing import add_to_photograph
from s_cnn_rnn.metadata.photograph_metadata import Metadata, read_metadata
from s_cnn_rnn.metadata.png_texts import with_own_texts


def chunks(png: bytes) -> list[tuple[bytes, bytes]]:
    """Kind and content of each, their checksums tested."""
    found, place = [], 8
    while place < len(png):
        length = int.from_bytes(png[place : place + 4], "big")
        checked = png[place + 4 : place + 8 + length]
        assert zlib.crc32(checked) == int.from_bytes(png[place + 8 + length :][:4], "big")
        found.append((checked[:4], checked[4:]))
        place += 12 + length
    return found


def with_texts(*texts: tuple) -> bytes:
    information = PngImagePlugin.PngInfo()
    for text in texts:
        add = information.add_itxt if len(text) == 4 else information.add_text
        add(*text)
    return encoded(Image.fromarray(pixels(1)), "PNG", pnginfo=information)


@pytest.mark.parametrize(
    "texts",
    [
        [("Description", "hello"), ("Author", "me")],
        [("Description", "Köln")],  # Latin-1
        [("Description", "hello " * 50, True)],
        [("Description", "one"), ("Description", "Unser Hund", "de", "Beschreibung")],
    ],
)
def test_embedding_leaves_all_of_them(tmp_path, texts):
    photograph = tmp_path / "dog.png"
    photograph.write_bytes(with_texts(*texts))
    before = chunks(photograph.read_bytes())
    add_to_photograph(photograph, Metadata().with_addition(["dog"], "a dog", "run"))
    after = chunks(photograph.read_bytes())
    assert [chunk for chunk in after if chunk in before and chunk[0] != b"IDAT"] == [
        chunk for chunk in before if chunk[0] != b"IDAT"
    ]
    assert sum(content.startswith(b"Description\0") for _, content in after) == sum(
        content.startswith(b"Description\0") for _, content in before
    )
    assert read_metadata(photograph).keywords == ("dog",)
    Image.open(io.BytesIO(photograph.read_bytes())).load()


def test_other_files_are_left_alone():
    assert with_own_texts(jpeg(1), jpeg(2)) == jpeg(2)
