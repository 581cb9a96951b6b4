"""Scores of systems -> the report page: what was run, how it learnt, what it writes."""

import functools
from collections.abc import Iterator, Sequence

import numpy as np

from s_cnn_rnn import report
from s_cnn_rnn.caption_metrics import caption_statistics
from s_cnn_rnn.decoding.hypotheses import FIXED_LENGTH
from s_cnn_rnn.label_metrics import average_precision
from s_cnn_rnn.model.systems import find_system
from s_cnn_rnn.report.label_report import parts_of_labels
from s_cnn_rnn.report.system_texts import describe_stage, introduce_ensemble, introduce_system
from s_cnn_rnn.runs.run_cost import FinishedStage, finished_stages
from s_cnn_rnn.runs.run_folder import RunFolder
from s_cnn_rnn.runs.run_names import system_of_run
from s_cnn_rnn.scoring.evaluation import Comparison, RunScores, SystemScores
from s_cnn_rnn.scoring.results import commit, hardware
from s_cnn_rnn.scoring.score_table import compared_protocols, costs, scores_for_report
from s_cnn_rnn.training.logs import read_log

CONCEPT_MAP = "concept mAP"
SURE = 0.5
SUREST = 40  # concepts kept of each photograph, beside the sure and the true ones

# Series of metrics.jsonl -> (measure, part): those of one measure share a chart.
SERIES = {
    "Lu": ("Lu", "train"),
    "validation/Lu": ("Lu", "validation"),
    "Lr": ("Lr", "train"),
    "validation/Lr": ("Lr", "validation"),
    "validation/concept_mAP": ("concept mAP", "validation"),
    "validation/CIDEr": ("CIDEr (quick, without Java)", "validation"),
    "validation/O-F1": ("O-F1", "validation, own stop"),
    f"validation/O-F1_top_{FIXED_LENGTH}": ("O-F1", f"validation, top {FIXED_LENGTH}"),
    "validation/C-F1": ("C-F1", "validation, own stop"),
}
UNITS = {"Lu": "nats per photograph", "Lr": "nats per annotation"}
WRITTEN = {"captions": lambda found: found.annotation, "labels": lambda found: found.words}
"""Kind -> what a report shows of a `Hypothesis`."""


def make_report(
    system: SystemScores,
    comparisons: Sequence[Comparison] = (),
    *,
    command: str = "",
) -> report.Report:
    """Puts a system's report together; photographs and curves are those of its first run.

    Args:
        system: the scores.
        comparisons: with other systems on the same photographs.
        command: what makes the report again.
    """
    run = system.runs[0]
    prepared = run.data.prepared
    stages = finished_stages(run.folder)
    return report.Report(
        title=f"{system.name} on {prepared.name}, {run.data.split}",
        settings=_settings(system, comparisons, command),
        kind=run.settings.task,
        **PARTS[run.settings.task](system, comparisons),
        photograph_metric=run.protocols[0].photograph_metric,
        # The members of an ensemble have stages of the same names; each one's report has its own.
        curves=[]
        if run.folder.members()
        else [curve for stage in stages for curve in learning_curves(stage)],
        photographs=list(_photographs(run)) if run.data.prepared.has_photographs else [],
        stages=[_stage(stage, run) for stage in stages],
        introduction=_introduction(run, len(stages)),
    )


def _introduction(run: RunScores, stages: int) -> str:
    members = run.folder.members()
    if members:
        return introduce_ensemble(system_of_run(run.folder), [str(m.path) for m in members])
    row, concepts = find_system(run.settings.system), len(run.folder.vocabulary().concepts)
    return introduce_system(row, concepts, stages, task=run.settings.task)


def _settings(system: SystemScores, comparisons, command: str) -> dict[str, object]:
    run = system.runs[0]
    prepared = run.data.prepared
    content = {
        "command": command,
        "commit": commit(),
        "hardware": hardware(),
        "data set": f"{prepared.name} {prepared.version}",
        "data digest": prepared.digest,
        "evaluated": f"{len(run.data):,} photographs of {run.data.split}; {system.main.protocol}",
        "seeds": system.seeds,
        "run": str(run.folder.path),
        **{name: f"{value:,.0f}" for name, value in costs(system).items()},
    }
    for other, protocols in comparisons:
        content[f"{system.name} minus {other.name}"] = {
            compared_protocols(compared): {
                d.metric: f"{d.value:+.4f} (95%: {d.low:+.4f} to {d.high:+.4f})"
                for d in compared.differences
            }
            for compared in protocols
        }
    return content | {"settings": run.settings.to_dict()}


