import io

import numpy as np
import pytest
import tensorflow as tf
from fabricated_photographs import DAMAGED, HEIGHT, USABLE, WIDTH, encoded, jpeg, pixels
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from s_cnn_rnn.data.photographs import (
    Augmentation,
    DamagedPhotograph,
    as_stored,
    augment,
    decode_and_resize,
    read_photograph,
)


def difference(first, second) -> float:
    """Mean absolute difference, in grey levels."""
    return float(np.abs(np.asarray(first, float) - np.asarray(second, float)).mean())


def noisy(seed: int, width: int, height: int) -> bytes:
    """A JPEG with detail at every scale, where filters show their differences."""
    random = np.random.default_rng(seed)
    noise = random.normal(0, 25, (height, width, 3))
    picture = np.clip(pixels(seed, width=width, height=height) + noise, 0, 255).astype(np.uint8)
    return encoded(Image.fromarray(picture), quality=90)


# Reading with Pillow


def test_every_kind_becomes_upright_rgb(tmp_path):
    for name, make in USABLE.items():
        (tmp_path / name).write_bytes(make())
        found = read_photograph(tmp_path / name)
        assert (found.dtype, found.shape[2]) == (np.uint8, 3), name
        if name != "large.jpg":
            assert found.shape == (HEIGHT, WIDTH, 3), name


@pytest.mark.parametrize(
    ("name", "seed"), [("cmyk.jpg", 1), ("rotated.jpg", 2), ("animation.gif", 3), ("web.webp", 4)]
)
def test_kinds_show_the_same_picture(name, seed):
    assert difference(read_photograph(USABLE[name]()), pixels(seed)) < 12


def test_grey_has_three_equal_channels():
    found = read_photograph(USABLE["grey.jpg"]())
    grey = pixels().astype(float) @ [0.299, 0.587, 0.114]
    assert (found[..., 0] == found[..., 1]).all()
    assert (found[..., 0] == found[..., 2]).all()
    assert difference(found[..., 0], grey) < 3


def test_transparency_is_white():
    assert (read_photograph(USABLE["rgba.png"]()) == 255).all()
    half = np.full((4, 4, 4), 128, np.uint8)
    half[..., :3] = 0
    found = read_photograph(encoded(Image.fromarray(half), "PNG"))
    assert (found == 127).all()  # 255 * (1 - 128 / 255)


def test_transparent_palette_is_white():
    picture = Image.fromarray(pixels()).convert("P")
    picture.info["transparency"] = picture.getpixel((0, 0))
    content = encoded(picture, "PNG", transparency=picture.getpixel((0, 0)))
    assert (read_photograph(content)[0, 0] == 255).all()


def test_sixteen_bits_keep_the_upper_eight():
    found = read_photograph(USABLE["sixteen_bit.png"]())
    assert (found[..., 0] == pixels()[..., 0]).all()
    assert (found[..., 1] == pixels()[..., 0]).all()


@pytest.mark.parametrize("orientation", range(1, 9))
def test_all_eight_orientations(orientation):
    ways = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    picture = Image.fromarray(pixels(6))
    lying = picture.transpose(ways[orientation]) if orientation in ways else picture
    exif = Image.Exif()
    exif[0x0112] = orientation
    found = read_photograph(encoded(lying, "PNG", exif=exif))
    assert (found == pixels(6)).all()


def test_damaged_photographs_are_named(tmp_path):
    for name, (make, words) in DAMAGED.items():
        (tmp_path / name).write_bytes(make())
        with pytest.raises(DamagedPhotograph) as error:
            read_photograph(tmp_path / name)
        assert str(error.value).startswith(f"{tmp_path / name}: ")
        assert words in error.value.reason
    with pytest.raises(DamagedPhotograph, match=r"cannot read .*No such file"):
        read_photograph(tmp_path / "nowhere.jpg")
    with pytest.raises(DamagedPhotograph, match=r"cannot read .*Is a directory"):
        read_photograph(tmp_path)
    with pytest.raises(DamagedPhotograph, match="mine: floating-point pixels"):
        read_photograph(encoded(Image.new("F", (4, 4)), "TIFF"), name="mine")


