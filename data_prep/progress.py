"""A progress bar with rate and time left, for the programs."""

import tqdm


class ProgressBar:
    """Shows (what is being done, done, total) as one bar for each kind of work."""

    def __init__(self):
        self._bar = None
        self._what = None

    def __enter__(self) -> "ProgressBar":
        return self

    def __exit__(self, *exception) -> None:
        if self._bar is not None:
            self._bar.close()

    def __call__(self, what: str, done: int, total: int) -> None:
        """Moves the bar; a new kind of work begins a new one. A total of 0 is unknown."""
        if what != self._what:
            if self._bar is not None:
                self._bar.close()
            self._bar = tqdm.tqdm(desc=what, total=total or None, unit=" records", mininterval=0.5)
            self._what = what
        self._bar.update(done - self._bar.n)
