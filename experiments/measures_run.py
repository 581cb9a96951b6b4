"""What the programs that measure concepts and explanations do: measure, print, add result rows."""

import pathlib
from collections.abc import Callable, Iterator, Mapping

from s_cnn_rnn.bootstrap import Ratios
from s_cnn_rnn.measures.concept_writer import ConceptWriter
from s_cnn_rnn.measures.contribution_measures import agreement_scores
from s_cnn_rnn.measures.intervention_measures import intervention_curve, leak_scores
from s_cnn_rnn.measures.map_measures import area_scores, randomisation_scores
from s_cnn_rnn.measures.measure_rows import lines_of_rows, rows_of_measure
from s_cnn_rnn.measures.what_if_measures import switch_scores
from s_cnn_rnn.progress import ProgressBar
from s_cnn_rnn.runs.run_folder import RunFolder
from s_cnn_rnn.scoring.caption_evaluation import how_decoded
from s_cnn_rnn.scoring.results import append_results

Measure = Callable[[ConceptWriter], Iterator[tuple[str, Ratios]]]


def _what_if(writer):
    for correlated, how in ((True, "correlated"), (False, "alone")):
        yield f"what if, {how}, {_decoded(writer)}", switch_scores(writer, correlated=correlated)


def _curve(writer):
    for correlated, how in ((True, "correlated"), (False, "alone")):
        scores = intervention_curve(writer, correlated=correlated)
        yield f"intervention, {how}, {_decoded(writer)}", scores


def _leak(writer):
    yield f"leak, {_decoded(writer)}", leak_scores(writer)


def _agreement(writer):
    yield "contributions against switching", agreement_scores(writer)


def _areas(writer):
    yield "word maps, places blurred", area_scores(writer)


def _randomisation(writer):
    yield "word maps, weights shuffled", randomisation_scores(writer)


def _decoded(writer: ConceptWriter) -> str:
    return how_decoded(writer.folder.settings().decoding)


INTERFACE: Mapping[str, Measure] = {"what_if": _what_if, "curve": _curve, "leak": _leak}
"""Measures of the interface: (protocol, scores of each photograph), one after the other."""

EXPLANATIONS: Mapping[str, Measure] = {
    "agreement": _agreement,
    "areas": _areas,
    "randomisation": _randomisation,
}
"""Measures of explanations, in the same form."""


def measure(
    run: str,
    measures: Mapping[str, Measure],
    *,
    split: str,
    photographs: int,
    results: str | None,
    command: str,
) -> None:
    """Measures a run, prints the figures, and adds them to a result file.

    Args:
        run: run folder.
        measures: by name.
        split: to measure on.
        photographs: how many, the first ones.
        results: the file; None: none.
        command: what measures it again.

    Raises:
        FileNotFoundError, KeyError, ValueError: as `ConceptWriter.of_run` and the measures.
    """
    folder = RunFolder(pathlib.Path(run))
    with ProgressBar(" photographs") as progress:
        writer = ConceptWriter.of_run(folder, split, photographs, progress=progress)
    for one in measures.values():
        for protocol, scores in one(writer):
            rows = rows_of_measure(folder, scores, split=split, protocol=protocol, command=command)
            print("\n".join(lines_of_rows(rows)), flush=True)
            if results:
                append_results(results, rows)
