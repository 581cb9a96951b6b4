"""How good a run was after how many encoder passes, read from its logs."""

import json
from collections.abc import Iterable, Sequence

from s_cnn_rnn.runs.run_cost import FinishedStage, finished_stages
from s_cnn_rnn.runs.run_folder import RunFolder
from s_cnn_rnn.runs.run_names import different_names
from s_cnn_rnn.runs.seeds import check_seeds, group_by_seed


def curve_of_run(folder: RunFolder, metric: str) -> list[tuple[int, float]]:
    """The values of a metric on the validation part against encoder passes.

    Stages on frozen features stand at the passes that were made before them: of these only the
    last value counts, where the CNN's training goes on from. The stages of a shared CNN
    (``cnn_from``) are included.

    Args:
        folder: of a finished run.
        metric: as training logs it, without "validation/": "CIDEr", "Lr", "concept_mAP", ...

    Returns:
        (photographs that the CNN was trained on so far, value), in order.

    Raises:
        ValueError: the run has no such values; the message names those it has.
    """
    points: dict[int, float] = {}
    seen: set[str] = set()
    passes = 0
    for finished in finished_stages(folder):
        if finished.stage.source == "concepts":
            continue  # scored with the true concepts, which no photograph gives away
        trains_encoder = "encoder" in finished.stage.trains
        for line in _evaluations(finished):
            seen |= {name.removeprefix("validation/") for name in line if "validation/" in name}
            if f"validation/{metric}" in line:
                here = line["step"] * finished.photographs if trains_encoder else 0
                points[passes + here] = line[f"validation/{metric}"]
        if trains_encoder:
            passes += finished.summary["steps"] * finished.photographs
    if not points:
        raise ValueError(
            f"{folder.path}: no stage logged validation/{metric}; choose among "
            f"{', '.join(sorted(seen)) or 'nothing: no stage is over'}"
        )
    return sorted(points.items())


def curves_of_systems(
    folders: Sequence[RunFolder], metric: str
) -> dict[str, list[tuple[int, float]]]:
    """The curves of several systems by their names, each with the points of all its seeds.

    Args:
        folders: of finished runs; those that differ in nothing but their seed are one system.
        metric: as in `curve_of_run`.
    """
    groups = group_by_seed(folders)
    for group in groups:
        check_seeds(group)
    return {
        name: [point for run in group for point in curve_of_run(run, metric)]
        for name, group in zip(different_names(groups), groups, strict=True)
    }


def curve_by_step(folder: RunFolder, metric: str) -> list[tuple[int, float]]:
    """The values of a metric on the validation part against training steps through all stages.

    Stages whose words come from the true concepts count their steps, but not their values, as in
    `curve_of_run`.

    Args:
        folder: of a finished run.
        metric: as in `curve_of_run`.

    Returns:
        (optimiser steps so far, value), in order; nothing where no stage logged it.
    """
    points = []
    before = 0
    for finished in finished_stages(folder):
        if finished.stage.source != "concepts":
            points += [
                (before + line["step"], line[f"validation/{metric}"])
                for line in _evaluations(finished)
                if f"validation/{metric}" in line
            ]
        before += finished.summary["steps"]
    return points


def _evaluations(finished: FinishedStage) -> Iterable[dict]:
    for line in finished.folder.log.read_text("utf-8").splitlines():
        values = json.loads(line)
        if any(name.startswith("validation/") for name in values):
            yield values
