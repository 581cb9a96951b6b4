"""The parts of a report that only labels have: protocols side by side, each label, label pairs."""

from collections.abc import Sequence

import numpy as np

from s_cnn_rnn import report
from s_cnn_rnn.label_metrics import LabelScores, average_precision
from s_cnn_rnn.scoring.evaluation import Comparison, RunScores, SystemScores
from s_cnn_rnn.scoring.protocol_scores import MeanScores, ProtocolScores
from s_cnn_rnn.scoring.score_table import scores_for_report


def parts_of_labels(system: SystemScores, comparisons: Sequence[Comparison]) -> dict:
    """The parts, by the names of `report.Report`'s fields.

    Single labels, pairs and photographs are those of each system's first run.
    """
    others = [other for other, _ in comparisons]
    text_only = system.text_only
    return {
        "system": _name(system, system.main),
        "scores": scores_for_report(system.main),
        "baseline_scores": scores_for_report(text_only) if text_only else [],
        "compared": [
            *(_compared(system, scores) for scores in system.protocols[1:]),
            *(_compared(other, scores) for other in others for scores in other.protocols),
        ],
        "label_table": _label_table(system, others),
        "co_occurrence": _co_occurrence(system.runs[0]),
    }


def _name(system: SystemScores, scores: MeanScores) -> str:
    return f"{system.name}, {scores.protocol}"


def _compared(system: SystemScores, scores: MeanScores) -> report.ComparedRun:
    """A system under one protocol; photographs show what it wrote under the main one alone."""
    written = {}
    if scores is system.main:
        written = {p.file_name: p.words for p in system.runs[0].annotated}
    return report.ComparedRun(_name(system, scores), scores_for_report(scores), written)


def _label_table(system: SystemScores, others: Sequence[SystemScores]) -> report.LabelTable:
    run = system.runs[0]
    labels = run.folder.vocabulary().concepts
    beside = [(_name(system, mean), mean.runs[0]) for mean in system.protocols[1:]]
    beside += [(_name(other, other.main), other.main.runs[0]) for other in others]
    return report.LabelTable(
        protocol=system.main.protocol,
        labels=_counted(labels, run.protocols[0], run),
        compared=[
            (name, {label.word: label.f1 for label in _counted(labels, scores)})
            for name, scores in beside
        ],
    )


def _counted(
    labels: Sequence[str], scores: ProtocolScores, run: RunScores | None = None
) -> list[report.ConceptScore]:
    """Counts of each label; with the run also its average precision, where there are scores."""
    sets, precisions = _sets(scores), None
    if run is not None and run.predictions.s_hat is not None:
        found = average_precision(run.predictions.s_hat, sets.truth)
        precisions = [None if np.isnan(precision) else float(precision) for precision in found]
    return report.count_labels(labels, sets.predicted, sets.truth, average_precisions=precisions)


def _co_occurrence(run: RunScores) -> report.CoOccurrence:
    sets = _sets(run.protocols[0])
    labels = run.folder.vocabulary().concepts
    return report.CoOccurrence.of_sets(labels, sets.predicted, sets.truth)


def _sets(scores: ProtocolScores) -> LabelScores:
    (sets,) = (part for part in scores.parts if isinstance(part, LabelScores))
    return sets
