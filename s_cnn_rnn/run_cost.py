"""What the training of a run took, read from its stages' summaries."""

import dataclasses
import pathlib
from typing import NamedTuple

from s_cnn_rnn.run_folder import RunFolder, StageFolder
from s_cnn_rnn.stages import Stage, stages_of
from s_cnn_rnn.systems import find_system


class FinishedStage(NamedTuple):
    """A stage that is over.

    Args:
        stage: its row, cut to the system.
        folder: where it was trained, perhaps another run's (``cnn_from``, ``starts_from``).
        photographs: in a batch.
        summary: what its ``finished.json`` holds.
    """

    stage: Stage
    folder: StageFolder
    photographs: int
    summary: dict


@dataclasses.dataclass(frozen=True)
class RunCost:
    """What a training took, with the stages of runs that it starts from.

    Args:
        seconds: of training steps.
        encoder_passes: photographs that went through the CNN.
        trained_through: whether the CNN's own weights were trained.
    """

    seconds: float
    encoder_passes: int
    trained_through: bool


def finished_stages(folder: RunFolder) -> list[FinishedStage]:
    """The stages whose weights a run holds, in order, those of other runs first.

    That is of the run that it starts from, or of the one whose CNN it takes.
    """
    settings = folder.settings()
    own = [name for name, stage in settings.stages.items() if stage.steps]
    if settings.starts_from:
        start = RunFolder(pathlib.Path(settings.starts_from))
        return finished_stages(start) + _finished(folder, own)
    if not settings.cnn_from:
        return _finished(folder, own)
    shared = RunFolder(pathlib.Path(settings.cnn_from))
    cnn = [s for s in _finished(shared, list(shared.settings().stages)) if _is_of_cnn(s)]
    return cnn + [stage for stage in _finished(folder, own) if not _is_of_cnn(stage)]


def _is_of_cnn(finished: FinishedStage) -> bool:
    return finished.stage.program == "train_cnn"


def _finished(folder: RunFolder, names: list[str]) -> list[FinishedStage]:
    settings = folder.settings()
    stages = stages_of(find_system(settings.system), names)
    return [
        FinishedStage(
            stage,
            folder.stage(stage.name),
            settings.stages[stage.name].photographs,
            folder.stage(stage.name).read_summary(),
        )
        for stage in stages
        if folder.stage(stage.name).finished
    ]


def cost_of_run(folder: RunFolder) -> RunCost:
    """Sums up the finished stages of a run."""
    stages = finished_stages(folder)
    trained = sum(finished.summary["encoder_passes"] for finished in stages)
    # Stages on the same frozen encoder share its features: each photograph passed once.
    cached: dict[str, int] = {}
    for finished in stages:
        for digest, passes in finished.summary["cached_passes"].items():
            cached[digest] = max(passes, cached.get(digest, 0))
    return RunCost(
        seconds=sum(finished.summary["seconds"] for finished in stages),
        encoder_passes=trained + sum(cached.values()),
        trained_through=any("encoder" in finished.stage.trains for finished in stages),
    )
