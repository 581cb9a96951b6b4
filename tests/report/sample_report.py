"""Drawn pictures and a whole sample report for the tests of the report."""

import io

from PIL import Image, ImageDraw

from s_cnn_rnn.report import (
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
)


def jpeg(width=64, height=48, colour="#c8372d", **save) -> bytes:
    picture = Image.new("RGB", (width, height), "#efeae0")
    ImageDraw.Draw(picture).ellipse([8, 8, 32, 32], fill=colour)
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", **save)
    return buffer.getvalue()


def photograph(number=0, **changes) -> ReportPhotograph:
    content = {
        "file_name": f"drawn_{number}.jpg",
        "jpeg": jpeg(),
        "written": "a red circle",
        "score": 0.1 * number,
        "references": ("one red circle", "a circle that is red"),
        "concepts": (Concept("red", 0.9, True), Concept("blue", 0.2, False)),
        "beams": (Beam("a red circle", -1.25), Beam("a circle", -2.5)),
        "baseline_written": "a square",
    }
    return ReportPhotograph(**{**content, **changes})


def report(**changes) -> Report:
    photographs = changes.pop("photographs", [photograph(number) for number in range(9)])
    content = {
        "title": "Drawn shapes",
        "settings": {"system": "ours", "stages": {"cnn": {"steps": 30}}, "command": "run it"},
        "scores": [Score("CIDEr", 1.5, 1.4, 1.6), Score("METEOR", None, reason="no Java here")],
        "baseline_scores": [("CIDEr", 0.25, 0.2, 0.3)],
        "compared": [
            ComparedRun("nic-f", [Score("CIDEr", 1.25)], {p.file_name: "seen" for p in photographs})
        ],
        "concept_scores": ConceptScores(
            Score("concept mAP", 0.75),
            [ConceptScore("red", 5, 1, 0), ConceptScore("blue", 1, 3, 2)],
        ),
        "curves": [
            LearningCurve(
                "CNN", "Lu", "train", [CurvePoint(10, 320, 9.0), CurvePoint(20, 640, 4.0)]
            )
        ],
        "photographs_per_gallery": 2,
        "photographs": photographs,
    }
    return Report(**{**content, **changes})
