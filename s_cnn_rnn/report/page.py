"""Writes the page: chooses what to show, hands it to the templates."""

import os
import pathlib
from collections.abc import Sequence

from s_cnn_rnn.report import charts, co_occurrence, formatting, gallery, thumbnails
from s_cnn_rnn.report.concepts import ConceptScores, CoOccurrence
from s_cnn_rnn.report.contents import ComparedRun, Concept, Report, ReportPhotograph
from s_cnn_rnn.report.scores import Score
from s_cnn_rnn.report.templates import render, write_page

SIDE_BY_SIDE_PHOTOGRAPHS = 12
SIDE_BY_SIDE_PIXELS = 360


def write_report(path: str | os.PathLike, report: Report) -> pathlib.Path:
    """Writes a run's report as one HTML file that needs nothing else.

    Args:
        path: the file to write; it is replaced only once the new one is complete.
        report: what to show.

    Returns:
        The path written.

    Raises:
        ValueError: a photograph's bytes do not decode.
        FileNotFoundError: the folder does not exist.
    """
    return write_page(path, render_report(report))


def render_report(report: Report) -> str:
    """The page as HTML text; see `write_report`."""
    wording = report.wording
    everyday = frozenset()
    if wording.folds_everyday:
        everyday = gallery.everyday_concepts(report.photographs)
    return render(
        "page.html.j2",
        report=report,
        wording=wording,
        headline=_headline(report),
        systems=[name for name, _ in _systems(report)],
        score_rows=score_rows(report),
        system_rows=system_rows(report) if wording.rows_are_systems else [],
        stage_charts=stage_charts(report),
        galleries=[
            (group, [_card(photograph, everyday) for photograph in group.photographs])
            for group in gallery.choose_galleries(
                report.photographs,
                metric=report.photograph_metric,
                size=report.photographs_per_gallery,
                seed=report.seed,
            )
        ],
        everyday=everyday,
        compared_photographs=compared_photographs(report),
        concepts=_concept_tables(report.concept_scores),
        co_occurrence=_co_occurrence(report.co_occurrence),
        settings=formatting.flatten(report.settings),
    )


def _systems(report: Report) -> list[tuple[str, Sequence[Score]]]:
    """(name, scores) of the system, the text-only baseline and the compared runs, in order."""
    baseline = [(report.baseline, report.baseline_scores)] if report.baseline_scores else []
    return [
        (report.system, report.scores),
        *baseline,
        *((run.name, run.scores) for run in report.compared),
    ]


def score_rows(report: Report) -> list[tuple[str, list[Score | None], charts.BarChart | None]]:
    """(metric, each system's score, its bars) in the order in which metrics are first named."""
    tables = system_rows(report)
    metrics = dict.fromkeys(metric for _, table in tables for metric in table)
    charted = report.wording.charted or tuple(metrics)
    if len(tables) > charts.MOST_BARS:
        charted = ()
    rows = []
    for metric in metrics:
        scores = [(name, table.get(metric)) for name, table in tables]
        chart = charts.bar_chart(metric, scores) if metric in charted else None
        rows.append((metric, [score for _, score in scores], chart))
    return rows


def system_rows(report: Report) -> list[tuple[str, dict[str, Score]]]:
    """(system, metric -> its score), in order."""
    return [
        (name, {score.metric: score for score in map(_whole, scores)})
        for name, scores in _systems(report)
    ]


def _whole(score: Sequence) -> Score:
    """A `Score` from a tuple that may leave out the last fields."""
    return Score(*score)


def _headline(report: Report) -> list[tuple[str, Score]]:
    """The figures at the top of the page: (whose, score)."""
    tables = system_rows(report)[:2]
    first, *others = report.wording.headlines or list(tables[0][1])[:1] or [""]
    figures = [(name, table[first]) for name, table in tables if first in table]
    name, table = tables[0]
    figures += [(name, table[metric]) for metric in others if metric in table]
    if report.concept_scores:
        figures.append(("concept layer", _whole(report.concept_scores.mean_average_precision)))
    return figures


def stage_charts(report: Report) -> list[tuple[str, list[charts.LineChart]]]:
    """(stage, its charts), one chart for each measure, in the order of the curves."""
    stages: dict[str, dict[str, list]] = {}
    for curve in report.curves:
        stages.setdefault(curve.stage, {}).setdefault(curve.measure, []).append(curve)
    return [
        (stage, [chart for group in measures.values() if (chart := charts.line_chart(group))])
        for stage, measures in stages.items()
    ]


def _card(photograph: ReportPhotograph, everyday: frozenset[str]) -> dict:
    """Everything the template shows of one photograph."""
    return {
        "photograph": photograph,
        "picture": thumbnails.make_thumbnail(photograph.jpeg, photograph.file_name),
        "words": formatting.marked(photograph.written, photograph.references),
        "concepts": gallery.shown_concepts(photograph.concepts, everyday),
        "beams": photograph.beams,
    }


def compared_photographs(report: Report) -> list[dict]:
    """The same photographs with what each system wrote, as in the paper's supplement.

    Drawn by the report's seed from the photographs that every compared run with photographs knows.
    """
    runs = [run for run in report.compared if run.written]
    if not runs:
        return []
    shared = [p for p in report.photographs if all(p.file_name in run.written for run in runs)]
    drawn = gallery.draw(shared, SIDE_BY_SIDE_PHOTOGRAPHS, report.seed)
    return [_compared_card(photograph, report, runs) for photograph in drawn]


def _compared_card(
    photograph: ReportPhotograph, report: Report, runs: Sequence[ComparedRun]
) -> dict:
    by_whom = {run.name: run.written[photograph.file_name] for run in runs}
    by_whom[report.system] = photograph.written
    concepts = map(Concept._make, photograph.concepts)
    surest = sorted(concepts, key=lambda concept: -concept.probability)
    return {
        "concepts": surest[: report.wording.beside],
        "human": formatting.marked(photograph.human, photograph.references),
        "photograph": photograph,
        "picture": thumbnails.make_thumbnail(
            photograph.jpeg, photograph.file_name, SIDE_BY_SIDE_PIXELS
        ),
        "written": [
            (name, formatting.marked(written, photograph.references))
            for name, written in by_whom.items()
        ],
    }


def _co_occurrence(counted: CoOccurrence | None) -> dict | None:
    chart = counted and co_occurrence.co_occurrence_chart(counted)
    if chart is None:
        return None
    often, rarely = co_occurrence.surprising_pairs(counted)
    tables = [("Together too often", often), ("Together too rarely", rarely)]
    return {"chart": chart, "tables": [table for table in tables if table[1]]}


def _concept_tables(scores: ConceptScores | None) -> dict | None:
    if scores is None:
        return None
    right, wrong = gallery.extreme_concepts(scores.concepts)
    return {
        "average": _whole(scores.mean_average_precision),
        "threshold": scores.threshold,
        "tables": [("Most often right", right), ("Most often wrong", wrong)],
        "count": len(scores.concepts),
    }
