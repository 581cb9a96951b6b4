"""Numbers and words as the report's reader sees them."""

import math
from collections.abc import Iterable, Mapping, Sequence

from s_cnn_rnn.report.contents import Written
from s_cnn_rnn.vocabulary import tokenise

MINUS = "−"


def is_measured(value: float | None) -> bool:
    """Whether a value is a finite number."""
    return value is not None and math.isfinite(value)


def number(value: float | None) -> str:
    """A number with as many digits as mean something: 0.563, 12.4, 1,203."""
    if not is_measured(value):
        return "–"
    if float(value).is_integer() and (isinstance(value, int) or abs(value) >= 10):
        text = f"{int(value):,}"
    elif abs(value) >= 1000:
        text = f"{value:,.0f}"
    else:
        text = f"{value:.1f}" if abs(value) >= 10 else f"{value:.3f}"
    return text.replace("-", MINUS)


def tick(value: float) -> str:
    """A short number for an axis: 0.05, 20, 1.5k, 2M."""
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= size:
            return f"{value / size:.3g}{letter}".replace("-", MINUS)
    return f"{value:.6g}".replace("-", MINUS)


def ticks(values: Sequence[float]) -> list[str]:
    """Labels of one axis; fractions get the same number of decimals."""
    labels = [tick(value) for value in values]
    decimals = [len(label.partition(".")[2]) for label in labels if label[-1].isdigit()]
    if len(decimals) < len(labels):
        return labels
    return [f"{value:.{max(decimals, default=0)}f}".replace("-", MINUS) for value in values]


def duration(seconds: float) -> str:
    """Seconds in the units people use: 45 s, 3 min 20 s, 2 h 05 min."""
    total = round(seconds)
    if total < 60:
        return f"{seconds:.1f} s" if seconds < 10 else f"{total} s"
    minutes, rest = divmod(total, 60)
    if minutes < 60:
        return f"{minutes} min {rest:02d} s"
    return f"{minutes // 60} h {minutes % 60:02d} min"


def flatten(settings: Mapping[str, object], prefix: str = "") -> list[tuple[str, str]]:
    """Settings as (key, text) rows; mappings inside become keys with dots."""
    rows = []
    for key, value in settings.items():
        name = f"{prefix}{key}"
        if isinstance(value, Mapping):
            rows += flatten(value, f"{name}.")
        elif isinstance(value, (list, tuple)):
            rows.append((name, ", ".join(str(item) for item in value)))
        else:
            rows.append((name, "not recorded" if value is None else str(value)))
    return rows


def marked(written: Written, references: Iterable[str]) -> list[tuple[str, bool]]:
    """A caption's words, or labels, each with whether any caption has it, or it is a true label."""
    if isinstance(written, str):
        return marked_words(written, references)
    true = set(references)
    return [(label, label in true) for label in written]


def as_text(written: Written) -> str:
    """A caption as it is; labels joined by commas."""
    return written if isinstance(written, str) else ", ".join(written)


def marked_words(caption: str, references: Iterable[str]) -> list[tuple[str, bool]]:
    """A caption's words, each with whether any reference has it.

    Returns:
        (word, is_supported) pairs; without references every word counts as supported.
    """
    known = {word for reference in references for word in tokenise(reference)}
    return [(word, not known or set(tokenise(word)) <= known) for word in caption.split()]
