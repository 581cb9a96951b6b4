"""A run as one self-contained HTML file: scores, learning curves, and photographs with captions.

Pictures that compare several runs outside the page are in `s_cnn_rnn.report.comparison`.
"""

from s_cnn_rnn.report.contents import (
    PAPER_STAGES,
    Beam,
    ComparedRun,
    Concept,
    ConceptScore,
    ConceptScores,
    CurvePoint,
    LearningCurve,
    Report,
    ReportPhotograph,
    Score,
    Stage,
    count_concepts,
)
from s_cnn_rnn.report.page import render_report, write_report

__all__ = [
    "PAPER_STAGES",
    "Beam",
    "ComparedRun",
    "Concept",
    "ConceptScore",
    "ConceptScores",
    "CurvePoint",
    "LearningCurve",
    "Report",
    "ReportPhotograph",
    "Score",
    "Stage",
    "count_concepts",
    "render_report",
    "write_report",
]
