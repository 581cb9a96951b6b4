"""The page in a real browser."""

import threading

import pytest

pytest.importorskip("websockets", reason="no websockets: pip install 's-cnn-rnn[test]'")
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse

from docs.chromium import Chromium, find_chromium
from docs.draw_page_picture import served
from s_cnn_rnn.page.application import build_application

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(find_chromium() is None, reason="no Chromium on this machine"),
]
PANEL = "document.querySelector('.panel')"
CAPTION = "document.querySelector('.caption').textContent"


@pytest.fixture(scope="module")
def address(shown):
    with served(build_application(shown)) as address:
        yield address


@pytest.fixture
def picture(photograph, tmp_path):
    path = tmp_path / "shapes.jpg"
    path.write_bytes(photograph)
    return path


def words_that_change(shown, photograph) -> str:
    """A concept whose switch changes the text of the untrained model."""
    kept = shown[0].annotator.keep(photograph)
    before = kept.annotation(beams=shown[0].beams)
    for concept in before.telling_concepts(10):
        value = 0.0 if concept.probability >= 0.5 else 1.0
        after = kept.annotation({concept.word: value}, beams=shown[0].beams)
        if after.text != before.text:
            return concept.word
    pytest.fail("no concept changes the text")


def test_a_photograph_is_dropped_and_a_concept_switched(address, picture, photograph, shown):
    word = words_that_change(shown, photograph)
    with Chromium(1280, 900) as browser:
        browser.open(address)
        browser.wait_for(PANEL)
        browser.drop("#drop", picture)
        browser.wait_for("document.querySelector('.said')")
        before = browser.run(CAPTION)
        [expected] = shown[0].annotator.annotate([photograph], beams=shown[0].beams)
        assert before == expected.text
        browser.run("document.querySelector('.correlated').click()")
        browser.click(f".switch[aria-label={word}]")
        after = browser.wait_for(f"{CAPTION} !== {before!r} && {CAPTION}")
        value = 0.0 if expected.probability(word) >= 0.5 else 1.0
        assert (
            after
            == shown[0]
            .annotator.what_if(
                photograph, probabilities={word: value}, correlated=False, beams=shown[0].beams
            )
            .after.text
        )
        browser.click(".reset")
        browser.wait_for(f"{CAPTION} === {before!r}")
        browser.point_at(".said")
        browser.wait_for(f"{PANEL}.dataset.reasons === {before!r}")
        browser.wait_for("document.querySelector('.picture.mapped')")
        assert browser.run("document.querySelectorAll('.panel').length") == 2
        assert browser.messages == []


def test_a_keyboard_is_enough(address, picture, photograph, shown):
    word = words_that_change(shown, photograph)
    with Chromium(390, 844, phone=True) as browser:
        browser.open(address)
        browser.wait_for(PANEL)
        root = browser.call("DOM.getDocument")["root"]["nodeId"]
        file = browser.call("DOM.querySelector", nodeId=root, selector="#file")["nodeId"]
        browser.call("DOM.setFileInputFiles", files=[str(picture)], nodeId=file)
        browser.wait_for("document.querySelector('.said')")
        before = browser.run(CAPTION)
        reach(browser, "document.activeElement.className.startsWith('said')")
        browser.wait_for("document.querySelector('.picture.mapped')")
        reach(browser, f"document.activeElement.getAttribute('aria-label') === {word!r}")
        browser.press(" ", 32, " ")
        browser.wait_for(f"{CAPTION} !== {before!r}")
        assert browser.run("document.documentElement.scrollWidth") <= 390
        assert browser.messages == []


def reach(browser, condition: str) -> None:
    """Presses Tab until a condition is true."""
    for _ in range(80):
        browser.press("Tab", 9)
        if browser.run(condition):
            return
    pytest.fail(f"not reached by Tab: {condition}")


def test_what_is_no_picture_is_told(address, tmp_path):
    text = tmp_path / "notes.txt"
    text.write_text("sunny")
    with Chromium() as browser:
        browser.open(address)
        browser.wait_for(PANEL)
        browser.drop("#drop", text)
        told = browser.wait_for("document.querySelector('#error').textContent")
        assert told.startswith("“notes.txt”: it is no picture")


