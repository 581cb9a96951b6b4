"""Scores under one protocol: of one run, or meaned over training seeds; their differences.

A protocol says how annotations were chosen and scored: "beam 3, 5 references, PTB tokeniser" for
captions, "own stop" or "top 3" for labels. Captions have one, labels may have several.
"""

import dataclasses
import functools
from collections.abc import Mapping

import numpy as np

from s_cnn_rnn.bootstrap import (
    ImageId,
    Interval,
    PhotographScores,
    bootstrap,
    bootstrap_difference,
    mean_values,
)

RESAMPLES = 1000


@dataclasses.dataclass(frozen=True, eq=False)
class ProtocolScores(PhotographScores):
    """One run's scores under one protocol.

    Args:
        protocol: its name.
        parts: scores on the same N photographs in the same order, with intervals.
        headline: the metric that stands for all, such as "CIDEr".
        photograph_metric: name of ``per_photograph``.
        per_photograph: each photograph's own score, float64 [N]; nan where it has none.
        leading: metrics in the order in which tables show them; others follow.
        beside: further figures, without intervals.
        missing: metric -> why it has no value.
    """

    protocol: str
    parts: tuple[PhotographScores, ...]
    headline: str
    photograph_metric: str
    per_photograph: np.ndarray
    leading: tuple[str, ...] = ()
    beside: Mapping[str, float] = dataclasses.field(default_factory=dict)
    missing: Mapping[str, str] = dataclasses.field(default_factory=dict)

    @property
    def image_ids(self) -> tuple[ImageId, ...]:
        """The N photographs."""
        return self.parts[0].image_ids

    @property
    def conditions(self) -> str:
        """See `PhotographScores.conditions`."""
        return ", ".join(part.conditions for part in self.parts if part.conditions)

    @functools.cached_property
    def values(self) -> dict[str, float | None]:
        """Metric -> its value; None where it is missing."""
        values = {name: value for part in self.parts for name, value in part.values.items()}
        values |= self.beside
        return {name: values[name] for name in self.leading if name in values} | values

    def figures(self, counts: np.ndarray) -> dict[str, np.ndarray]:
        """See `PhotographScores.figures`."""
        return {name: row for part in self.parts for name, row in part.figures(counts).items()}

    def drawn(self, resamples: int, seed: int) -> dict[str, np.ndarray]:
        """See `PhotographScores.drawn`; parts that protocols share are computed once."""
        parts = [part.drawn(resamples, seed) for part in self.parts]
        return {name: row for part in parts for name, row in part.items()}


@dataclasses.dataclass(frozen=True, eq=False)
class MeanScores:
    """A system's scores under one protocol: the means over its training seeds.

    Args:
        runs: those of each seed.
    """

    runs: tuple[ProtocolScores, ...]

    @property
    def protocol(self) -> str:
        """Its name."""
        return self.runs[0].protocol

    @property
    def headline(self) -> str:
        """The metric that stands for all."""
        return self.runs[0].headline

    @functools.cached_property
    def values(self) -> dict[str, float | None]:
        """Metric -> its mean over the runs; None where it is missing."""
        return mean_values(self.runs)

    @functools.cached_property
    def intervals(self) -> dict[str, Interval]:
        """Metric -> 95% bootstrap interval over photographs of the mean over the runs."""
        return bootstrap(self.runs, RESAMPLES)

    @property
    def missing(self) -> dict[str, str]:
        """Metric -> why it has no value."""
        return {metric: why for run in self.runs for metric, why in run.missing.items()}


@dataclasses.dataclass(frozen=True)
class Difference:
    """A metric's difference between two systems, with its paired 95% interval."""

    metric: str
    value: float
    low: float
    high: float


def differences(first: MeanScores, second: MeanScores) -> list[Difference]:
    """``first`` minus ``second``, both on the same photographs in each resample.

    Raises:
        ValueError: the scores are not of the same photographs.
    """
    intervals = bootstrap_difference(first.runs, second.runs, RESAMPLES)
    left, right = first.values, second.values
    return [
        Difference(name, left[name] - right[name], *intervals[name])
        for name in left
        if name in intervals
    ]
