"""What the comparing program does: scores runs, prints differences, writes the page."""

import pathlib
from collections.abc import Sequence

from experiments.shapes_truth import own_score
from s_cnn_rnn.data.prepared import PreparedData
from s_cnn_rnn.progress import ProgressBar
from s_cnn_rnn.report.comparison_page import write_comparison
from s_cnn_rnn.report.run_comparison import compare_pairs, make_comparison
from s_cnn_rnn.runs.run_folder import RunFolder
from s_cnn_rnn.runs.seeds import group_by_seed
from s_cnn_rnn.scoring.evaluation import HowScored, score_systems
from s_cnn_rnn.scoring.results import append_results
from s_cnn_rnn.scoring.score_table import lines_of_comparison, rows_of_comparison, rows_of_system


def compare(
    runs: Sequence[str],
    output: str,
    *,
    split: str = "validation",
    differing: int = 12,
    drawn: int = 12,
    named: Sequence[str] = (),
    results: str | None = None,
    command: str = "",
) -> None:
    """Scores runs, prints the differences between systems, and writes the page.

    Args:
        runs: run folders; those that differ in nothing but their seed are one system.
        output: the HTML file to write.
        split: what to predict.
        differing: how many photographs are shown side by side of those that differ most.
        drawn: how many are shown that are drawn at random.
        named: file names of photographs that are shown instead.
        results: result file that all scores and differences are added to.
        command: what compares again.

    Raises:
        ValueError: fewer than two systems; a photograph that is none of the split's; as
            `evaluation.score_systems`.
        FileNotFoundError, KeyError: as there.
    """
    groups = group_by_seed([RunFolder(pathlib.Path(run)) for run in runs])
    if len(groups) < 2:
        raise ValueError(
            f"expected runs of two systems or more; {', '.join(runs)} differ in nothing but their "
            "seed: experiments.evaluate scores them together"
        )
    prepared = PreparedData(groups[0][0].settings().data)
    with ProgressBar(" photographs") as progress:
        how = HowScored(own_score(prepared, split))
        systems = score_systems(groups, split, how=how, progress=progress)
    pairs = compare_pairs(systems)
    shown = {"differing": differing, "drawn": drawn, "named": named}
    content = make_comparison(systems, pairs, **shown, command=command)
    for system, comparison in pairs:
        print("\n".join(lines_of_comparison(system, comparison)), end="\n\n")
    if results:
        rows = [row for system in systems for row in rows_of_system(system, command=command)]
        for system, comparison in pairs:
            rows += rows_of_comparison(system, comparison, command=command)
        append_results(results, rows)
        print(f"scores added to {results}")
    print(f"page: {write_comparison(output, content)}")
