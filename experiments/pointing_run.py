"""What the pointing game's program does: explains photographs, scores, prints."""

import pathlib
from collections.abc import Sequence

from experiments.box_annotations import BoxedPhotograph
from s_cnn_rnn.annotator import Annotator
from s_cnn_rnn.data.photographs import DamagedPhotograph
from s_cnn_rnn.measures.measure_rows import lines_of_rows, rows_of_measure
from s_cnn_rnn.measures.pointing_game import pointing_scores
from s_cnn_rnn.runs.run_folder import RunFolder
from s_cnn_rnn.scoring.results import append_results


def play(
    run: str,
    photographs: Sequence[BoxedPhotograph],
    *,
    name: str,
    results: str | None,
    command: str,
) -> None:
    """Measures a run, prints the figures, and adds them to a result file.

    Args:
        run: run folder.
        photographs: with their boxes.
        name: of the annotations, as the result rows call them.
        results: the file; None: none.
        command: what measures it again.

    Raises:
        FileNotFoundError: no finished run.
        ValueError: an ensemble; nothing that was written has a box.
        DamagedPhotograph: a photograph is missing or cannot be read.
    """
    explanations = Annotator.from_run(run).why(
        [each.path for each in photographs], on_damaged=_refuse
    )
    scores = pointing_scores(
        explanations,
        [each.boxes for each in photographs],
        [each.image_id for each in photographs],
    )
    rows = rows_of_measure(
        RunFolder(pathlib.Path(run)),
        scores,
        split=name,
        protocol="pointing game, words with a box",
        command=command,
    )
    print("\n".join(lines_of_rows(rows)), flush=True)
    if results:
        append_results(results, rows)


def _refuse(damaged: DamagedPhotograph) -> None:
    raise damaged
