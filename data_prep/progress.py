"""How far a long piece of work is: called by what does it, shown by the programs."""

from collections.abc import Callable

import tqdm

Progress = Callable[[str, int, int], None]


def no_progress(what: str, done: int, total: int) -> None:
    """Shows nothing.

    Args:
        what: what is being done.
        done: records done.
        total: records in all, 0 if unknown.
    """


class Counting:
    """A function to call after each record; it passes the count on as progress."""

    def __init__(self, what: str, total: int, progress: Progress):
        self.what, self.total, self.progress, self.done = what, total, progress, 0

    def __call__(self) -> None:
        """Counts one record."""
        self.done += 1
        self.progress(self.what, self.done, self.total)


class ProgressBar:
    """Shows a bar with rate and time left for each kind of work."""

    def __init__(self):
        self._bar = None
        self._what = None

    def __enter__(self) -> "ProgressBar":
        return self

    def __exit__(self, *exception) -> None:
        if self._bar is not None:
            self._bar.close()

    def __call__(self, what: str, done: int, total: int) -> None:
        """Moves the bar; another kind of work begins another one."""
        if what != self._what:
            if self._bar is not None:
                self._bar.close()
            self._bar = tqdm.tqdm(desc=what, total=total or None, unit=" records", mininterval=0.5)
            self._what = what
        self._bar.update(done - self._bar.n)