def _parts_of_captions(system: SystemScores, comparisons: Sequence[Comparison]) -> dict:
    """The parts of a report that only captions have, by the names of `report.Report`'s fields."""
    return {
        "system": system.name,
        "scores": scores_for_report(system.main, without=CONCEPT_MAP),
        "baseline_scores": _text_only_scores(system),
        "compared": [_compared_run(other) for other, _ in comparisons],
        "concept_scores": _concept_scores(system.runs[0]),
    }


def _text_only_scores(system: SystemScores) -> list[report.Score]:
    scores = [s for s in scores_for_report(system.text_only) if s.value is not None]
    texts = [run.predictions.text_only.annotation for run in system.runs]
    counted = [caption_statistics([text]) for text in texts]
    return scores + [
        report.Score(name, float(np.mean([one[name] for one in counted]))) for name in counted[0]
    ]


def _compared_run(system: SystemScores) -> report.ComparedRun:
    captions = {p.file_name: p.annotation for p in system.runs[0].annotated}
    scores = scores_for_report(system.main, without=CONCEPT_MAP)
    return report.ComparedRun(system.name, scores, captions)


def _concept_scores(run: RunScores) -> report.ConceptScores | None:
    if run.predictions.s_hat is None:
        return None
    probabilities = run.predictions.s_hat[run.data.rows]
    precisions = average_precision(probabilities, run.data.concepts)
    concepts = report.count_concepts(
        run.folder.vocabulary().concepts,
        probabilities,
        run.data.concepts,
        threshold=SURE,
        average_precisions=[None if np.isnan(p) else float(p) for p in precisions],
    )
    mean = report.Score(CONCEPT_MAP, run.protocols[0].values[CONCEPT_MAP])
    return report.ConceptScores(mean, concepts, threshold=SURE)


def learning_curves(finished: FinishedStage) -> Iterator[report.LearningCurve]:
    """The curves in a stage's log, as far as it has them."""
    lines = read_log(finished.folder)
    for series, (measure, part) in SERIES.items():
        points = [
            report.CurvePoint(line["step"], line["step"] * finished.photographs, line[series])
            for line in lines
            if series in line
        ]
        if points:
            unit = UNITS.get(measure, "")
            yield report.LearningCurve(finished.stage.name, measure, part, points, unit)


def _stage(finished: FinishedStage, run: RunScores) -> report.Stage:
    description = describe_stage(finished.stage, finished.system, task=run.settings.task)
    owner = RunFolder(finished.folder.path.parents[1])
    if owner != run.folder:
        description += f" Taken over from the run {owner.path}."
    steps, seconds = finished.summary["steps"], finished.summary["seconds"]
    return report.Stage(finished.stage.name, description, steps, seconds)


def _photographs(run: RunScores) -> Iterator[report.ReportPhotograph]:
    scores = run.protocols[0]
    score_of = dict(zip(scores.image_ids, scores.per_photograph.tolist(), strict=True))
    words = run.folder.vocabulary().concepts
    written = WRITTEN[run.settings.task]
    text_only = run.predictions.text_only
    for n, prediction in enumerate(run.annotated):
        yield report.ReportPhotograph(
            file_name=prediction.file_name,
            jpeg=functools.partial(_jpeg, run, n),
            written=written(prediction.beams[0]),
            score=score_of[prediction.image_id],
            references=run.data.references[n],
            concepts=_concepts(run, n, words),
            beams=[
                report.Beam(written(hypothesis), hypothesis.log_probability)
                for hypothesis in prediction.beams
                if hypothesis.log_probability is not None
            ],
            baseline_written=written(text_only) if text_only else "",
        )


def _jpeg(run: RunScores, n: int) -> bytes:
    (jpeg,) = run.data.photographs([n])
    return jpeg


def _concepts(run: RunScores, n: int, words: Sequence[str]) -> list[report.Concept]:
    """The surest, the sure and the true concepts of the n-th photograph."""
    if run.predictions.s_hat is None:
        return []
    probabilities = run.predictions.s_hat[run.data.rows[n]]
    true = run.data.concepts[n].astype(bool)
    kept = true | (probabilities >= SURE)
    kept[np.argsort(-probabilities)[:SUREST]] = True
    return [
        report.Concept(words[i], float(probabilities[i]), bool(true[i]))
        for i in np.flatnonzero(kept)
    ]


PARTS = {"captions": _parts_of_captions, "labels": parts_of_labels}
