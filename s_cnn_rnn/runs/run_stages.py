"""Which stages make a run: its own, and those of the runs that it starts from.

What is frozen, and which parts are whose, is decided here alone.
"""

import pathlib
from typing import NamedTuple

from s_cnn_rnn.model.stages import STAGES, Stage, stages_of
from s_cnn_rnn.model.system import System
from s_cnn_rnn.model.systems import find_system
from s_cnn_rnn.runs.run_folder import RunFolder, StageFolder
from s_cnn_rnn.settings import RunSettings

SHARED_PARTS = ("encoder", "semantic")
"""What a run takes of the one that ``cnn_from`` names, and the tag layer where both have one."""


class StageOfRun(NamedTuple):
    """A stage whose weights a run holds, or will hold.

    Args:
        stage: its row, cut to the system.
        system: of the run that goes through it.
        run: that run: this one, or one that this one starts from.
        parts: what this run has of it.
    """

    stage: Stage
    system: System
    run: RunFolder
    parts: tuple[str, ...]

    @property
    def folder(self) -> StageFolder:
        """Where its weights and log are."""
        return self.run.stage(self.stage.name)


def planned_stages(settings: RunSettings) -> list[Stage]:
    """The stages that a run goes through itself.

    Those with steps; without those that train the encoder where it is frozen, and without the one
    that stands in for them where it is not; without the CNN's where it comes from another run, and
    the tag layer's where that comes with it; without those that learn from rewards where labels
    are written, which have none here.
    """
    named = [name for name, stage in settings.stages.items() if stage.steps]
    stages = stages_of(find_system(settings.system), named)
    if _is_frozen(settings):
        stages = [stage for stage in stages if "encoder" not in stage.trains]
    else:
        stages = [stage for stage in stages if stage.name != "joint_frozen"]
    taken = _taken_parts(settings)
    stages = [stage for stage in stages if not _handed_on(stage, taken)]
    return [stage for stage in stages if not stage.rewarded or settings.task == "captions"]


def stages_of_run(folder: RunFolder, settings: RunSettings) -> list[StageOfRun]:
    """The stages whose weights a run holds once it is over, in order, those of other runs first.

    Of the run that ``starts_from`` names: all. Of the one that ``cnn_from`` names: those that train
    its CNN (and tag layer), and where this run's encoder is frozen, of these only those that left
    it as it was.

    Raises:
        FileNotFoundError: ``cnn_from`` or ``starts_from`` names no run folder.
    """
    if settings.starts_from:
        start = RunFolder(pathlib.Path(settings.starts_from))
        return stages_of_run(start, start.settings()) + _own_stages(folder, settings)
    return _stages_of_shared_cnn(settings) + _own_stages(folder, settings)


def weights_before(
    folder: RunFolder, settings: RunSettings, stage: str = ""
) -> dict[str, pathlib.Path]:
    """The file that each part has its weights from when a stage begins; other parts are as built.

    Args:
        folder: of the run.
        settings: of the run.
        stage: its name; "" for the end of the run.
    """
    if settings.starts_from:  # that run's folder is enough, whatever it started from itself
        start = RunFolder(pathlib.Path(settings.starts_from))
        files, stages = {path.stem: path for path in start.weights.glob("*.npz")}, []
    else:
        files, stages = {}, _stages_of_shared_cnn(settings)
    names = list(STAGES)
    later = names[names.index(stage) :] if stage else []
    for one in stages + _own_stages(folder, settings):
        if one.folder.finished and not (one.run == folder and one.stage.name in later):
            files |= {part: one.folder.weights / f"{part}.npz" for part in one.parts}
    return files


def _is_frozen(settings: RunSettings) -> bool:
    """Whether a run never trains its encoder, by its settings or by its system's definition."""
    return settings.frozen_encoder or find_system(settings.system).frozen_encoder


def _taken_parts(settings: RunSettings) -> tuple[str, ...]:
    """What a run takes of the one that ``cnn_from`` names.

    A tag layer is taken with the semantic layer that learnt beside it: their logits are added, and
    either has learnt what the other does not say. A run beside whose CNN there was none learns its
    own.
    """
    if not settings.cnn_from:
        return ()
    if not find_system(settings.system).adds_tags:
        return SHARED_PARTS
    shared = RunFolder(pathlib.Path(settings.cnn_from))
    # A finished run is read without the other one, which may be gone; training refuses that.
    if shared.settings_path.exists() and not find_system(shared.settings().system).adds_tags:
        return SHARED_PARTS
    return (*SHARED_PARTS, "tag_layer")


def _handed_on(stage: Stage, taken: tuple[str, ...]) -> tuple[str, ...]:
    """What a run has of a stage of another one, of whose CNN it takes these parts."""
    if stage.program != "train_cnn":
        return ()
    return tuple(part for part in stage.trains if part in taken)


def _own_stages(folder: RunFolder, settings: RunSettings) -> list[StageOfRun]:
    system = find_system(settings.system)
    return [StageOfRun(s, system, folder, s.trains) for s in planned_stages(settings)]


def _stages_of_shared_cnn(settings: RunSettings) -> list[StageOfRun]:
    if not settings.cnn_from:
        return []
    shared = RunFolder(pathlib.Path(settings.cnn_from))
    theirs = shared.settings()
    system, taken = find_system(theirs.system), _taken_parts(settings)
    return [
        StageOfRun(stage, system, shared, _handed_on(stage, taken))
        for stage in planned_stages(theirs)
        if _handed_on(stage, taken) and not (_is_frozen(settings) and "encoder" in stage.trains)
    ]
