"""What the annotation program does: finds photographs, annotates them, prints."""

import json
import pathlib
import sys
from collections.abc import Iterator, Sequence

from data_prep.folders import PICTURE_ENDINGS
from s_cnn_rnn.annotator import Annotation, Annotator
from s_cnn_rnn.photographs import DamagedPhotograph


def annotate(
    run: str, places: Sequence[str], *, form: str = "text", concepts: int = 8, beams: int = 1
) -> int:
    """Annotates photographs and prints each as soon as it is done.

    Args:
        run: run folder.
        places: files, and folders whose picture files are taken.
        form: "text" or "json".
        concepts: how many concepts to print.
        beams: how many captions of each photograph.

    Returns:
        How many photographs were skipped.

    Raises:
        FileNotFoundError: no finished run, or no photograph in the places.
        ValueError: more beams than the run has.
    """
    files = [file for place in places for file in photograph_files(pathlib.Path(place))]
    if not files:
        raise FileNotFoundError(
            f"no photograph in {list(places)}: name picture files, or folders with such files"
        )
    damaged: list[DamagedPhotograph] = []

    def tell(photograph: DamagedPhotograph) -> None:
        damaged.append(photograph)
        print(f"skipped {photograph}", file=sys.stderr, flush=True)

    lines = {"text": text_of, "json": json_of}[form]
    for annotation in Annotator.from_run(run).annotate(files, beams=beams, on_damaged=tell):
        print(lines(annotation, concepts), flush=True)
    if damaged:
        print(f"{len(damaged)} of {len(files)} photographs were skipped", file=sys.stderr)
    return len(damaged)


def photograph_files(place: pathlib.Path) -> Iterator[pathlib.Path]:
    """A file itself, whatever its name; of a folder its picture files, sorted, at any depth."""
    if not place.is_dir():
        yield place
        return
    for path in sorted(place.rglob("*")):
        if path.suffix.lower() in PICTURE_ENDINGS and path.is_file():
            yield path


def text_of(annotation: Annotation, concepts: int) -> str:
    """An annotation for people to read; labels with their probabilities, where there are any."""
    other = [f"    or: {beam.annotation}" for beam in annotation.beams[1:]]
    if annotation.kind == "captions":
        written = annotation.text
        beside, shown = "concepts", annotation.telling_concepts(concepts)
    else:
        pairs = ((label, annotation.probability(label)) for label in annotation.words)
        written = ", ".join(_with_probability(*pair) for pair in pairs) or "no label"
        beside, shown = "not written", annotation.other_concepts(concepts)
    lines = [annotation.file_name, f"    {written}", *other]
    text = ", ".join(_with_probability(concept.word, concept.probability) for concept in shown)
    return "\n".join([*lines, f"    {beside}: {text}"] if text else lines)


def _with_probability(word: str, probability: float | None) -> str:
    return word if probability is None else f"{word} {probability:.2f}"


def json_of(annotation: Annotation, concepts: int) -> str:
    """An annotation as one line of JSON."""
    if annotation.kind == "captions":
        written = {"caption": annotation.text}
        shown = annotation.telling_concepts(concepts)
    else:
        labels = annotation.words
        written = {
            "labels": [{"label": n, "probability": annotation.probability(n)} for n in labels]
        }
        shown = annotation.other_concepts(concepts)
    content = {
        "file_name": annotation.file_name,
        **written,
        "log_probability": annotation.log_probability,
        "beams": [beam._asdict() for beam in annotation.beams],
        "concepts": [{"word": c.word, "probability": c.probability} for c in shown],
    }
    return json.dumps(content, ensure_ascii=False)
