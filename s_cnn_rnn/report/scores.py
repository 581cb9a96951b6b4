"""One measured number, as a report shows it."""

from typing import NamedTuple


class Score(NamedTuple):
    """One measured number.

    Args:
        metric: its name, such as "CIDEr".
        value: the number; None or NaN where it could not be measured.
        low: lower end of the 95% interval, or None.
        high: upper end of the 95% interval, or None.
        reason: why ``value`` is missing; shown to the reader.
    """

    metric: str
    value: float | None
    low: float | None = None
    high: float | None = None
    reason: str = ""
