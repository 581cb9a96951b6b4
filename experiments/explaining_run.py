"""What the programs for what-if and why do: write again, explain, print."""

import pathlib
from collections.abc import Iterator, Sequence

from experiments.photograph_places import require_places
from experiments.photograph_sources import Places
from experiments.skipped_photographs import Skipped
from s_cnn_rnn.annotating.photograph_batches import NamedContent, Photograph
from s_cnn_rnn.annotator import Annotator
from s_cnn_rnn.box import box_runs
from s_cnn_rnn.data.photographs import DamagedPhotograph, as_stored
from s_cnn_rnn.explaining.concept_switches import concept_named
from s_cnn_rnn.explaining.explanation import Explanation
from s_cnn_rnn.explaining.what_if import WhatIf
from s_cnn_rnn.file_names import shown_name
from s_cnn_rnn.report.explanation_page import write_explanations
from s_cnn_rnn.runs.run_folder import RunFolder


def what_if(
    run: str | None,
    photographs: Sequence[str],
    *,
    with_concepts: Sequence[str] = (),
    without_concepts: Sequence[str] = (),
    settings: Sequence[str] = (),
    correlated: bool = True,
    beams: int = 1,
) -> int:
    """Prints photographs' captions with and without switched concepts.

    Photographs that cannot be read are skipped, and told on standard error.

    Args:
        run: run folder; None: the model that comes with the package.
        photographs: picture files, folders, patterns, or - for one on standard input.
        with_concepts: to switch on; "dog,man" are two, unless that is itself a concept.
        without_concepts: to switch off, in the same way.
        settings: concepts with probabilities, such as "snow:0.8" or "snow:0.8,dog:0".
        correlated: whether correlated concepts move along.
        beams: how many captions before and after.

    Returns:
        How many photographs were skipped.

    Raises:
        FileNotFoundError: no photograph is there; no finished run; or correlated, and its data is
            missing.
        ValueError: nothing is switched; a label of the box is asked of its captioner; as
            `Annotator.what_if`.
    """
    require_places(photographs)
    if not any(map(str.strip, (*with_concepts, *without_concepts, *settings))):
        raise ValueError(
            "no concept is switched; name some: --with=dog, --without=man or --set=snow:0.8"
        )
    places = Places(tuple(photographs))
    places.count()  # refuses folders without a photograph
    skipped, annotator = Skipped(), _annotator(run)
    concepts = annotator.model.vocabulary.concepts
    switched_on = list(named_concepts(with_concepts, concepts))
    switched_off = list(named_concepts(without_concepts, concepts))
    probabilities = probabilities_of(settings, concepts)
    if run is None:
        _refuse_labels([*switched_on, *switched_off, *probabilities], concepts)
    found = annotator.what_if(
        places.photographs(),
        with_concepts=switched_on,
        without_concepts=switched_off,
        probabilities=probabilities,
        correlated=correlated,
        beams=beams,
        on_damaged=skipped,
    )
    for changed in found:
        print("\n".join(lines_of(changed)), flush=True)
    return skipped.count


def _annotator(run: str | None) -> Annotator:
    return Annotator.from_run(run) if run else Annotator.from_box()


def lines_of(changed: WhatIf) -> list[str]:
    """A photograph's captions before and after, and what changed, for people to read."""
    switched = ", ".join(f"{c.word} {c.before:.2f} -> {c.after:.2f}" for c in changed.switched)
    moved = ", ".join(f"{c.word} {c.before:.2f} -> {c.after:.2f}" for c in changed.moved(6))
    lines = [shown_name(changed.file_name)]
    for name, annotation in (("before", changed.before), ("after", changed.after)):
        texts = [beam.annotation or "(nothing)" for beam in annotation.beams]
        lines += [f"    {name + ':':<8}{texts[0]}", *(f"        or: {text}" for text in texts[1:])]
    lines.append(f"    set:    {switched}")
    return [*lines, f"    along:  {moved}"] if moved else lines


def named_concepts(given: Sequence[str], concepts: Sequence[str]) -> Iterator[str]:
    """The concepts that flags name: commas divide several.

    Args:
        given: the flags' values; one that is itself a concept stays whole, commas or not.
        concepts: there are.
    """
    for value in given:
        yield from _parts(value, value, concepts)


def _parts(value: str, name: str, concepts: Sequence[str]) -> list[str]:
    if concept_named(name, concepts):
        return [value]
    return [part.strip() for part in value.split(",") if part.strip()]


def probabilities_of(settings: Sequence[str], concepts: Sequence[str] = ()) -> dict[str, float]:
    """Concepts and their probabilities from "concept:probability"; commas divide several.

    Args:
        settings: the flags' values.
        concepts: there are; a name among them stays whole, commas or not.

    Raises:
        ValueError: one is not of that form.
    """
    found = {}
    for value in settings:
        for setting in _parts(value, value.rpartition(":")[0], concepts):
            word, _, probability = setting.rpartition(":")
            try:
                found[word] = float(probability)
            except ValueError as error:
                raise ValueError(f"--set={setting}: expected CONCEPT:PROBABILITY") from error
    return found


def _refuse_labels(words: Sequence[str], concepts: Sequence[str]) -> None:
    """Refuses labels of the box where its captioner is asked: `annotate` prints both.

    Raises:
        ValueError: the message says which model knows the label.
    """
    for run in box_runs()[1:]:
        labels = RunFolder(run).vocabulary().concepts
        for word in words:
            if concept_named(word, labels) and not concept_named(word, concepts):
                raise ValueError(
                    f"{word!r} is a label of the model for labels, and no concept of the one for "
                    f"captions; what-if switches labels with --run={run}"
                )


def explain(run: str | None, photographs: Sequence[str], output: str) -> tuple[pathlib.Path, int]:
    """Explains photographs and writes the page.

    Photographs that cannot be read are skipped, and told on standard error.

    Args:
        run: run folder; None: the model that comes with the package.
        photographs: picture files, folders, patterns, or - for one on standard input.
        output: the HTML file; one that is there is replaced.

    Returns:
        The path written, and how many photographs were skipped.

    Raises:
        FileNotFoundError: no photograph is there, or no finished run.
        ValueError: an ensemble; or no photograph can be read.
    """
    require_places(photographs)
    places = Places(tuple(photographs))
    places.count()  # refuses folders without a photograph
    annotator, skipped = _annotator(run), Skipped()
    contents: dict[str, bytes] = {}
    explained = []
    for why in annotator.why(_photographs(places, contents), on_damaged=skipped):
        explained += _with_photograph(why, contents, skipped)
    if not explained:
        raise ValueError(f"none of {skipped.count} photographs can be read; nothing is written")
    page = write_explanations(output, explained, system=annotator.settings.system)
    return page, skipped.count


def _photographs(places: Places, contents: dict[str, bytes]) -> Iterator[Photograph]:
    """Those of the places; ``contents`` keeps of those that are no files what is in them."""
    for photograph in places.photographs():
        if isinstance(photograph, NamedContent):
            contents[photograph.name] = photograph.content
        yield photograph


def _with_photograph(
    why: Explanation, contents: dict[str, bytes], skipped: Skipped
) -> list[tuple[Explanation, bytes]]:
    """An explanation and the JPEG of its photograph; none where the file has gone meanwhile."""
    name = why.annotation.file_name
    try:
        return [(why, as_stored(contents.get(name, name), name=name).jpeg)]
    except DamagedPhotograph as damaged:
        skipped(damaged)
        return []
