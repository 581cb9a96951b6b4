"""Takes `docs/images/page.png`: the page of `experiments.serve` with a drawn picture.

From the repository's root, with Chromium installed: ``python -m docs.draw_page_picture runs/demo``
"""

import contextlib
import io
import pathlib
import sys
import tempfile
import threading
import time
from collections.abc import Iterator

import uvicorn
from PIL import Image
from starlette.applications import Starlette

from data_prep import shapes
from docs.chromium import Chromium
from experiments.serving import listen, shown_runs
from s_cnn_rnn.page.application import build_application

TARGET = pathlib.Path(__file__).parent / "images" / "page.png"
SEED, NUMBER, IMAGE_SIZE = 5, 4, 64
CONCEPT = "blue"
CLEAR_SEARCH = """(() => {
  const search = document.querySelector('.search');
  search.value = '';
  search.dispatchEvent(new Event('input'));
})()"""


@contextlib.contextmanager
def served(application: Starlette) -> Iterator[str]:
    """The address at which an application answers, inside the ``with`` statement."""
    listening = listen("127.0.0.1", 0)
    server = uvicorn.Server(uvicorn.Config(application, log_level="warning"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/"
    finally:
        server.should_exit = True
        thread.join(20)
        listening.close()


def drawn_picture(folder: pathlib.Path) -> pathlib.Path:
    """A drawn picture as a file."""
    path = folder / "shapes.png"
    Image.fromarray(shapes.picture(SEED, NUMBER, IMAGE_SIZE)).save(path)
    return path


def take(address: str, picture: pathlib.Path, **window) -> bytes:
    """Drops a picture, switches a concept on and keeps the map of the first new word.

    Args:
        address: of the page.
        picture: a file.
        **window: see `Chromium`.

    Returns:
        A PNG.
    """
    with Chromium(**window) as browser:
        browser.open(address)
        browser.wait_for("document.querySelector('.panel')")
        browser.drop("#drop", picture)
        browser.wait_for("document.querySelector('.said')")
        browser.click(".search")
        browser.call("Input.insertText", text=CONCEPT)
        browser.click(f".switch[aria-label={CONCEPT}]")
        browser.wait_for("document.querySelector('.before:not([hidden])')")
        browser.run(CLEAR_SEARCH)
        browser.run("document.querySelector('.said.new').click()")
        browser.run("document.activeElement.blur()")
        browser.wait_for("document.querySelector('.picture.mapped')")
        time.sleep(0.5)  # the map fades in
        return browser.screenshot()


def main() -> None:
    """Takes the picture."""
    application = build_application(shown_runs(sys.argv[1:], correlated=True))
    with tempfile.TemporaryDirectory() as folder, served(application) as address:
        shot = take(address, drawn_picture(pathlib.Path(folder)), width=1280, height=900)
    with Image.open(io.BytesIO(shot)) as picture:
        picture.convert("RGB").quantize(256).save(TARGET, optimize=True)


if __name__ == "__main__":
    main()
