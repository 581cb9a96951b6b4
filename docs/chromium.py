"""A headless Chromium driven by its DevTools protocol: for pictures in the docs, and for tests."""

import base64
import itertools
import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import time
import urllib.request

from websockets.sync.client import connect

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")


def find_chromium() -> str | None:
    """The program; None where there is none."""
    return next(filter(None, map(shutil.which, NAMES)), None)


class Chromium:
    """A browser with one page; use it in a ``with`` statement.

    Args:
        width: of the window, in CSS pixels.
        height: of the window.
        scale: device pixels a CSS pixel.
        phone: whether it has a finger instead of a mouse.
    """

    def __init__(self, width: int = 1280, height: int = 900, *, scale: float = 1, phone=False):
        self.size = {"width": width, "height": height, "deviceScaleFactor": scale, "mobile": phone}
        self._numbers = itertools.count(1)
        self.messages: list[str] = []  # errors, and what the content-security policy refused

    def __enter__(self) -> "Chromium":
        self._folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        options = ["--headless=new", "--remote-debugging-port=0", "--no-first-run", "--disable-gpu"]
        options += ["--hide-scrollbars", f"--user-data-dir={self._folder.name}"]
        if os.geteuid() == 0:  # it refuses to run as root otherwise
            options.append("--no-sandbox")
        self._process = subprocess.Popen(
            [find_chromium(), *options, "about:blank"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            self._connection = connect(self._page(self._port()), max_size=None)
            self._socket = self._connection.__enter__()
            for domain in ("Page", "Runtime", "Log", "DOM"):
                self.call(f"{domain}.enable")
            self.call("Emulation.setDeviceMetricsOverride", **self.size)
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(self, *_) -> None:
        self._connection.__exit__(None, None, None)
        self._end()

    def _end(self) -> None:
        self._process.terminate()
        self._process.wait(20)
        self._process.stderr.close()
        self._folder.cleanup()

    def _port(self) -> int:
        for line in self._process.stderr:
            if found := re.search(r"DevTools listening on ws://[^:]+:(\d+)/", line):
                return int(found[1])
        raise OSError("Chromium ended before it listened")

    def _page(self, port: int) -> str:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/json/list") as answer:
            pages = [each for each in json.load(answer) if each["type"] == "page"]
        return pages[0]["webSocketDebuggerUrl"]

    def call(self, method: str, **parameters) -> dict:
        """Calls a method of the protocol.

        Raises:
            RuntimeError: Chromium answers with an error.
        """
        number = next(self._numbers)
        self._socket.send(json.dumps({"id": number, "method": method, "params": parameters}))
        while True:
            message = json.loads(self._socket.recv(timeout=60))
            self._note(message)
            if message.get("id") == number:
                if "error" in message:
                    raise RuntimeError(f"{method}: {message['error']}")
                return message["result"]

    def _note(self, message: dict) -> None:
        if message.get("method") == "Runtime.exceptionThrown":
            self.messages.append(json.dumps(message["params"]["exceptionDetails"]))
        if message.get("method") == "Log.entryAdded":
            entry = message["params"]["entry"]
            self.messages.append(f"{entry['text']} {entry.get('url', '')}")

    def open(self, address: str) -> None:
        """Opens a page and waits until it is there."""
        self.call("Page.navigate", url=address)
        self.wait_for(f"document.readyState == 'complete' && location.href == {address!r}")

    def run(self, script: str):
        """The value of an expression in the page."""
        result = self.call(
            "Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True
        )
        if "exceptionDetails" in result:
            raise RuntimeError(f"{script}: {result['exceptionDetails']}")
        return result["result"].get("value")

    def wait_for(self, condition: str, seconds: float = 60):
        """Waits until an expression is true, and gives its value.

        Raises:
            TimeoutError: it is not, after so many seconds.
        """
        script = f"(found => found instanceof Node || found)({condition})"  # a node has no value
        end = time.monotonic() + seconds
        while not (value := self.run(script)):
            if time.monotonic() > end:
                raise TimeoutError(f"not true after {seconds} s: {condition}; {self.messages}")
            time.sleep(0.05)
        return value

    def middle(self, selector: str) -> dict[str, float]:
        """Scrolls an element into view; where it is: x and y."""
        return self.run(
            f"(() => {{const e = document.querySelector({selector!r});"
            "e.scrollIntoView({block: 'nearest'}); const r = e.getBoundingClientRect();"
            "return {x: r.x + r.width / 2, y: r.y + r.height / 2};})()"
        )

    def drop(self, selector: str, path: pathlib.Path) -> None:
        """Drags a file from the desktop onto an element."""
        place = self.middle(selector)
        data = {"items": [], "files": [str(path)], "dragOperationsMask": 1}
        for kind in ("dragEnter", "dragOver", "drop"):
            self.call("Input.dispatchDragEvent", type=kind, data=data, **place)

    def point_at(self, selector: str) -> None:
        """Moves the mouse onto an element."""
        self.call("Input.dispatchMouseEvent", type="mouseMoved", **self.middle(selector))

    def click(self, selector: str) -> None:
        """Clicks on an element."""
        self.point_at(selector)
        place = {"button": "left", "clickCount": 1, **self.middle(selector)}
        for kind in ("mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, **place)

    def press(self, key: str, code: int, text: str = "") -> None:
        """Presses a key, such as ``press("Tab", 9)``."""
        common = {"key": key, "code": key, "windowsVirtualKeyCode": code}
        typed = {"text": text} if text else {}
        self.call("Input.dispatchKeyEvent", type="keyDown", **common, **typed)
        self.call("Input.dispatchKeyEvent", type="keyUp", **common)

    def screenshot(self, *, whole: bool = False) -> bytes:
        """A PNG of the window, or of the whole page."""
        shot = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        return base64.b64decode(shot["data"])
