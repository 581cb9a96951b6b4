"""What the training of a run took, read from its stages' summaries."""

import dataclasses
from typing import NamedTuple

from s_cnn_rnn.model.stages import Stage
from s_cnn_rnn.model.system import System
from s_cnn_rnn.runs.run_folder import RunFolder, StageFolder
from s_cnn_rnn.runs.run_stages import stages_of_run


class FinishedStage(NamedTuple):
    """A stage that is over.

    Args:
        stage: its row, cut to the system.
        system: of the run that went through it.
        folder: where it was trained, perhaps another run's (``cnn_from``, ``starts_from``).
        photographs: in a batch.
        summary: what its ``finished.json`` holds.
    """

    stage: Stage
    system: System
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

    Of an ensemble: the stages of its members, each once.
    """
    if folder.members():
        stages = [stage for member in folder.members() for stage in finished_stages(member)]
        return list({stage.folder.path.resolve(): stage for stage in stages}.values())
    return [
        FinishedStage(
            stage=one.stage,
            system=one.system,
            folder=one.folder,
            photographs=one.run.settings().stages[one.stage.name].photographs,
            summary=one.folder.read_summary(),
        )
        for one in stages_of_run(folder, folder.settings())
        if one.folder.finished
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
