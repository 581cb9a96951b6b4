"""Writes the page: chooses what to show, hands it to the templates.

The templates escape every text (captions and file names come from strangers); the page's content
security policy also forbids scripts and every request.
"""

import os
import pathlib
from collections.abc import Sequence

import jinja2

from s_cnn_rnn.report import charts, formatting, gallery, thumbnails
from s_cnn_rnn.report.contents import (
    ComparedRun,
    ConceptScores,
    Report,
    ReportPhotograph,
    Score,
)

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
    path = pathlib.Path(path)
    unfinished = path.with_name(f"{path.name}.unfinished")
    # Names of files may hold bytes that are no text (lone surrogates): written as "?".
    unfinished.write_text(render_report(report), "utf-8", errors="replace")
    unfinished.replace(path)
    return path


def render_report(report: Report) -> str:
    """The page as HTML text; see `write_report`."""
    template = _environment().get_template("page.html.j2")
    everyday = gallery.everyday_concepts(report.photographs)
    return template.render(
        report=report,
        headline=_headline(report),
        systems=[name for name, _ in _systems(report)],
        score_rows=score_rows(report),
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
        settings=formatting.flatten(report.settings),
    )


def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(pathlib.Path(__file__).parent),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        number=formatting.number, duration=formatting.duration, measured=formatting.is_measured
    )
    return environment


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
    tables = [
        (name, {score.metric: score for score in map(Score._make, map(_whole, scores))})
        for name, scores in _systems(report)
    ]
    metrics = dict.fromkeys(metric for _, table in tables for metric in table)
    rows = []
    for metric in metrics:
        scores = [(name, table.get(metric)) for name, table in tables]
        rows.append((metric, [score for _, score in scores], charts.bar_chart(metric, scores)))
    return rows


def _whole(score: Sequence) -> Score:
    """A `Score` from a tuple that may leave out the last fields."""
    return Score(*score)


def _headline(report: Report) -> list[tuple[str, Score]]:
    """The figures at the top of the page: (whose, score)."""
    first = score_rows(report)[:1]
    names = [name for name, _ in _systems(report)][:2]
    figures = [
        (name, score)
        for _, scores, _ in first
        for name, score in zip(names, scores, strict=False)
        if score is not None
    ]
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
        "words": formatting.marked_words(photograph.caption, photograph.references),
        "concepts": gallery.shown_concepts(photograph.concepts, everyday),
        "beams": photograph.beams,
    }


def compared_photographs(report: Report) -> list[dict]:
    """The same photographs with each system's caption, as in the paper's supplement.

    Drawn by the report's seed from the photographs that every compared run with captions knows.
    """
    runs = [run for run in report.compared if run.captions]
    if not runs:
        return []
    shared = [p for p in report.photographs if all(p.file_name in run.captions for run in runs)]
    drawn = gallery.draw(shared, SIDE_BY_SIDE_PHOTOGRAPHS, report.seed)
    return [_compared_card(photograph, report, runs) for photograph in drawn]


def _compared_card(
    photograph: ReportPhotograph, report: Report, runs: Sequence[ComparedRun]
) -> dict:
    captions = {run.name: run.captions[photograph.file_name] for run in runs}
    captions[report.system] = photograph.caption
    return {
        "photograph": photograph,
        "picture": thumbnails.make_thumbnail(
            photograph.jpeg, photograph.file_name, SIDE_BY_SIDE_PIXELS
        ),
        "captions": [
            (name, formatting.marked_words(caption, photograph.references))
            for name, caption in captions.items()
        ],
    }


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
