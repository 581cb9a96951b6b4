"""Measures of a run's concepts and explanations as result rows."""

from s_cnn_rnn.bootstrap import Ratios, bootstrap
from s_cnn_rnn.data.prepared import PreparedData
from s_cnn_rnn.runs.run_cost import finished_stages
from s_cnn_rnn.runs.run_folder import RunFolder
from s_cnn_rnn.runs.run_names import encoder_of_run, seed_of_run, system_of_run, variant_of_run
from s_cnn_rnn.scoring.results import Result, result_rows


def rows_of_measure(
    folder: RunFolder, scores: Ratios, *, split: str, protocol: str, command: str
) -> list[Result]:
    """One row a figure, with intervals over photographs.

    Args:
        folder: of the run.
        scores: of each photograph.
        split: that the photographs are of.
        protocol: what was done to them.
        command: what measures it again.
    """
    trained = any("encoder" in finished.stage.trains for finished in finished_stages(folder))
    return result_rows(
        scores.values,
        bootstrap(scores),
        system=system_of_run(folder),
        split=split,
        protocol=f"{protocol}, {len(scores.image_ids)} photographs",
        encoder=encoder_of_run(folder),
        trained_through="yes" if trained else "no",
        data_hash=PreparedData(folder.settings().data).digest[:16],
        seeds=seed_of_run(folder),
        variant=variant_of_run(folder),
        command=command,
    )


def lines_of_rows(rows: list[Result]) -> list[str]:
    """Rows of one protocol for the screen."""
    lines = [rows[0].protocol]
    for row in rows:
        value = "not measured" if row.value is None else f"{row.value:.3f}"
        between = "" if row.low is None else f"  {row.low:.3f} to {row.high:.3f}"
        lines.append(f"    {row.metric:<44}{value:>12}{between}")
    return lines
