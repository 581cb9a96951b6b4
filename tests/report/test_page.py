import dataclasses
import math
import re
from html.parser import HTMLParser

import pytest
from sample_report import jpeg, photograph, report

from s_cnn_rnn.report import CurvePoint, LearningCurve, Score, render_report, write_report

VOID = {"meta", "link", "img", "br", "input"}
DRAWN_EMPTY = {"rect", "line", "path", "circle"}  # closed by "/>" inside SVG


class Page(HTMLParser):
    """Reads a page; fails on unbalanced elements; keeps elements and all text."""

    def __init__(self, html):
        super().__init__()
        self.elements, self.open, self.texts = [], [], []
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        assert tag in DRAWN_EMPTY
        self.elements.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag

    def handle_data(self, data):
        if "style" not in self.open:
            self.texts.append(data)

    def all(self, tag):
        return [attributes for name, attributes in self.elements if name == tag]

    @property
    def text(self):
        return " ".join(" ".join(self.texts).split())


def page(**changes) -> Page:
    return Page(render_report(report(**changes)))


def test_page_has_every_part_in_order():
    sections = [attributes["id"] for attributes in page().all("section")]
    assert sections == [
        "scores", "learning", "side-by-side", "best", "typical", "worst", "concepts", "settings",
    ]  # fmt: skip


