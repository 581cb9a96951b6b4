import math

import pytest

from s_cnn_rnn.report.formatting import duration, flatten, marked_words, number, tick, ticks


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.5634, "0.563"), (1.0, "1.000"), (1, "1"), (12.345, "12.3"), (1203, "1,203"),
        (4051.0, "4,051"), (1234.5, "1,234"), (-2.5, "−2.500"), (None, "–"), (math.nan, "–"),
        (0, "0"), (0.0, "0.000"),
    ],
)  # fmt: skip
def test_numbers(value, text):
    assert number(value) == text


def test_ticks_of_one_axis_have_equal_decimals():
    assert ticks([0.3, 0.35, 0.4]) == ["0.30", "0.35", "0.40"]
    assert ticks([-1, 0, 1]) == ["−1", "0", "1"]
    assert ticks([0, 500, 1000]) == ["0", "500", "1k"]
    assert [tick(v) for v in (1500, 2e6, 3e9, 0.05)] == ["1.5k", "2M", "3G", "0.05"]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (4.25, "4.2 s"),
        (45, "45 s"),
        (200, "3 min 20 s"),
        (7500, "2 h 05 min"),
        (59.6, "1 min 00 s"),
    ],
)
def test_durations(seconds, text):
    assert duration(seconds) == text


def test_settings_become_rows():
    settings = {"seed": 1, "stages": {"cnn": {"steps": 3}}, "parts": ["a", 2], "commit": None}
    assert flatten(settings) == [
        ("seed", "1"), ("stages.cnn.steps", "3"), ("parts", "a, 2"), ("commit", "not recorded"),
    ]  # fmt: skip


def test_words_are_compared_as_the_vocabulary_reads_them():
    assert marked_words("A dog's ball, rolling", ["the Dog 's ball ."]) == [
        ("A", False), ("dog's", True), ("ball,", True), ("rolling", False),
    ]  # fmt: skip
    assert marked_words("a dog", []) == [("a", True), ("dog", True)]
