"""Scores of several systems -> the page that shows them beside each other."""

import functools
import itertools
import random
from collections.abc import Sequence

from s_cnn_rnn.report.comparison_page import (
    ComparedPair,
    ScoredSystem,
    ShownDifference,
    SideBySide,
    SideBySideGallery,
    SystemsCompared,
    WrittenBy,
    most_different,
)
from s_cnn_rnn.report.contents import CurvePoint, LearningCurve
from s_cnn_rnn.report.curves_picture import mean_and_range
from s_cnn_rnn.report.run_report import SERIES, UNITS, WRITTEN
from s_cnn_rnn.runs.learning_curves import curve_by_step
from s_cnn_rnn.scoring.evaluation import Comparison, RunScores, SystemScores, compare_systems
from s_cnn_rnn.scoring.score_table import compared_protocols, costs, differs, scores_for_report

ALL_STAGES = "all"
NOT_SHOWN = frozenset({"seed", "variant", "feature_cache"})
"""Settings that are told elsewhere, or that change nothing."""
DRAWN_BY = 0
"""The seed of the photographs drawn at random: the same of a split, whichever the systems."""


def compare_pairs(systems: Sequence[SystemScores]) -> list[tuple[SystemScores, Comparison]]:
    """Each pair of systems, the earlier minus the later.

    Args:
        systems: their scores on the same photographs.
    """
    return [
        (first, compare_systems(first, second))
        for first, second in itertools.combinations(systems, 2)
    ]


def make_comparison(
    systems: Sequence[SystemScores],
    pairs: Sequence[tuple[SystemScores, Comparison]],
    *,
    differing: int = 12,
    drawn: int = 12,
    named: Sequence[str] = (),
    command: str = "",
) -> SystemsCompared:
    """Puts the page together; photographs and texts are those of each system's first run.

    Args:
        systems: their scores on the same photographs; two at least.
        pairs: their differences (`compare_pairs`).
        differing: how many photographs are shown of those whose scores differ most.
        drawn: how many are shown that are drawn at random.
        named: file names of photographs that are shown instead, in that order.
        command: what makes the page again.

    Raises:
        ValueError: a name that none of the photographs has.
    """
    run = systems[0].runs[0]
    prepared = run.data.prepared
    names = [system.name for system in systems]
    return SystemsCompared(
        title=f"{', '.join(names[:-1])} and {names[-1]} on {prepared.name}, {run.data.split}",
        kind=run.settings.task,
        systems=names,
        scores=[
            ScoredSystem(system.name, scores.protocol, scores_for_report(scores))
            for system in systems
            for scores in system.protocols
        ],
        pairs=[line for pair in pairs for line in _lines_of_pair(*pair)],
        curves=_curves(systems),
        galleries=galleries(systems, differing, drawn, named) if prepared.has_photographs else [],
        photograph_metric=run.protocols[0].photograph_metric,
        facts=_facts(systems),
        settings=different_settings(systems),
        command=command,
        evaluated=f"{len(run.data):,} photographs of {run.data.split}",
    )


def _lines_of_pair(system: SystemScores, comparison: Comparison) -> list[ComparedPair]:
    return [
        ComparedPair(
            system.name,
            comparison.other.name,
            compared_protocols(compared),
            [
                ShownDifference(one.metric, one.value, one.low, one.high, differs(one))
                for one in compared.differences
            ],
        )
        for compared in comparison.protocols
    ]


def _curves(systems: Sequence[SystemScores]) -> list[LearningCurve]:
    """One for each measure on the validation part and each system that logged it."""
    curves = []
    for series, (measure, part) in SERIES.items():
        if series.startswith("validation/"):
            metric = series.removeprefix("validation/")
            measure = measure if part == "validation" else f"{measure}, {part.split(', ')[1]}"
            found = [_curve(system, measure, metric) for system in systems]
            curves += [curve for curve in found if curve.points]
    return curves


def _curve(system: SystemScores, measure: str, metric: str) -> LearningCurve:
    """The mean over the seeds; an ensemble has none: its members were trained apart."""
    folders = [run.folder for run in system.runs if not run.folder.members()]
    points = [point for folder in folders for point in curve_by_step(folder, metric)]
    steps, mean, _, _ = mean_and_range(points)
    pairs = zip(steps.tolist(), mean.tolist(), strict=True)
    drawn = [CurvePoint(int(step), 0, value) for step, value in pairs]
    return LearningCurve(ALL_STAGES, measure, system.name, drawn, UNITS.get(measure, ""))


