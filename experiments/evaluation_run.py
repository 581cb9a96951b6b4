"""What the evaluation program does: scores runs, prints tables, adds result rows, reports."""

import os
import pathlib
import shlex
from collections.abc import Sequence

from experiments.shapes_truth import own_score
from s_cnn_rnn.data.prepared import PreparedData
from s_cnn_rnn.progress import ProgressBar
from s_cnn_rnn.report import write_report
from s_cnn_rnn.report.run_report import make_report
from s_cnn_rnn.runs.run_folder import RunFolder
from s_cnn_rnn.runs.seeds import group_by_seed
from s_cnn_rnn.scoring.evaluation import HowScored, compare_systems, score_systems
from s_cnn_rnn.scoring.results import append_results
from s_cnn_rnn.scoring.score_table import (
    lines_of_comparison,
    lines_of_system,
    rows_of_comparison,
    rows_of_system,
)


def evaluate(
    runs: Sequence[str],
    *,
    compare: Sequence[str] = (),
    split: str = "validation",
    results: str | None = None,
    report: bool = True,
    s_hat_too: bool = False,
    command: str = "",
) -> None:
    """Scores runs, prints the tables, and writes what is asked for.

    Args:
        runs: run folders, seeds of one system.
        compare: run folders of other systems, each with one or several seeds.
        split: what to predict.
        results: result file that the first system's rows and differences are added to.
        report: whether the report is written.
        s_hat_too: whether s_hat of systems that write labels is scored as well.
        command: what measures the scores again.

    Raises:
        FileNotFoundError, KeyError, ValueError: as `evaluation.score_systems`.
    """
    folders = [RunFolder(pathlib.Path(run)) for run in runs]
    groups = group_by_seed([RunFolder(pathlib.Path(run)) for run in compare])
    prepared = PreparedData(folders[0].settings().data)
    how = HowScored(own_score(prepared, split), s_hat_too)
    with ProgressBar(" photographs") as progress:
        ours, *compared = score_systems([folders, *groups], split, how=how, progress=progress)
    for system in (ours, *compared):
        print("\n".join(lines_of_system(system)), end="\n\n")
    found = [compare_systems(ours, system) for system in compared]
    for comparison in found:
        print("\n".join(lines_of_comparison(ours, comparison)), end="\n\n")
    if results:
        rows = rows_of_system(ours, command=command)
        for comparison in found:
            rows += rows_of_comparison(ours, comparison, command=command)
        append_results(results, rows)
        print(f"scores added to {results}")
    if report:
        path = write_report(folders[0].report, make_report(ours, found, command=command))
        print(f"report: {path}")


def command(module: str, arguments: Sequence[str]) -> str:
    """The command line as one would type it in the current folder.

    Args:
        module: of the program.
        arguments: as the program was given them.
    """
    here = f"{os.getcwd()}/"
    return shlex.join(
        ["python", "-m", module, *(argument.replace(here, "") for argument in arguments)]
    )
