import math
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from s_cnn_rnn.report.charts import BarChart, LineChart, bar_chart, line_chart, thin
from s_cnn_rnn.report.contents import CurvePoint, LearningCurve, Score
from s_cnn_rnn.report.ticks import logarithmic_ticks, nice_ticks

finite = st.floats(-1e6, 1e6)


def curve(points, part="train"):
    return LearningCurve("CNN", "Lu", part, [CurvePoint(*point) for point in points], "nats")


def path_points(path):
    return [tuple(map(float, pair)) for pair in re.findall(r"(-?[\d.]+) (-?[\d.]+)", path)]


@settings(deadline=None)
@given(finite, finite)
def test_ticks_are_round_evenly_spaced_and_cover_the_values(one, other):
    low, high = sorted([one, other])
    if 0 < high - low < 1e-6 * max(abs(low), abs(high)):
        return  # too close for a float's digits; no learning curve has such values
    ticks = nice_ticks(low, high, 6)
    steps = np.diff(ticks)
    slack = 1e-6 * steps[0]
    assert 2 <= len(ticks) <= 8
    assert ticks[0] <= low + slack
    assert ticks[-1] >= high - slack
    np.testing.assert_allclose(steps, steps[0], rtol=1e-5)
    leading = steps[0] / 10 ** math.floor(math.log10(steps[0]) + 1e-6)
    assert min(abs(leading - round_step) for round_step in (1, 2, 5)) < 1e-3


def test_ticks_worked_by_hand():
    assert nice_ticks(0, 1) == [0, 0.2, 0.4, 0.6, 0.8, 1.0]
    assert nice_ticks(3, 97) == [0, 20, 40, 60, 80, 100]
    assert nice_ticks(-1, 1, 4) == [-1, -0.5, 0, 0.5, 1]
    assert nice_ticks(2, 2) == [1.0, 1.5, 2.0, 2.5, 3.0]
    assert logarithmic_ticks(40, 640) == [20, 50, 100, 200, 500, 1000]
    assert logarithmic_ticks(0.003, 100) == [0.001, 0.01, 0.1, 1, 10, 100]
    assert logarithmic_ticks(10, 100) == [10, 20, 50, 100]


def test_points_lie_where_the_ticks_say():
    chart = line_chart([curve([(10, 320, 4.0), (20, 640, 8.0), (40, 1280, 10.0)])])
    x_ticks = {tick.label: tick.position for tick in chart.x_ticks}
    y_ticks = {tick.label: tick.position for tick in chart.y_ticks}
    points = path_points(chart.curves[0].path)
    assert points[0] == (x_ticks["10"], y_ticks["4"])
    assert points[1] == (x_ticks["20"], y_ticks["8"])
    assert points[2] == (LineChart.right, y_ticks["10"])
    assert [tick.second_label for tick in chart.x_ticks] == ["0", "320", "640", "960", "1.28k"]
    assert chart.description == "Lu, stage CNN: train from 4.000 at step 10 to 10 at step 40."


def test_steep_curves_get_a_logarithmic_axis():
    steep = line_chart([curve([(i, i, 10 + 690 * 0.5**i) for i in range(30)])])
    assert steep.logarithmic
    gaps = {tick.label: tick.position for tick in steep.y_ticks}
    assert gaps["10"] - gaps["100"] == pytest.approx(gaps["100"] - gaps["1k"], abs=0.2)
    flat = line_chart([curve([(i, i, 10 + i) for i in range(30)])])
    assert not flat.logarithmic


def test_values_that_are_not_finite_are_left_out_and_told():
    chart = line_chart(
        [curve([(1, 1, 2.0), (2, 2, math.nan), (3, 3, 4.0)]), curve([], "validation")]
    )
    assert len(path_points(chart.curves[0].path)) == 2
    assert chart.notes == ["train: 1 of 3 values are not finite and not drawn."]
    assert [drawn.name for drawn in chart.curves] == ["train"]
    assert line_chart([curve([(1, 1, math.inf)])]) is None


def test_a_single_point_is_drawn_inside():
    chart = line_chart([curve([(0, 0, 0.0)])])
    ((x, y),) = chart.curves[0].dots
    assert LineChart.left <= x <= LineChart.right
    assert LineChart.top <= y <= LineChart.bottom


def test_long_curves_are_thinned_with_a_band_of_what_is_hidden():
    steps = np.arange(1000.0)
    values = np.random.default_rng(0).normal(size=1000)
    line, band = thin(np.stack([steps, values], 1), most=50)
    blocks = values.reshape(50, 20)
    np.testing.assert_allclose(line[:, 1], blocks.mean(1))
    np.testing.assert_allclose(band[:, 1], blocks.min(1))
    np.testing.assert_allclose(band[:, 2], blocks.max(1))
    assert (line[0, 0], line[-1, 0]) == (0, 999)
    short, nothing = thin(np.stack([steps, values], 1)[:50], most=50)
    assert len(short) == 50
    assert nothing.shape == (0, 3)


def test_thinned_curves_stay_inside_the_axes():
    noise = np.random.default_rng(1).normal(5, 1, 3000)
    chart = line_chart([curve([(i, i, value) for i, value in enumerate(noise)])])
    points = path_points(chart.curves[0].path) + path_points(chart.curves[0].band)
    assert len(points) == 360
    assert all(LineChart.left <= x <= LineChart.right for x, _ in points)
    assert all(LineChart.top <= y <= LineChart.bottom for _, y in points)
    assert chart.curves[0].last.value == noise[-1]
    assert [row.step for row in chart.curves[0].rows][::9] == [0, 2999]


def test_bars_are_proportional_and_whiskers_stand_at_the_interval():
    chart = bar_chart(
        "CIDEr", [("ours", Score("CIDEr", 0.5, 0.4, 0.8)), ("text", Score("CIDEr", 0.1))]
    )
    ours, text = chart.bars
    assert ours.length == pytest.approx(5 * text.length, abs=0.3)
    assert ours.low == pytest.approx(0.8 * ours.length, abs=0.3)
    assert ours.high == ours.end == pytest.approx(1.6 * ours.length, abs=0.3)
    assert ours.end < BarChart.width - 40
    assert (text.low, text.high) == (None, None)
    assert chart.description == "CIDEr: ours 0.500 (from 0.400 to 0.800); text 0.100."


def test_bars_of_missing_and_zero_scores():
    chart = bar_chart("METEOR", [("ours", Score("METEOR", 0.0)), ("text", None)])
    assert chart.bars[0].length == 0
    assert chart.bars[1] is None
    assert chart.description.endswith("text not measured.")
    assert bar_chart("METEOR", [("ours", Score("METEOR", math.nan)), ("text", None)]) is None


def test_points_before_the_first_tick_stay_inside_the_plot():
    points = [(250, 8000, 0.57), (500, 16000, 0.60), (750, 24000, 0.61)]
    chart = line_chart([LearningCurve("cnn", "concept mAP", "validation", points)])
    numbers = [float(n) for n in re.findall(r"[-\d.]+", chart.curves[0].path)]
    across = numbers[::2]
    assert min(across) >= chart.left
    assert max(across) <= chart.right
