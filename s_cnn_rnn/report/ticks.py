"""Round numbers for the axes of charts."""

import math


def nice_ticks(low: float, high: float, most: int = 6) -> list[float]:
    """Multiples of 1, 2 or 5 times a power of ten that cover ``low`` to ``high``.

    Args:
        low: the smallest value.
        high: the largest value; must not be below ``low``.
        most: at most so many intervals.
    """
    if high - low < 1e-300:  # the same, or too near for any round number between
        pad = abs(high) / 2 or 1.0
        low, high = low - pad, high + pad
    rough = (high - low) / most
    power = 10.0 ** math.floor(math.log10(rough))
    for multiple in (1, 2, 5, 10, 20):
        step = multiple * power
        first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
        if last - first <= most:
            break
    return [float(f"{index * step:.12g}") for index in range(first, last + 1)]


def logarithmic_ticks(low: float, high: float) -> list[float]:
    """Round numbers on a logarithmic axis that covers both positive ends."""
    powers = range(math.floor(math.log10(low)) - 1, math.ceil(math.log10(high)) + 2)
    many_decades = high / low > 300
    multiples = (1,) if many_decades else (1, 2, 5)
    ticks = [float(f"{m}e{power}") for power in powers for m in multiples]
    first = max(i for i, value in enumerate(ticks) if value <= low * (1 + 1e-9))
    last = min(i for i, value in enumerate(ticks) if value >= high * (1 - 1e-9))
    return ticks[first : last + 1]
