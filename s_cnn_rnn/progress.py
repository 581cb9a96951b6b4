"""How far a long piece of work is: told by what does it, shown by the programs as a bar."""

from collections.abc import Callable, Mapping

import tqdm

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
    """Shows a bar with rate and time left for each kind of work, on standard error.

    Args:
        unit: what is counted.
    """

    def __init__(self, unit: str = " steps"):
        self._unit = unit
        self._bar = None
        self._what = None

    def __enter__(self) -> "ProgressBar":
        return self

    def __exit__(self, *exception) -> None:
        if self._bar is not None:
            self._bar.close()

    def __call__(
        self, what: str, done: int, total: int, values: Mapping[str, float] | None = None
    ) -> None:
        """Moves the bar; another kind of work begins another one."""
        if what != self._what:
            if self._bar is not None:
                self._bar.close()
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