class Failing:
    """An application of which some requests fail, as long as a test wants it.

    Args:
        application: answers the others.
    """

    def __init__(self, application):
        self.application = application
        self.ending = None  # of the addresses whose requests fail
        self.come, self.held = threading.Event(), threading.Event()
        self.held.set()

    async def __call__(self, scope, receive, send):
        if self.ending and scope.get("path", "").endswith(self.ending):
            self.come.set()
            await run_in_threadpool(self.held.wait, 60)
            await JSONResponse({"error": "it failed"}, 500)(scope, receive, send)
        else:
            await self.application(scope, receive, send)


@pytest.fixture
def failing(shown):
    return Failing(build_application(shown))


@pytest.fixture
def looking(failing, picture):
    """A browser on the page, with a photograph; a switched concept moves no other."""
    with served(failing) as address, Chromium(1280, 900) as browser:
        browser.open(address)
        browser.wait_for(PANEL)
        browser.drop("#drop", picture)
        browser.wait_for("document.querySelector('.said')")
        browser.run("document.querySelector('.correlated').click()")
        yield browser


ERROR = "document.querySelector('#error').textContent"


def switch_of(word: str) -> str:
    return f"document.querySelector('.switch[aria-label={word}]').checked"


def test_after_a_failed_request_the_page_shows_what_it_showed(looking, failing, photograph, shown):
    word = words_that_change(shown, photograph)
    before, switch = looking.run(CAPTION), looking.run(switch_of(word))
    failing.ending = "/caption"
    looking.click(f".switch[aria-label={word}]")
    assert looking.wait_for(ERROR) == "it failed"
    assert looking.run(CAPTION) == before
    assert looking.run(switch_of(word)) == switch
    assert looking.run("document.querySelector('.reset').disabled")
    failing.ending = None
    looking.point_at(".said")  # reasons are those of the words that are shown
    looking.wait_for(f"{PANEL}.dataset.reasons === {before!r}")
    looking.click(f".switch[aria-label={word}]")
    looking.wait_for(f"{CAPTION} !== {before!r}")
    looking.wait_for(f"!{ERROR}")


def test_a_wish_is_not_lost_where_an_earlier_one_fails(looking, failing, photograph, shown):
    word = words_that_change(shown, photograph)
    before = looking.run(CAPTION)
    other = looking.run(
        "[...document.querySelectorAll('.panel:first-child .switch')]"
        f".map(e => e.ariaLabel).find(name => name !== {word!r})"
    )
    values = {each: float(not looking.run(switch_of(each))) for each in (other, word)}
    failing.ending = "/caption"
    failing.held.clear()
    looking.click(f".switch[aria-label={other}]")
    assert failing.come.wait(60)
    failing.ending = None
    looking.click(f".switch[aria-label={word}]")
    failing.held.set()
    kept = shown[0].annotator.keep(photograph)
    expected = kept.annotation(values, correlated=False, beams=shown[0].beams)
    looking.wait_for(f"{CAPTION} === {expected.text!r}", 20)
    assert looking.run(CAPTION) != before
    assert looking.run(ERROR) == ""


def test_where_no_reasons_come_the_page_says_so(looking, failing):
    failing.ending = "/reasons"
    looking.point_at(".said")
    assert looking.wait_for(ERROR) == "it failed"
    assert "Point at a word" in looking.run("document.querySelector('.reasons').textContent")
    failing.ending = None
    looking.point_at("h1")
    looking.point_at(".said")
    looking.wait_for(f"{PANEL}.dataset.reasons")
    assert looking.run(ERROR) == ""


def test_where_the_picture_does_not_come_the_earlier_one_stays(looking, failing, picture):
    shown_now = looking.run("document.querySelector('#picture').src")
    failing.ending = "/picture"
    looking.drop("#drop", picture)
    assert "cannot be shown" in looking.wait_for(ERROR)
    assert looking.run("document.querySelector('#picture').src") == shown_now
    assert looking.run("document.querySelector('#picture').naturalWidth") > 0
