import base64
import io

import pytest
import sample_report
from PIL import Image

from s_cnn_rnn.report.thumbnails import make_thumbnail


def decode(thumbnail):
    head, code = thumbnail.uri.split(",", 1)
    assert head == "data:image/jpeg;base64"
    return Image.open(io.BytesIO(base64.b64decode(code, validate=True)))


def test_large_pictures_shrink_and_small_ones_keep_their_size():
    large = make_thumbnail(sample_report.jpeg(1200, 600), "a.jpg")
    assert decode(large).size == (large.width, large.height) == (480, 240)
    assert not large.is_tiny
    small = make_thumbnail(sample_report.jpeg(64, 48), "a.jpg")
    assert decode(small).size == (small.width, small.height) == (64, 48)
    assert small.is_tiny


def test_rotated_pictures_stand_upright_and_metadata_is_gone():
    exif = Image.Exif()
    exif[0x0112] = 6  # orientation: turn by 90 degrees clockwise
    exif[0x010E] = "taken at home"
    content = sample_report.jpeg(64, 48, exif=exif)
    assert b"taken at home" in content
    shown = decode(make_thumbnail(content, "a.jpg"))
    assert shown.size == (48, 64)
    assert not shown.getexif()
    red, green, _ = shown.getpixel((27, 20))  # (20, 20) of 48 rows, turned
    assert red > green + 80


@pytest.mark.parametrize("mode", ["L", "CMYK", "RGBA", "P", "1"])
def test_pictures_of_every_mode_become_rgb(mode):
    buffer = io.BytesIO()
    Image.new(mode, (20, 10)).save(buffer, "JPEG" if mode in ("L", "CMYK") else "PNG")
    assert decode(make_thumbnail(buffer.getvalue(), "a.jpg")).mode == "RGB"


@pytest.mark.parametrize("content", [b"", b"no picture", sample_report.jpeg(900, 600)[:2000]])
def test_bytes_that_do_not_decode_name_the_file(content):
    with pytest.raises(ValueError, match=f"'a.jpg'.*{len(content)} bytes"):
        make_thumbnail(lambda: content, "a.jpg")