def test_too_large_is_told_before_it_is_decoded(monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 24 * 16 // 2 - 1)
    with pytest.raises(DamagedPhotograph, match=r"384 pixels\) exceeds limit"):
        read_photograph(jpeg())


@given(st.integers(1, 2_000), st.data())
@settings(max_examples=60, deadline=None)
def test_cut_files_are_whole_or_damaged(length, data):
    """Whatever is missing, the answer is pixels or DamagedPhotograph."""
    name = data.draw(st.sampled_from(["cmyk.jpg", "rgba.png", "animation.gif", "web.webp"]))
    content = USABLE[name]()
    try:
        shape = read_photograph(content[:length]).shape
    except DamagedPhotograph:
        shape = None
    assert shape in (None, (HEIGHT, WIDTH, 3))
    assert shape is not None or length < len(content)


def test_what_is_stored_can_be_decoded_in_training():
    """Pillow passes over damage at a JPEG's end at which TensorFlow stops."""
    accepted = []
    for seed in range(60):
        content = noisy(seed, 64, 64)[:-2]  # without the marker of the end
        try:
            accepted.append((content, as_stored(content, name="cut")))
        except DamagedPhotograph:
            continue
    if not accepted:
        pytest.skip("this Pillow refuses all of them")
    for content, stored in accepted:
        decoded = decode_and_resize(tf.constant(stored.jpeg), 16).numpy()
        assert difference(decoded, read_photograph(content, image_size=16)) < 3
        assert stored.conversion == "JPEG RGB with slight damage"


def test_a_phone_s_two_pictures_in_one_file():
    pictures = [Image.fromarray(pixels(seed)) for seed in range(2)]
    content = encoded(pictures[0], "MPO", save_all=True, append_images=pictures[1:])
    stored = as_stored(content, name="mpo")
    assert (stored.jpeg, stored.conversion) == (content, "")
    assert difference(decode_and_resize(tf.constant(content), 24), np.zeros((24, 24, 3))) > 10
    first = read_photograph(content, image_size=24)
    assert difference(decode_and_resize(tf.constant(content), 24), first) < 0.5


def test_stored_bytes_are_untouched_where_they_may_be():
    for content in (jpeg(1), USABLE["grey.jpg"]()):
        stored = as_stored(content, name="a")
        assert stored.jpeg == content
        assert (stored.width, stored.height, stored.conversion) == (WIDTH, HEIGHT, "")
    progressive = encoded(Image.fromarray(pixels()), progressive=True)
    assert as_stored(progressive, name="a").jpeg == progressive
    converted = as_stored(USABLE["rotated.jpg"](), name="a")
    assert converted.conversion == "JPEG RGB rotated by EXIF"
    assert (converted.width, converted.height) == (WIDTH, HEIGHT)
    assert Image.open(io.BytesIO(converted.jpeg)).getexif().get(0x0112, 1) == 1


# Decoding with TensorFlow


@pytest.mark.parametrize(
    ("width", "height", "image_size"),
    [(64, 64, 64), (160, 120, 64), (75, 211, 96), (40, 30, 80), (500, 400, 33)],
)
def test_both_ways_give_the_same_pixels(width, height, image_size):
    content = noisy(0, width, height)
    of_a_data_set = decode_and_resize(tf.constant(content), image_size).numpy()
    of_a_user = read_photograph(content, image_size=image_size)
    assert (of_a_data_set.dtype, of_a_user.dtype) == (np.uint8, np.uint8)
    assert of_a_data_set.shape == (image_size, image_size, 3)
    np.testing.assert_array_equal(of_a_data_set, of_a_user)


@pytest.mark.parametrize("image_size", [80, 16])
def test_resampling_is_that_of_exact_arithmetic(image_size):
    """Pillow resamples floating-point channels without rounding; ours rounds once, at the end."""
    content = noisy(0, 40, 40)
    channels = Image.open(io.BytesIO(content)).split()
    exact = np.stack(
        [
            channel.convert("F").resize((image_size, image_size), Image.Resampling.BILINEAR)
            for channel in channels
        ],
        axis=-1,
    )
    found = read_photograph(content, image_size=image_size)
    assert np.abs(found - exact).max() <= 0.5 + 1e-3
    assert abs((found - exact).mean()) < 0.01  # no side is preferred


def test_the_right_size_is_not_resampled():
    content = noisy(1, 48, 48)
    decoded = np.asarray(Image.open(io.BytesIO(content)))
    assert (
        np.abs(decode_and_resize(tf.constant(content), 48).numpy() - decoded.astype(int)).max() <= 1
    )


def test_reduction_is_antialiased():
    """A fine chessboard becomes even grey; without antialiasing it stays black and white."""
    board = np.indices((128, 128)).sum(0) % 2 * 255
    content = encoded(Image.fromarray(board.astype(np.uint8)), quality=100)
    small = decode_and_resize(tf.constant(content), 16).numpy()
    assert np.abs(small.astype(int) - 127).max() <= 4


def test_grey_jpeg_has_three_channels():
    grey = decode_and_resize(tf.constant(USABLE["grey.jpg"]()), 32).numpy()
    assert (grey[..., 0] == grey[..., 2]).all()


def test_works_inside_a_pipeline():
    contents = [noisy(n, 30 + n, 40) for n in range(3)]
    pictures = tf.data.Dataset.from_tensor_slices(contents).map(lambda c: decode_and_resize(c, 24))
    assert pictures.element_spec.shape == (24, 24, 3)
    for picture, content in zip(pictures.as_numpy_iterator(), contents, strict=True):
        assert (picture == decode_and_resize(tf.constant(content), 24).numpy()).all()


def test_large_photographs_are_read_small():
    """The 30-megapixel one, through JPEG's reduced decoding: nearly the whole way's result."""
    random = np.random.default_rng(0)
    picture = Image.fromarray(random.integers(0, 256, (40, 50, 3), dtype=np.uint8))
    content = encoded(picture.resize((6000, 5000), Image.Resampling.BICUBIC), quality=90)
    small = read_photograph(content, image_size=64)
    whole = Image.open(io.BytesIO(content)).resize((64, 64), Image.Resampling.BILINEAR)
    assert difference(small, whole) < 2


# Augmentation


def flipped(image, number):
    return augment(image, tf.constant([number, 7]), Augmentation(flip=True)).numpy()


def test_nothing_is_varied_by_default():
    image = tf.constant(pixels(1))
    assert (augment(image, tf.constant([1, 2]), Augmentation()).numpy() == pixels(1)).all()


def test_half_are_mirrored():
    image = tf.constant(pixels(2))
    found = [flipped(image, number) for number in range(64)]
    mirrored = [bool((picture == pixels(2)[:, ::-1]).all()) for picture in found]
    assert all(m or (p == pixels(2)).all() for p, m in zip(found, mirrored, strict=True))
    assert 20 <= sum(mirrored) <= 44  # 32 +- 3 standard deviations


EVERYTHING = Augmentation(flip=True, crop=(0.5, 1.0))


def test_the_seed_decides_everything():
    image = tf.constant(pixels(3))
    first = augment(image, tf.constant([1, 2]), EVERYTHING).numpy()
    compiled = tf.function(lambda i, s: augment(i, s, EVERYTHING))
    assert (augment(image, tf.constant([1, 2]), EVERYTHING).numpy() == first).all()
    assert difference(compiled(image, tf.constant([1, 2])), first) < 0.01
    others = [augment(image, tf.constant([1, n]), EVERYTHING).numpy() for n in range(3, 8)]
    assert all(difference(other, first) > 1 for other in others)
    assert first.dtype == np.uint8
    assert first.shape == (HEIGHT, WIDTH, 3)


def test_crops_keep_the_asked_part_of_the_area():
    """A gradient tells how far a crop reaches: its largest less its smallest value."""
    size = 100
    down, right = np.mgrid[0:size, 0:size]
    image = tf.constant(np.stack([2 * down, 2 * right, 0 * down], -1).astype(np.uint8))
    parts = []
    for number in range(200):
        found = augment(image, tf.constant([number, 0]), Augmentation(crop=(0.3, 0.6))).numpy()
        extents = [(np.ptp(found[..., c]) / 2 + 1) / size for c in (0, 1)]
        parts.append(extents[0] * extents[1])
        assert 0.73 <= extents[1] / extents[0] <= 1.37
    assert 0.28 <= min(parts) < 0.33
    assert 0.57 < max(parts) <= 0.62
    assert np.mean(parts) == pytest.approx(0.45, abs=0.03)


@pytest.mark.parametrize("crop", [(0.0, 1.0), (0.9, 0.5), (0.5, 1.1)])
def test_wrong_settings_are_refused(crop):
    with pytest.raises(ValueError, match="crop"):
        Augmentation(crop=crop)


def test_heic_is_read_or_what_it_needs_is_told(monkeypatch):
    heif = pytest.importorskip("pillow_heif", reason="pillow-heif is not installed (extra `heic`)")
    picture = Image.new("RGB", (64, 48), (200, 60, 20))
    content = io.BytesIO()
    heif.from_pillow(picture).save(content, quality=90)
    pixels = read_photograph(content.getvalue())
    assert pixels.shape == (48, 64, 3)
    assert np.abs(pixels.astype(int) - (200, 60, 20)).max() < 12
    monkeypatch.setattr(Image, "ID", [name for name in Image.ID if name not in ("HEIF", "HEIC")])
    with pytest.raises(DamagedPhotograph, match="pip install pillow-heif"):
        read_photograph(content.getvalue())
