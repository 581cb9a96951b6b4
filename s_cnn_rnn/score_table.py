"""Scores as result rows for files and as lines for the screen."""

from collections.abc import Mapping, Sequence

from s_cnn_rnn.caption_metrics.scoring import OFFICIAL_TOKENISER
from s_cnn_rnn.evaluation import Difference, SystemScores
from s_cnn_rnn.results import Result, result_rows

TRAINING_SECONDS = "training seconds"
ENCODER_PASSES = "encoder passes"
_VISIBLE = 5e-5  # what the printed digits show; BLEU's own small constants differ by less


def protocol(system: SystemScores) -> str:
    """How captions were decoded and scored, such as "beam 3, 5 references, PTB tokeniser"."""
    run = system.runs[0]
    decoding = run.settings.decoding
    parts = ["greedy" if decoding.width == 1 else f"beam {decoding.width}"]
    if decoding.length_normalisation and decoding.width > 1:
        parts.append(f"length normalisation {decoding.length_normalisation:g}")
    counts = [len(references) for references in run.data.references]
    few, many = min(counts), max(counts)
    parts.append(f"{many} references" if few == many else f"{few} to {many} references")
    official = run.captions.tokeniser == OFFICIAL_TOKENISER
    parts.append("PTB tokeniser" if official else "imitated PTB tokeniser")
    return ", ".join(parts)


def costs(system: SystemScores) -> dict[str, float]:
    """What one training took, meaned over the seeds."""
    seconds = [run.cost.seconds for run in system.runs]
    passes = [run.cost.encoder_passes for run in system.runs]
    count = len(system.runs)
    return {TRAINING_SECONDS: sum(seconds) / count, ENCODER_PASSES: sum(passes) / count}


def rows_of_system(system: SystemScores, *, command: str) -> list[Result]:
    """One row a number, as `results.append_results` takes them.

    Args:
        system: the scores.
        command: what measures them again.
    """
    run = system.runs[0]
    text_only = {"text-only CIDEr": system.text_only_values["CIDEr"]}
    intervals = {"text-only CIDEr": system.text_only_intervals["CIDEr"]}
    return result_rows(
        system.values | text_only | costs(system),
        system.intervals | intervals,
        system=run.settings.system,
        split=run.data.split,
        protocol=protocol(system),
        encoder=run.settings.encoder.name,
        trained_through="yes" if run.cost.trained_through else "no",
        data_hash=run.data.prepared.digest[:16],
        seeds=system.seeds,
        command=command,
    )


def lines_of_system(system: SystemScores) -> list[str]:
    """The scores of a system as a table for the screen."""
    run = system.runs[0]
    split, count = run.data.split, len(run.data)
    lines = [f"{system.name}, seed {system.seeds}: {count} photographs of {split}"]
    lines.append(f"{protocol(system)}; {run.settings.encoder.name}, {_how_trained(run)}")
    lines.append(_line("", "value", "95% interval", "text only"))
    values, intervals = system.values, system.intervals
    text_only = system.text_only_values
    for metric, value in values.items():
        measured = text_only.get(metric) is not None
        beside = _number(text_only[metric]) if measured else ""
        lines.append(_line(metric, _number(value), _span(intervals, metric), beside))
    for name, value in costs(system).items():
        lines.append(_line(name, _number(value), "", ""))
    missing = {
        f"{m} is missing: {why}" for one in system.runs for m, why in one.captions.missing.items()
    }
    return lines + sorted(missing)


def lines_of_differences(
    first: SystemScores, second: SystemScores, found: Sequence[Difference]
) -> list[str]:
    """The differences between two systems as a table for the screen."""
    lines = [f"{first.name} minus {second.name} (paired over photographs)"]
    for difference in found:
        low, high = difference.low, difference.high
        remark = "differs" if low > _VISIBLE or high < -_VISIBLE else ""
        span = f"{low:+.4f} to {high:+.4f}"
        lines.append(_line(difference.metric, f"{difference.value:+.4f}", span, remark))
    return lines


def _how_trained(run) -> str:
    return "trained through" if run.cost.trained_through else "frozen"


def _line(name: str, value: str, span: str, beside: str) -> str:
    return f"  {name:<32}{value:>12}  {span:<22}{beside:>10}".rstrip()


def _span(intervals: Mapping, metric: str) -> str:
    if metric not in intervals:
        return ""
    low, high = intervals[metric]
    return f"{low:.4f} to {high:.4f}"


def _number(value: float | None) -> str:
    if value is None:
        return "missing"
    return f"{value:.4f}" if abs(value) < 10 else f"{value:,.1f}"