def galleries(
    systems: Sequence[SystemScores], differing: int, drawn: int, named: Sequence[str] = ()
) -> list[SideBySideGallery]:
    """The photographs shown beside each other, with what the systems' first runs wrote.

    Args:
        systems: their scores on the same photographs.
        differing: at most so many of those whose scores differ most; 0 leaves them out.
        drawn: at most so many drawn at random; 0 leaves them out.
        named: file names of photographs that are shown instead.

    Raises:
        ValueError: a name that none of the photographs has.
    """
    runs = [system.runs[0] for system in systems]

    def gallery(title: str, explanation: str, places: Sequence[int]) -> SideBySideGallery:
        return SideBySideGallery(
            title, explanation, [_photograph(systems, runs, n) for n in places]
        )

    if named:
        places = _places(runs[0], named)
        return [gallery("Photographs asked for", "In the order in which they were named.", places)]
    scores = [run.protocols[0].per_photograph for run in runs]
    metric = runs[0].protocols[0].photograph_metric
    extremes = most_different(scores, differing)
    everything = range(len(runs[0].data))
    usual = random.Random(DRAWN_BY).sample(everything, min(drawn, len(everything)))
    both = [
        gallery(
            "Most different",
            f"The {len(extremes)} photographs whose {metric} differs most between the systems: "
            "extremes, not what is usual.",
            extremes,
        ),
        gallery(
            "Drawn at random",
            f"{len(usual)} of {len(everything)} photographs (seed {DRAWN_BY}), whatever was "
            "written for them: what is usual.",
            usual,
        ),
    ]
    return [each for each in both if each.photographs]


def _places(run: RunScores, named: Sequence[str]) -> list[int]:
    places = {prediction.file_name: n for n, prediction in enumerate(run.annotated)}
    absent = [name for name in named if name not in places]
    if absent:
        split = f"{run.data.prepared.folder}, {run.data.split}"
        raise ValueError(
            f"{split}: no photograph is called {', '.join(absent)}; name photographs as the "
            f"set's annotations_{run.data.split}.jsonl does, such as {next(iter(places))}"
        )
    return [places[name] for name in named]


def _photograph(systems: Sequence[SystemScores], runs: Sequence[RunScores], n: int) -> SideBySide:
    first = runs[0]
    written = WRITTEN[first.settings.task]
    protocols = [system.main.protocol for system in systems]
    if len(set(protocols)) == 1:
        protocols = [""] * len(systems)
    return SideBySide(
        file_name=first.annotated[n].file_name,
        jpeg=functools.partial(_jpeg, first, n),
        references=first.data.references[n],
        written=[
            WrittenBy(
                system.name,
                written(run.annotated[n].beams[0]),
                float(run.protocols[0].per_photograph[n]),
                protocol,
            )
            for system, run, protocol in zip(systems, runs, protocols, strict=True)
        ],
    )


def _jpeg(run: RunScores, n: int) -> bytes:
    [jpeg] = run.data.photographs([n])
    return jpeg


def different_settings(systems: Sequence[SystemScores]) -> list[tuple[str, list[str]]]:
    """Settings in which the systems' first runs differ: (name, one value for each system)."""
    flat = [_flat(system.runs[0].settings.to_dict()) for system in systems]
    names = dict.fromkeys(name for settings in flat for name in settings)
    rows = [(name, [settings.get(name, "–") for settings in flat]) for name in names]
    return [(n, values) for n, values in rows if n not in NOT_SHOWN and len(set(values)) > 1]


def _flat(settings: dict, prefix: str = "") -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in settings.items():
        if isinstance(value, dict):
            found |= _flat(value, f"{prefix}{name}.")
        else:
            found[prefix + name] = str(value)
    return found


def _facts(systems: Sequence[SystemScores]) -> list[tuple[str, list[str]]]:
    """What stands beside the settings: seeds, folders, what a training took."""
    took = [costs(system) for system in systems]
    folders = [", ".join(str(run.folder.path) for run in system.runs) for system in systems]
    return [
        ("seeds", [system.seeds for system in systems]),
        ("run folders", folders),
        *((name, [f"{cost[name]:,.0f}" for cost in took]) for name in took[0]),
    ]