def test_every_link_leads_to_a_part_and_no_id_repeats():
    shown = page()
    ids = [attributes["id"] for _, attributes in shown.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    links = [attributes["href"] for attributes in shown.all("a")]
    assert len(links) == 9
    assert {link.removeprefix("#") for link in links} <= set(ids)
    labels = [a["aria-labelledby"] for _, a in shown.elements if "aria-labelledby" in a]
    assert set(labels) <= set(ids)


def test_every_picture_has_an_alternative_text():
    shown = page(photographs=[photograph(0, references=()), photograph(1)])
    images = shown.all("img")
    assert len(images) == 4  # two in the gallery, two side by side
    assert {image["alt"] for image in images} == {
        "one red circle",
        "Photograph drawn_0.jpg; nobody described it",
    }
    assert all(image["loading"] == "lazy" for image in images)
    for drawing in shown.all("svg"):
        assert drawing.get("aria-hidden") == "true" or len(drawing["aria-label"]) > 10


def test_page_needs_nothing_from_elsewhere():
    html = render_report(report())
    shown = Page(html)
    assert not re.search(r"https?:|//[a-z]|@import|javascript:", html)
    assert shown.all("script") == []
    addresses = [
        attributes[name]
        for _, attributes in shown.elements
        for name in ("src", "href", "srcset", "action")
        if name in attributes
    ]
    assert all(address.startswith(("data:", "#")) for address in addresses)
    assert set(re.findall(r"url\((.)", html)) == {"#"}
    (policy,) = (m["content"] for m in shown.all("meta") if "http-equiv" in m)
    assert policy == "default-src 'none'; img-src data:; style-src 'unsafe-inline'"


ATTACK = "\"><script>alert('x')</script><img src=x onerror=alert(1)>&amp;"


@pytest.mark.parametrize(
    "field", ["file_name", "written", "baseline_written", "references", "concepts", "beams"]
)
def test_texts_of_a_photograph_are_escaped(field):
    attacks = {
        "references": (ATTACK,),
        "concepts": ((ATTACK, 0.5, True),),
        "beams": (("a circle", -1), (ATTACK, -2)),
    }
    attacked = photograph(0, **{field: attacks.get(field, ATTACK)})
    shown = page(photographs=[attacked])
    assert shown.all("script") == []
    assert all(image["src"].startswith("data:image/jpeg") for image in shown.all("img"))
    assert not any(name.startswith("on") for _, a in shown.elements for name in a)
    assert ATTACK in shown.text or field == "written"  # a caption's words are apart
    assert "alert('x')</script><img" in shown.text


def test_texts_of_the_run_are_escaped():
    attacked = report(
        title=ATTACK, settings={ATTACK: ATTACK, "command": ATTACK}, scores=[Score(ATTACK, 0.5)],
        curves=[LearningCurve(ATTACK, ATTACK, ATTACK, [CurvePoint(1, 1, 1.0)], unit=ATTACK)],
        system=ATTACK, introduction=ATTACK, photograph_metric=ATTACK,
    )  # fmt: skip
    shown = Page(render_report(attacked))
    assert shown.all("script") == []
    assert not any(name.startswith("on") for _, a in shown.elements for name in a)
    assert shown.text.count("<script>") >= 10


@pytest.mark.parametrize("value", [None, math.nan, math.inf])
def test_missing_scores_say_why(value):
    shown = page(scores=[Score("METEOR", value, reason="no Java here"), Score("CIDEr", 0.5)])
    assert "METEOR not measured: no Java here" in shown.text
    assert "nan" not in shown.text.lower()
    assert "None" not in shown.text
    assert not any("nan" in (a.get("d") or "") for a in shown.all("path"))


def test_missing_score_without_reason_and_metric_of_one_system():
    shown = page(scores=[Score("CIDEr", 1.5), Score("METEOR", None)])
    assert "not measured: no reason recorded" in shown.text
    row = re.search(r"METEOR .*? ours", shown.text)
    assert row.group(0).count("not measured") == 3


def test_missing_photograph_scores_leave_out_the_number():
    shown = page(photographs=[photograph(n, score=math.nan) for n in range(3)])
    assert "nan" not in shown.text.lower()
    assert [a["id"] for a in shown.all("section")][3] == "photographs"


def test_scores_stand_beside_the_baseline_with_intervals():
    text = page().text
    assert "Metric ours text only nic-f" in text
    assert "CIDEr 1.500 1.400 – 1.600 0.250 0.200 – 0.300 1.250" in text


def test_true_concepts_are_told_without_colour():
    shown = page(photographs=[photograph(0)])
    assert "✓ red , true, 0.90" in shown.text
    assert "blue , not in the true captions, 0.20" in shown.text
    items = [a["class"] for a in shown.all("li") if a.get("class") in ("true", "untrue")]
    assert items == ["true", "untrue"]


def test_words_that_no_reference_has_are_marked():
    marked = page(photographs=[photograph(0, written="a red, Circle above")], compared=[])
    spans = [a for a in marked.all("span") if a.get("class") == "unsupported"]
    assert len(spans) == 2  # "above", and the example in the explanation
    unreferenced = page(photographs=[photograph(0, references=())], compared=[])
    assert len([a for a in unreferenced.all("span") if a.get("class") == "unsupported"]) == 1


def test_side_by_side_shows_each_system_on_the_same_photographs():
    text = page().text
    assert text.count("nic-f seen ours a red circle") == 9
    partly = report()
    run = dataclasses.replace(partly.compared[0], written={"drawn_3.jpg": "seen"})
    shown = Page(render_report(dataclasses.replace(partly, compared=[run])))
    assert shown.text.count("nic-f seen ours a red circle") == 1


def test_page_without_photographs_curves_or_scores():
    shown = page(
        photographs=[], curves=[], scores=[], baseline_scores=[], compared=[], stages=(),
        concept_scores=None, settings={},
    )  # fmt: skip
    assert shown.all("img") == []
    assert "evaluated without photographs" in shown.text
    assert [a["id"] for a in shown.all("section") if "id" in a] == ["settings"]


def test_no_photographs_but_everything_else():
    shown = page(photographs=[])
    assert [a["id"] for a in shown.all("section") if "id" in a] == [
        "scores", "learning", "concepts", "settings",
    ]  # fmt: skip


def test_unicode_is_kept(tmp_path):
    text = "ein grüner Hügel 🐕 犬が走る שלום é"
    odd = photograph(0, file_name="犬\udcff🐕.jpg", written=text, references=(text,))
    path = write_report(tmp_path / "report.html", report(photographs=[odd], title=text))
    shown = Page(path.read_text("utf-8"))
    assert shown.text.count(text) >= 4
    assert "犬?🐕.jpg" in shown.text
    assert [entry.name for entry in tmp_path.iterdir()] == ["report.html"]


def test_a_failed_report_leaves_the_old_one(tmp_path):
    path = write_report(tmp_path / "report.html", report())
    before = path.read_bytes()
    with pytest.raises(ValueError, match=r"broken\.jpg.*data check"):
        write_report(
            path,
            report(photographs=[photograph(0, file_name="broken.jpg", jpeg=b"x")]),
        )
    assert path.read_bytes() == before


def test_settings_are_flattened_and_the_command_is_shown():
    shown = page(settings={"stages": {"cnn": {"steps": 30}}, "seed": None, "command": "make it"})
    assert "stages.cnn.steps 30 seed not recorded command make it" in shown.text
    assert "Run: make it" in shown.text


def test_two_hundred_pictures_stay_small():
    large = jpeg(900, 600)
    photographs = [photograph(n, jpeg=large, score=n) for n in range(200)]
    html = render_report(report(photographs=photographs, photographs_per_gallery=70))
    assert html.count("<img") == 200 + 12
    assert len(html) < 200 * 40_000


def test_bytes_are_read_for_shown_photographs_only():
    read = []

    def reader(number):
        return lambda: read.append(number) or jpeg()

    photographs = [photograph(n, jpeg=reader(n)) for n in range(30)]
    render_report(report(photographs=photographs, compared=[]))
    assert len(read) == 6
    assert {0, 1, 28, 29} <= set(read)


def _luminance(colour):
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_texts_and_series_contrast_with_their_ground_in_both_schemes():
    html = render_report(report())
    light, dark = re.findall(r":root \{(.*?)\n\s*\}", html, re.S)
    for scheme in (light, dark):
        colours = dict(re.findall(r"--([a-z0-9-]+): (#[0-9a-f]{6})", scheme))
        inks = ["ink", "muted", *(f"series-{number}" for number in range(1, 7))]
        for ink in inks:
            for ground in ("paper", "surface"):
                pair = sorted([_luminance(colours[ink]), _luminance(colours[ground])])
                assert (pair[1] + 0.05) / (pair[0] + 0.05) >= 4.5, (ink, ground)
