"""A run as one self-contained HTML file: scores, learning curves, and annotated photographs.

The picture of several runs' learning curves is in `s_cnn_rnn.report.curves_picture`.
"""

from s_cnn_rnn.report.concepts import (
    ConceptScore,
    ConceptScores,
    CoOccurrence,
    LabelTable,
    count_concepts,
    count_labels,
)
from s_cnn_rnn.report.contents import (
    PAPER_STAGES,
    Beam,
    ComparedRun,
    Concept,
    CurvePoint,
    LearningCurve,
    Report,
    ReportPhotograph,
    Stage,
    Written,
)
from s_cnn_rnn.report.page import render_report, write_report
from s_cnn_rnn.report.scores import Score

__all__ = [
    "PAPER_STAGES",
    "Beam",
    "CoOccurrence",
    "ComparedRun",
    "Concept",
    "ConceptScore",
    "ConceptScores",
    "CurvePoint",
    "LabelTable",
    "LearningCurve",
    "Report",
    "ReportPhotograph",
    "Score",
    "Stage",
    "Written",
    "count_concepts",
    "count_labels",
    "render_report",
    "write_report",
]
