"""Draws `docs/images/shapes.png`: eight drawn pictures with a caption each.

From the repository's root: ``python -m docs.draw_shapes_picture``
"""

import pathlib
import textwrap

from PIL import Image, ImageDraw, ImageFont

from data_prep import shapes

TARGET = pathlib.Path(__file__).parent / "images" / "shapes.png"
SEED = 5
COLUMNS, ROWS = 4, 2
PICTURE = 192  # pixels on the sheet
IMAGE_SIZE = 96
MARGIN = 12
TEXT_HEIGHT = 56


def draw_sheet() -> Image.Image:
    """The first pictures of the seed, each with its first caption below."""
    width, height = PICTURE + MARGIN, PICTURE + MARGIN + TEXT_HEIGHT
    sheet = Image.new("RGB", (COLUMNS * width + MARGIN, ROWS * height + MARGIN), "white")
    pen = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(14)
    for number, record in enumerate(shapes.records(COLUMNS * ROWS, SEED)):
        left = MARGIN + number % COLUMNS * width
        top = MARGIN + number // COLUMNS * height
        pixels = shapes.picture(SEED, number, IMAGE_SIZE)
        sheet.paste(Image.fromarray(pixels).resize((PICTURE, PICTURE), Image.NEAREST), (left, top))
        text = "\n".join(textwrap.wrap(record.captions[0], 26))
        pen.text((left, top + PICTURE + 4), text, fill="black", font=font)
    return sheet


if __name__ == "__main__":
    # 256 colours instead of noise in full depth: a third of the size, and no eye sees it.
    draw_sheet().quantize(256, kmeans=3).save(TARGET, optimize=True)
