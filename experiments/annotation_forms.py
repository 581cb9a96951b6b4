"""The forms in which a photograph's annotations are printed: text, JSON lines, CSV.

All are UTF-8, and the photograph's name stands on one line: `shown_name`.
"""

import csv
import io
import json
from collections.abc import Sequence

from s_cnn_rnn.annotating.annotation import Annotation
from s_cnn_rnn.file_names import shown_name

CSV_COLUMNS = ("file_name", "caption", "labels", "probabilities", "log_probability")
CSV_SEPARATOR = "|"


def text_of(annotations: Sequence[Annotation], concepts: int) -> str:
    """For people to read; labels with their probabilities, where there are any."""
    lines = [shown_name(annotations[0].file_name)]
    for annotation in annotations:
        lines += _text_lines(annotation, concepts)
    return "\n".join(lines)


def _text_lines(annotation: Annotation, concepts: int) -> list[str]:
    other = [f"    or: {beam.annotation}" for beam in annotation.beams[1:]]
    if annotation.kind == "captions":
        written = annotation.text
        beside, shown = "concepts", annotation.telling_concepts(concepts)
    else:
        pairs = ((label, annotation.probability(label)) for label in annotation.words)
        labels = ", ".join(with_probability(*pair) for pair in pairs)
        written = f"labels: {labels or 'none'}"
        beside, shown = "not written", annotation.other_concepts(concepts)
    text = ", ".join(with_probability(concept.word, concept.probability) for concept in shown)
    return [f"    {written}", *other, *([f"    {beside}: {text}"] if text else [])]


def with_probability(word: str, probability: float | None) -> str:
    """A label, and how sure the CNN is of it, where that is known."""
    return word if probability is None else f"{word} {probability:.2f}"


def json_of(annotations: Sequence[Annotation], concepts: int) -> str:
    """One line of JSON; of several annotations the first one's fields count."""
    content = {}
    for annotation in annotations:
        content = _json_fields(annotation, concepts) | content
    named = {"file_name": shown_name(annotations[0].file_name)}
    order = ["caption", "labels", "log_probability", "beams", "concepts"]
    if len(annotations) > 1:  # the concepts are those of the caption
        order.append("not_written")
    fields = {name: content[name] for name in order if name in content}
    return json.dumps(named | fields, ensure_ascii=False)


def _json_fields(annotation: Annotation, concepts: int) -> dict:
    beside = {
        "log_probability": annotation.log_probability,
        "beams": [beam._asdict() for beam in annotation.beams],
    }
    if annotation.kind == "captions":
        shown = annotation.telling_concepts(concepts)
        return {"caption": annotation.text, "concepts": _json_concepts(shown), **beside}
    labels = [
        {"label": label, "probability": annotation.probability(label)} for label in annotation.words
    ]
    shown = _json_concepts(annotation.other_concepts(concepts))
    return {"labels": labels, "concepts": shown, "not_written": shown, **beside}


def _json_concepts(concepts) -> list[dict]:
    return [{"word": c.word, "probability": c.probability} for c in concepts]


def csv_of(annotations: Sequence[Annotation], concepts: int) -> str:
    """One row of CSV with the columns `CSV_COLUMNS`; ``concepts`` does not matter."""
    row = dict.fromkeys(CSV_COLUMNS, "")
    row["file_name"] = shown_name(annotations[0].file_name)
    for annotation in reversed(annotations):
        likely = annotation.log_probability
        row["log_probability"] = "" if likely is None else f"{likely:.4f}"
        if annotation.kind == "captions":
            row["caption"] = annotation.text
        else:
            sure = [annotation.probability(label) for label in annotation.words]
            row["labels"] = CSV_SEPARATOR.join(annotation.words)
            row["probabilities"] = CSV_SEPARATOR.join(
                "" if probability is None else f"{probability:.4f}" for probability in sure
            )
    return csv_line([row[name] for name in CSV_COLUMNS])


def csv_line(values: Sequence[str]) -> str:
    """One row, quoted where needed."""
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(values)
    return line.getvalue()


FORMS = {"text": text_of, "json": json_of, "csv": csv_of}
ENDINGS = {".json": "json", ".jsonl": "json", ".ndjson": "json", ".csv": "csv"}
"""The form that a file's ending stands for; others are text."""


def name_in(line: str, form: str) -> str | None:
    """The photograph's `shown_name` in a line of an output file; None where it holds none."""
    if form == "json":
        return json.loads(line)["file_name"]
    if form == "csv":
        name = next(csv.reader([line]), [""])[0]
        return None if name == CSV_COLUMNS[0] else name
    return None if line.startswith("    ") or not line else line
