"""The page of several systems: what is marked, what is shown, and texts of strangers escaped."""

import math
import re

import pytest
from sample_report import jpeg

from s_cnn_rnn.report import CurvePoint, LearningCurve, Score
from s_cnn_rnn.report.comparison_page import (
    ComparedPair,
    ScoredSystem,
    ShownDifference,
    SideBySide,
    SideBySideGallery,
    SystemsCompared,
    WrittenBy,
    most_different,
    render_comparison,
    write_comparison,
)


def gallery(*photographs: SideBySide) -> list[SideBySideGallery]:
    return [SideBySideGallery("Most different", "Extremes.", photographs)]


def compared(**changes) -> SystemsCompared:
    points = [CurvePoint(10, 0, 0.5), CurvePoint(20, 0, 0.75)]
    content = {
        "title": "ours and nic-f on shapes, test",
        "kind": "captions",
        "systems": ["ours", "nic-f"],
        "scores": [
            ScoredSystem("ours", "beam 3", [Score("CIDEr", 1.5, 1.4, 1.6), Score("words", 9.0)]),
            ScoredSystem("nic-f", "beam 3", [Score("CIDEr", 1.25, 1.2, 1.3)]),
        ],
        "pairs": [
            ComparedPair(
                "ours",
                "nic-f",
                "beam 3",
                [
                    ShownDifference("CIDEr", 0.25, 0.125, 0.375, True),
                    ShownDifference("BLEU-4", -0.01, -0.03, 0.01, False),
                ],
            )
        ],
        "curves": [
            LearningCurve("all", "CIDEr", "ours", points),
            LearningCurve("all", "CIDEr", "nic-f", points[1:]),
        ],
        "galleries": gallery(
            SideBySide(
                "<b>.jpg",
                jpeg(),
                ("one red circle", "one circle"),
                [WrittenBy("ours", "a red circle", 1.5), WrittenBy("nic-f", "a <i>dog", 0.25)],
            )
        ),
        "photograph_metric": "CIDEr",
        "settings": [("system", ["ours", "nic-f"])],
        "facts": [("seeds", ["0 1", "0"])],
        "command": "python -m experiments.compare --run=a --run=b",
        "evaluated": "6 photographs of test",
    }
    return SystemsCompared(**{**content, **changes})


def test_only_intervals_without_zero_are_marked():
    page = render_comparison(compared())
    marked = re.findall(r'<td class="differs"><b>([^<]*)</b>', page)
    assert marked == ["+0.2500"]
    assert "+0.1250 to +0.3750" in page
    assert "<td><b>−0.0100</b>" in page
    assert "1 of 2." in page
    assert "about 0.1 of 2" in page


def test_each_system_has_its_scores_curve_and_text():
    page = render_comparison(compared())
    assert page.count('class="interval">beam 3<') == 3
    assert page.count('<path class="curve"') == 2
    assert "training step" in page
    assert "photographs seen" not in page
    assert "CIDEr 1.500" in page
    assert '<span class="unsupported">a</span>' in page  # the true caption says "one"
    assert "<code>system</code>" in page


def test_captions_beside_the_first_are_folded_away():
    page = render_comparison(compared())
    assert "<summary>1 more</summary>" in page
    assert '<li dir="auto">one circle</li>' in page


def test_labels_keep_their_order_and_tell_how_they_were_chosen():
    written = [
        WrittenBy("cnn+tags", ("sky", "dog"), 0.5, "top 3"),
        WrittenBy("ours+tags", ("dune", "sky"), 1.0, "own stop"),
    ]
    shown = gallery(SideBySide("a.jpg", jpeg(), ("dune", "sky"), written))
    page = render_comparison(compared(kind="labels", galleries=shown, photograph_metric="F1"))
    text = " ".join(re.sub("<[^>]*>", " ", page).split())
    assert "human dune → sky cnn+tags top 3, F1 0.500 sky → dog ours+tags own stop, F1" in text
    assert '<span class="unsupported">dog</span>' in page
    assert "more</summary>" not in page


def test_a_metric_that_a_system_lacks_is_told():
    page = render_comparison(compared())
    assert page.count("not measured") == 1


def test_texts_of_strangers_are_escaped_and_no_script_runs():
    page = render_comparison(compared())
    assert "<b>.jpg" not in page
    assert "<i>dog" not in page
    assert "<script" not in page
    assert "http" not in page.replace("http-equiv", "").replace("http://www.w3.org/2000/svg", "")


def test_a_page_without_curves_photographs_or_differing_settings():
    page = render_comparison(compared(curves=[], galleries=gallery(), settings=[]))
    assert 'id="learning"' not in page
    assert 'id="side-by-side"' not in page
    assert "No setting differs." in page


def test_the_file_is_whole_or_not_there(tmp_path):
    path = write_comparison(tmp_path / "new" / "compare.html", compared())
    assert path.read_text("utf-8") == render_comparison(compared())
    damaged = SideBySide("cut.jpg", b"no picture", (), [WrittenBy("ours", "a", 1.0)])
    with pytest.raises(ValueError, match=r"cut\.jpg"):
        write_comparison(tmp_path / "other.html", compared(galleries=gallery(damaged)))
    assert not (tmp_path / "other.html").exists()


def test_photographs_that_differ_most_come_first():
    scores = [[0.0, 1.0, 0.5, math.nan, 0.2], [0.5, 1.0, 0.0, 1.0, 1.0], [0.2, 1.0, 0.1, 0.0, 0.9]]
    assert most_different(scores, 10) == [4, 0, 2]
    assert most_different(scores, 1) == [4]
