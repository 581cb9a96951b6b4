import numpy as np
import pytest
import sample_report
from test_page import ATTACK, Page

from s_cnn_rnn.report import (
    ComparedRun,
    CoOccurrence,
    LabelTable,
    Score,
    count_labels,
    render_report,
)
from s_cnn_rnn.report.formatting import as_text, marked

LABELS = ("sea", "sky", "dog")
TRUTH = np.array([[1, 1, 0], [0, 1, 0], [1, 1, 0], [0, 0, 0]], bool)
PREDICTED = np.array([[1, 1, 0], [0, 0, 1], [0, 1, 0], [0, 0, 0]], bool)


def photograph(number=0, **changes):
    content = {
        "written": ("sea", "dog"),
        "references": ("sea", "sky"),
        "baseline_written": ("sky",),
        "beams": (),
    }
    return sample_report.photograph(number, **{**content, **changes})


def report(**changes):
    photographs = changes.pop("photographs", [photograph(n) for n in range(9)])
    counted = count_labels(LABELS, PREDICTED, TRUTH, average_precisions=[1.0, 0.75, None])
    content = {
        "kind": "labels",
        "system": "ours, own stop",
        "scores": [Score("C-F1", 0.5), Score("O-F1", 0.625, 0.6, 0.65), Score("empty", 1)],
        "baseline_scores": [("O-F1", 0.25)],
        "compared": [
            ComparedRun(
                "cnn+tags, top 3",
                [Score("O-F1", 0.5)],
                {p.file_name: ("sky", "sea") for p in photographs},
            ),
            ComparedRun("cnn+tags, threshold chosen on train", [Score("O-F1", 0.6)]),
        ],
        "concept_scores": None,
        "label_table": LabelTable(
            "own stop", counted, [("cnn+tags, top 3", {"sea": 0.1, "sky": 0.2, "dog": 0.3})]
        ),
        "co_occurrence": CoOccurrence.of_sets(LABELS, PREDICTED, TRUTH),
        "photographs": photographs,
        "photograph_metric": "F1",
    }
    return sample_report.report(**{**content, **changes})


@pytest.fixture(scope="module")
def shown() -> Page:
    return Page(render_report(report()))


def test_page_has_every_part_in_order(shown):
    sections = [attributes["id"] for attributes in shown.all("section")]
    assert sections == [
        "scores", "learning", "labels", "together", "side-by-side", "best", "typical", "worst",
        "settings",
    ]  # fmt: skip
    links = {link["href"].removeprefix("#") for link in shown.all("a")}
    assert links == {*sections, "content"}


def test_a_line_of_the_score_table_is_a_system(shown):
    assert "System C-F1 O-F1 ours, own stop 0.500 0.625 0.600 – 0.650 text only" in shown.text
    assert "cnn+tags, threshold chosen on train not measured 0.600" in shown.text
    assert "Further figures System empty ours, own stop 1" in shown.text


def test_headlines_are_f1s(shown):
    head = shown.text[: shown.text.index("Photographs evaluated")]
    assert "O-F1 ours, own stop 0.625" in head
    assert "O-F1 text only 0.250" in head
    assert "C-F1 ours, own stop 0.500" in head


def test_each_label_is_a_line_with_its_support(shown):
    # sea: true of 2, predicted for 1, right 1; sky: 3, 2, 2; dog: nobody's, predicted for 1.
    table = shown.text[shown.text.index("Label true of") :]
    assert "F1, cnn+tags, top 3 sky 3 2 2 1.00 0.67 0.80 0.75 0.20 sea 2 1 1 1.00 0.50" in table
    assert "dog 0 1 0 0.00 – 0.00 – 0.30" in table


def test_label_pairs_are_drawn(shown):
    assert "sky and sea: true 2, predicted 1" in shown.text
    assert "Together too rarely Labels true predicted sea and sky 2 1" in shown.text
    classes = [rect.get("class") for rect in shown.all("rect")]
    assert classes.count("pair-true") == classes.count("pair-predicted") == 1


def test_photographs_stand_side_by_side_with_order_and_probabilities(shown):
    part = shown.text[shown.text.index("The same photographs, drawn") :]
    part = part[: part.index("How to read")]
    assert part.count("human sea → sky cnn+tags, top 3 sky → sea ours, own stop sea → dog") == 9
    assert part.count("Label probabilities ✓ red , true, 0.90 blue , no true label, 0.20") == 9


def test_labels_that_are_not_true_are_marked(shown):
    spans = [a for a in shown.all("span") if a.get("class") == "unsupported"]
    assert len(spans) == 9 + 6 + 1  # side by side, in the galleries, and in the explanation


def test_text_only_and_true_labels_stand_below(shown):
    assert "Text only: sky True labels, rare ones first sea sky" in shown.text
    assert "All beams" not in shown.text


def test_pictures_are_described_by_their_labels(shown):
    assert {image["alt"] for image in shown.all("img")} == {"sea, sky"}
    bare = Page(render_report(report(photographs=[photograph(0, references=())], compared=[])))
    (image,) = bare.all("img")
    assert image["alt"] == "Photograph drawn_0.jpg; it has no label"
    spans = [a for a in bare.all("span") if a.get("class") == "unsupported"]
    assert len(spans) == 3  # both labels, and the explanation


def test_texts_are_escaped():
    counted = count_labels((ATTACK, ATTACK + "2", "dog"), PREDICTED, TRUTH)
    page = Page(
        render_report(
            report(
                label_table=LabelTable(ATTACK, counted, [(ATTACK, {c.word: 0.5 for c in counted})]),
                co_occurrence=CoOccurrence.of_sets([c.word for c in counted], PREDICTED, TRUTH),
                photographs=[photograph(0, written=(ATTACK,), references=(ATTACK,))],
            )
        )
    )
    assert page.all("script") == []
    assert not any(name.startswith("on") for _, a in page.elements for name in a)


def test_nothing_written_is_said():
    text = Page(render_report(report(photographs=[photograph(0, written=())]))).text
    assert "ours, own stop nothing written" in text


def test_more_systems_than_patterns_are_not_drawn_as_bars():
    many = [ComparedRun(f"system {n}", [Score("O-F1", 0.1 * n)]) for n in range(5)]
    page = Page(render_report(report(compared=many)))
    assert "system 4 not measured 0.400" in page.text
    assert "Each metric on its own scale" not in page.text


def test_marking_and_joining():
    assert marked(("sea", "dog"), ("sea", "sky")) == [("sea", True), ("dog", False)]
    assert marked("a red dog", ("the dog",)) == [("a", False), ("red", False), ("dog", True)]
    assert as_text(("sea", "dog")) == "sea, dog"
    assert as_text("a dog") == "a dog"
