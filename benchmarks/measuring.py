"""What the benchmarks share: interleaved timing, and results with the machine they come from."""

import importlib.metadata
import json
import os
import pathlib
import platform
import time
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from s_cnn_rnn.scoring.results import commit, hardware

RESULTS = pathlib.Path(__file__).parent / "results"
COMPILING = 10  # times the patience: a first round compiles
FEWEST_ROUNDS = 3  # even where time is short: a median and quartiles need them


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

    def timed(run):
        started = time.perf_counter()
        run()
        return time.perf_counter() - started

    return interleaved(
        {name: lambda run=run: timed(run) for name, run in contestants.items()},
        rounds=rounds,
        warm_up=warm_up,
    )


def interleaved(
    contestants: Mapping[str, Callable[[], float]],
    *,
    rounds: int = 15,
    warm_up: int = 2,
    budget: float = float("inf"),
    patience: float = float("inf"),
) -> dict[str, Timing]:
    """As `time_interleaved`, of contestants that tell their seconds themselves.

    Args:
        contestants: name -> runs once and gives the seconds it took.
        rounds: how often each is timed.
        warm_up: rounds before, which do not count.
        budget: seconds after which no further round begins, once there are `FEWEST_ROUNDS`.
        patience: seconds; a contestant that takes longer in the last warm-up round, or
            `COMPILING` times as long in an earlier one, runs no more, and that is its timing.
    """
    contestants = dict(contestants)
    seconds = {name: [] for name in contestants}
    for number in range(warm_up + rounds):
        if number == warm_up:
            started = time.monotonic()
        measured = number - warm_up
        if measured >= FEWEST_ROUNDS and time.monotonic() - started > budget:
            break
        for name, run in list(contestants.items()):
            took = run()
            limit = patience * (1 if measured == -1 else COMPILING)
            given_up = measured < 0 and took > limit
            if measured >= 0 or given_up:
                seconds[name].append(took)
            if given_up:
                del contestants[name]
    return {name: timing(times) for name, times in seconds.items()}


def timing(seconds: Sequence[float]) -> Timing:
    """Median and quartiles of what was measured."""
    return Timing(*np.quantile(seconds, [0.5, 0.25, 0.75]).tolist(), len(seconds))


def line(name: str, timing: Timing, beside: str = "") -> str:
    """A timing as one line for the screen, in milliseconds."""
    low, high = 1e3 * timing.low, 1e3 * timing.high
    return (
        f"  {name:<44}{1e3 * timing.median:>10.2f} ms  ({low:.2f} to {high:.2f})  {beside}".rstrip()
    )


def comparison(
    question: str,
    timings: Mapping[str, Timing],
    *,
    ours: Sequence[str],
    peers: Sequence[str],
    aim: float,
) -> dict | None:
    """One line of README's table: our quickest of some ways against the quickest peer.

    Args:
        question: what was measured.
        timings: of all contestants.
        ours: the names of ours that count.
        peers: the names of the peers that count; those without a timing are passed over.
        aim: how many times as quick ours should be.

    Returns:
        None where no peer, or none of ours, has a timing.
    """
    ours, peers = ([name for name in names if name in timings] for names in (ours, peers))
    if not ours or not peers:
        return None
    own = min(ours, key=lambda name: timings[name].median)
    peer = min(peers, key=lambda name: timings[name].median)
    return {
        "question": question,
        "ours": own,
        "seconds": timings[own].median,
        "peer": peer,
        "peer seconds": timings[peer].median,
        "times as quick": timings[peer].median / timings[own].median,
        "aim": aim,
    }


def figure(question: str, value: float, unit: str, *, at_most=None, at_least=None) -> dict:
    """One line of README's table that has no peer: a figure and its bound."""
    return {
        "question": question,
        "value": value,
        "unit": unit,
        "at most": at_most,
        "at least": at_least,
    }


def say(timings: Mapping[str, Timing], lines: Sequence[dict | None]) -> None:
    """Prints timings and what follows from them."""
    for name, each in timings.items():
        print(line(name, each))
    for found in lines:
        if found and "aim" in found:
            print(
                f"  {found['question']}: {found['ours']} is {found['times as quick']:.2f} times as "
                f"quick as {found['peer']} (aim {found['aim']:g})"
            )


def has_bf16_units() -> bool:
    """Whether the CPU multiplies bfloat16 itself; True where that cannot be told."""
    information = pathlib.Path("/proc/cpuinfo")
    return not information.exists() or "bf16" in information.read_text("utf-8", errors="replace")


def load() -> float:
    """How many processes wanted to run over the last minute: above 0 the machine was not quiet."""
    return os.getloadavg()[0]


def as_json(timings: Mapping[str, Timing]) -> dict:
    """Timings as JSON takes them."""
    return {name: each._asdict() for name, each in timings.items()}


def write_results(
    name: str,
    content: Mapping,
    packages: Sequence[str],
    *,
    quick: bool = False,
    peers: Mapping[str, str] | None = None,
    program: str | None = None,
) -> pathlib.Path:
    """Writes ``benchmarks/results/NAME.json`` with hardware, commit and versions.

    Args:
        name: of the benchmark.
        content: what was measured, as JSON takes it.
        packages: whose versions matter.
        quick: whether this was only a try: such results go to NAME.quick.json, which git ignores.
        peers: versions of what ran in other virtual environments.
        program: that measures it; None: the one of that name.
    """
    versions = {package: importlib.metadata.version(package) for package in packages}
    made_by = {
        "command": f"python -m benchmarks.{program or name}" + (" --quick" if quick else ""),
        "hardware": hardware(),
        "load at the end": load(),
        "commit": commit(),
        "versions": {"python": platform.python_version(), **versions, **(peers or {})},
    }
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / (f"{name}.quick.json" if quick else f"{name}.json")
    path.write_text(json.dumps({**made_by, **content}, indent=2) + "\n", "utf-8")
    return path
