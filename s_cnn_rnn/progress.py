"""How far a long piece of work is: told by what does it, shown by the programs as a bar.

Where standard error is no terminal but a file, a bar would fill it with the same line thousands of
times; there a plain line now and then says the same.
"""

import sys
import time
from collections.abc import Callable, Mapping

import tqdm

SECONDS_BETWEEN_LINES = 30

Progress = Callable[[str, int, int, Mapping[str, float]], None]


def no_progress(
    what: str, done: int, total: int, values: Mapping[str, float] | None = None
) -> None:
    """Shows nothing.

    Args:
        what: what is being done.
        done: units done.
        total: units in all, 0 if unknown.
        values: the latest figures, by name.
    """


class ProgressBar:
    """Shows rate and time left of each kind of work on standard error: a bar, or plain lines.

    Args:
        unit: what is counted.
    """

    def __init__(self, unit: str = " steps"):
        self._shown = _Bar(unit) if sys.stderr.isatty() else _PlainLines(unit)

    def __enter__(self) -> "ProgressBar":
        return self

    def __exit__(self, *exception) -> None:
        self._shown.close()

    def __call__(
        self, what: str, done: int, total: int, values: Mapping[str, float] | None = None
    ) -> None:
        """Moves the bar; another kind of work begins another one."""
        self._shown.show(what, done, total, values or {})


class _Bar:
    """A bar on a terminal."""

    def __init__(self, unit: str):
        self._unit, self._what, self._bar = unit, None, None

    def show(self, what: str, done: int, total: int, values: Mapping[str, float]) -> None:
        if what != self._what:
            self.close()
            # What an earlier run did does not count as this one's rate.
            self._bar = tqdm.tqdm(
                desc=what,
                total=total or None,
                initial=max(done - 1, 0),
                unit=self._unit,
                mininterval=0.5,
                dynamic_ncols=True,
            )
            self._what = what
        if values:
            self._bar.set_postfix({n: f"{v:.4g}" for n, v in values.items()}, refresh=False)
        self._bar.update(done - self._bar.n)

    def close(self) -> None:
        if self._bar is not None:
            self._bar.close()


class _PlainLines:
    """A line every half minute, and one where a piece of work is over."""

    def __init__(self, unit: str):
        self._unit, self._what, self._due = unit, None, time.monotonic()

    def show(self, what: str, done: int, total: int, values: Mapping[str, float]) -> None:
        now = time.monotonic()
        if what != self._what:
            self._what, self._first, self._started = what, max(done - 1, 0), now
        if now < self._due and done != total:
            return
        self._due = now + SECONDS_BETWEEN_LINES
        parts = [f"{what}: {done}{f' of {total}' if total else ''}{self._unit}"]
        if now > self._started:
            rate = (done - self._first) / (now - self._started)
            parts.append(f"{rate:.3g}{self._unit}/s")
            if total and rate:
                parts.append(f"{tqdm.tqdm.format_interval((total - done) / rate)} left")
        parts += [f"{name} {value:.4g}" for name, value in values.items()]
        print(", ".join(parts), file=sys.stderr, flush=True)

    def close(self) -> None:
        """Nothing is left open."""
