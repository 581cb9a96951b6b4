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
SEED, NUMBER, IMAGE_SIZE = 5, 2, 96


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
    """Drops a picture, switches its most telling concept off and points at a word.

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
        browser.click(".concept .switch")
        browser.wait_for("document.querySelector('.concept.set')")
        browser.wait_for("document.querySelector('.before:not([hidden])')")
        browser.run("document.querySelector('.said.new, .said:last-child').click()")
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
