"""Explanations as one self-contained HTML file: word maps over the photographs, and concepts."""

import base64
import io
import math
import os
import pathlib
from collections.abc import Sequence

import numpy as np
from PIL import Image

from s_cnn_rnn.explaining.explanation import Explanation, WordReasons
from s_cnn_rnn.explaining.shown_maps import SHOWN_SHARES, region, shown_map, strongest_of
from s_cnn_rnn.explaining.word_maps import enlarge
from s_cnn_rnn.file_names import shown_name
from s_cnn_rnn.report.templates import render, write_page
from s_cnn_rnn.report.thumbnails import Thumbnail, make_thumbnail

PIXELS = 420
OVERLAY_PIXELS = 120
_LIGHT = (255, 214, 74)
_SHADOW = 130  # alpha where nothing is said, of 255: the photograph stays visible
_GLOW = 140


def write_explanations(
    path: str | os.PathLike,
    explained: Sequence[tuple[Explanation, bytes]],
    *,
    system: str,
) -> pathlib.Path:
    """Writes explanations as one HTML file that needs nothing else and runs no script.

    Args:
        path: the file to write; it is replaced only once the new one is complete.
        explained: each explanation with the bytes of its photograph.
        system: what wrote the words, for the page's head.

    Returns:
        The path written.
    """
    cards = [_card(explanation, photograph) for explanation, photograph in explained]
    text = render(
        "explanation.html.j2",
        cards=cards,
        system=system,
        shares=any(word["shares"] for card in cards for word in card["words"]),
    )
    return write_page(path, text)


def _card(explanation: Explanation, photograph: bytes) -> dict:
    picture = make_thumbnail(photograph, explanation.annotation.file_name, PIXELS)
    strongest = strongest_of(word.map for word in explanation.words)
    shown = [share for word in explanation.words for share in word.shares[:SHOWN_SHARES]]
    # One scale for all words of a text, so that bars of different words can be compared.
    largest = max((abs(share.contribution) for share in shown), default=1.0) or 1.0
    return {
        "text": explanation.annotation.text,
        "file_name": shown_name(explanation.annotation.file_name),
        "picture": picture,
        "words": [_word(word, strongest, largest, picture) for word in explanation.words],
    }


def shown_probability(value: float) -> str:
    """With two decimals; what is less than those can say is not said to be nothing.

    >>> shown_probability(0.254), shown_probability(0.004), shown_probability(0.0)
    ('0.25', '< 0.01', '0.00')
    """
    return "< 0.01" if 0 < value < 0.01 else f"{value:.2f}"


def _word(word: WordReasons, strongest: float, largest: float, picture: Thumbnail) -> dict:
    usual = word.usual_log_probability
    shares = word.shares[:SHOWN_SHARES]
    return {
        "word": word.word,
        "where": f"Where “{word.word}” comes from: strongest {region(word.map)}",
        "overlay": _overlay(word.map, strongest, picture),
        "probability": shown_probability(math.exp(word.log_probability)),
        "usual": None if usual is None else shown_probability(math.exp(usual)),
        "shares": [
            {
                "concept": share.concept
                if share.probability >= share.usual
                else f"no {share.concept}",
                "contribution": share.contribution,
                "width": round(100 * abs(share.contribution) / largest, 1),
            }
            for share in shares
        ],
    }


def _overlay(values: np.ndarray, strongest: float, picture: Thumbnail) -> str:
    """A PNG to lay over the photograph: in shadow where nothing is said, a warm glow elsewhere."""
    shrink = OVERLAY_PIXELS / max(picture.width, picture.height)
    height, width = (max(1, round(side * shrink)) for side in (picture.height, picture.width))
    says = np.clip(enlarge(shown_map(values, strongest), height, width), 0, 1)[..., None]
    pixels = np.empty((height, width, 4), np.uint8)
    pixels[..., :3] = np.where(says > 0.5, _LIGHT, (12, 14, 18))
    pixels[..., 3:] = np.where(says > 0.5, _GLOW * (2 * says - 1), _SHADOW * (1 - 2 * says))
    buffer = io.BytesIO()
    Image.fromarray(pixels, "RGBA").save(buffer, "PNG", optimize=True)
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")
