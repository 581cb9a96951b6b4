"""What the benchmarks share: interleaved timing, and results with the machine they come from."""

import importlib.metadata
import json
import pathlib
import platform
import time
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from s_cnn_rnn.results import commit, hardware

RESULTS = pathlib.Path(__file__).parent / "results"


class Timing(NamedTuple):
    """How long something took, in seconds.

    Args:
        median: over the rounds.
        low: first quartile.
        high: third quartile.
        rounds: how often it was measured.
    """

    median: float
    low: float
    high: float
    rounds: int


def time_interleaved(
    contestants: Mapping[str, Callable[[], object]], *, rounds: int = 15, warm_up: int = 2
) -> dict[str, Timing]:
    """Times several ways to do the same, one after the other in every round.

    So a machine that is slow for a while is slow for all of them.

    Args:
        contestants: name -> what to time.
        rounds: how often each is timed.
        warm_up: rounds before, which do not count.
    """
    seconds = {name: [] for name in contestants}
    for number in range(warm_up + rounds):
        for name, run in contestants.items():
            started = time.perf_counter()
            run()
            if number >= warm_up:
                seconds[name].append(time.perf_counter() - started)
    return {
        name: Timing(*np.quantile(times, [0.5, 0.25, 0.75]).tolist(), rounds)
        for name, times in seconds.items()
    }


def line(name: str, timing: Timing, beside: str = "") -> str:
    """A timing as one line for the screen, in milliseconds."""
    low, high = 1e3 * timing.low, 1e3 * timing.high
    return (
        f"  {name:<44}{1e3 * timing.median:>10.2f} ms  ({low:.2f} to {high:.2f})  {beside}".rstrip()
    )


def write_results(name: str, content: Mapping, packages: Sequence[str]) -> pathlib.Path:
    """Writes ``benchmarks/results/NAME.json`` with hardware, commit and versions.

    Args:
        name: of the benchmark.
        content: what was measured, as JSON takes it.
        packages: whose versions matter.
    """
    versions = {package: importlib.metadata.version(package) for package in packages}
    made_by = {
        "command": f"python -m benchmarks.{name}",
        "hardware": hardware(),
        "commit": commit(),
        "versions": {"python": platform.python_version(), **versions},
    }
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{name}.json"
    path.write_text(json.dumps({**made_by, **content}, indent=2) + "\n", "utf-8")
    return path
