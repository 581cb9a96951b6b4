"""Scores as result rows for files, as lines for the screen and for the page of a report."""

from collections.abc import Mapping, Sequence

from s_cnn_rnn import report
from s_cnn_rnn.runs.run_names import (
    FROZEN,
    captions_in_step,
    encoder_of_run,
    system_of_run,
    variant_of_run,
)
from s_cnn_rnn.scoring.evaluation import Compared, Comparison, SystemScores
from s_cnn_rnn.scoring.protocol_scores import Difference, MeanScores
from s_cnn_rnn.scoring.results import Result, result_rows

TRAINING_SECONDS = "training seconds"
ENCODER_PASSES = "encoder passes"
_VISIBLE = 5e-5  # what the printed digits show; BLEU's own small constants differ by less


def costs(system: SystemScores) -> dict[str, float]:
    """What one training took, meaned over the seeds."""
    seconds = [run.cost.seconds for run in system.runs]
    passes = [run.cost.encoder_passes for run in system.runs]
    count = len(system.runs)
    return {TRAINING_SECONDS: sum(seconds) / count, ENCODER_PASSES: sum(passes) / count}


def rows_of_system(system: SystemScores, *, command: str) -> list[Result]:
    """One row a number under each protocol, as `results.append_results` takes them.

    Args:
        system: the scores.
        command: what measures them again.
    """
    described = _description(system) | {"command": command}
    rows = []
    for scores in system.protocols:
        values, intervals = _with_text_only(system, scores)
        costly = values | costs(system)
        rows += result_rows(costly, intervals, protocol=scores.protocol, **described)
    return rows


def rows_of_comparison(
    system: SystemScores, comparison: Comparison, *, command: str
) -> list[Result]:
    """One row a paired difference under each pair of protocols.

    Args:
        system: what ``comparison`` compares.
        comparison: with another system.
        command: what measures the differences again.
    """
    described = _description(system) | {"command": command}
    described["against"] = _name_of_other(system, comparison.other)
    rows = []
    for compared in comparison.protocols:
        values = {d.metric: d.value for d in compared.differences}
        intervals = {d.metric: (d.low, d.high) for d in compared.differences}
        rows += result_rows(values, intervals, protocol=compared_protocols(compared), **described)
    return rows


def _description(system: SystemScores) -> dict[str, str]:
    """What the rows of a system have in common."""
    run = system.runs[0]
    return {
        "system": system_of_run(run.folder),
        "split": run.data.split,
        "encoder": encoder_of_run(run.folder),
        "trained_through": "yes" if run.cost.trained_through else "no",
        "data_hash": run.data.prepared.digest[:16],
        "seeds": system.seeds,
        "variant": variant_of_run(run.folder),
        "captions_in_step": captions_in_step(run.folder),
    }


def _name_of_other(system: SystemScores, other: SystemScores) -> str:
    """Such as "nic-f, frozen CNN, seed 0 1 2": all that its own rows would tell it apart by."""
    ours, theirs = _description(system), _description(other)
    frozen = "" if other.runs[0].cost.trained_through else FROZEN.removeprefix(", ")
    encoder = theirs["encoder"] if theirs["encoder"] != ours["encoder"] else ""
    told = [text for text in (frozen, theirs["variant"], encoder) if text not in other.name]
    return ", ".join([other.name, *told, f"seed {other.seeds}"])


def _with_text_only(system: SystemScores, scores: MeanScores) -> tuple[dict, dict]:
    """Values and intervals; beside the main ones the text-only baseline's headline."""
    text_only = system.text_only
    if scores is not system.main or text_only is None:
        return dict(scores.values), dict(scores.intervals)
    metric, name = text_only.headline, f"text-only {text_only.headline}"
    return (
        scores.values | {name: text_only.values[metric]},
        scores.intervals | {name: text_only.intervals[metric]},
    )


def lines_of_system(system: SystemScores) -> list[str]:
    """The scores of a system as tables for the screen, one for each protocol."""
    run = system.runs[0]
    split, count = run.data.split, len(run.data)
    lines = [f"{system.name}, seed {system.seeds}: {count} photographs of {split}"]
    for scores in system.protocols:
        lines += _lines_of_protocol(system, scores)
    for name, value in costs(system).items():
        lines.append(_line(name, _number(value, counts=True), "", ""))
    missing = {f"{m} is missing: {why}" for s in system.protocols for m, why in s.missing.items()}
    return lines + sorted(missing)


def _lines_of_protocol(system: SystemScores, scores: MeanScores) -> list[str]:
    run = system.runs[0]
    head = f"{scores.protocol}; {encoder_of_run(run.folder)}, {_how_trained(run)}"
    return [head, *lines_of_scores(scores, system.text_only if scores is system.main else None)]


def lines_of_scores(scores: MeanScores, beside: MeanScores | None = None) -> list[str]:
    """Scores as a table for the screen.

    Args:
        scores: a line for each metric.
        beside: the text-only baseline's, in a column of its own.
    """
    lines = [_line("", "value", "95% interval", "text only" if beside else "")]
    for metric, value in scores.values.items():
        measured = beside is not None and metric in beside.intervals
        text_only = _number(beside.values[metric]) if measured else ""
        span = _span(scores.intervals, metric)
        lines.append(_line(metric, _number(value, counts=not span), span, text_only))
    return lines


def lines_of_comparison(system: SystemScores, comparison: Comparison) -> list[str]:
    """The differences between two systems as tables for the screen, one for each protocol."""
    head = f"{system.name} minus {comparison.other.name} (paired over photographs)"
    lines = [head]
    for compared in comparison.protocols:
        lines += [compared_protocols(compared), *lines_of_differences(compared.differences)]
    return lines


def compared_protocols(compared: Compared) -> str:
    """The protocols of a difference, such as "own stop minus top 3"; one where both are it."""
    first, second = compared.first.protocol, compared.second.protocol
    return first if first == second else f"{first} minus {second}"


def differs(difference: Difference) -> bool:
    """Whether zero is outside the interval, by more than the printed digits hide."""
    return difference.low > _VISIBLE or difference.high < -_VISIBLE


def lines_of_differences(differences: Sequence[Difference]) -> list[str]:
    """Differences as a table for the screen."""
    lines = []
    for difference in differences:
        low, high = difference.low, difference.high
        remark = "differs" if differs(difference) else ""
        span = f"{low:+.4f} to {high:+.4f}"
        lines.append(_line(difference.metric, f"{difference.value:+.4f}", span, remark))
    return lines


def scores_for_report(scores: MeanScores, *, without: str = "") -> list[report.Score]:
    """The scores as a report shows them, but for one metric that it shows elsewhere."""
    return [_for_report(scores, metric) for metric in scores.values if metric != without]


def _for_report(scores: MeanScores, metric: str) -> report.Score:
    low, high = scores.intervals.get(metric, (None, None))
    return report.Score(metric, scores.values[metric], low, high, scores.missing.get(metric, ""))


def _how_trained(run) -> str:
    return "trained through" if run.cost.trained_through else "frozen"


def _line(name: str, value: str, span: str, beside: str) -> str:
    return f"  {name:<32}{value:>12}  {span:<22}{beside:>10}".rstrip()


def _span(intervals: Mapping, metric: str) -> str:
    if metric not in intervals:
        return ""
    low, high = intervals[metric]
    return f"{low:.4f} to {high:.4f}"


def _number(value: float | None, *, counts: bool = False) -> str:
    if value is None:
        return "missing"
    if counts and float(value).is_integer():
        return f"{value:,.0f}"
    return f"{value:.4f}" if abs(value) < 10 else f"{value:,.1f}"
