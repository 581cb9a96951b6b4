"""Runs the stages of a run, in order, that are not over yet."""

import keras

from s_cnn_rnn.decoding.reranking import reranker_of
from s_cnn_rnn.model.systems import find_system
from s_cnn_rnn.progress import Progress, no_progress
from s_cnn_rnn.runs.handover import (
    collect_weights,
    load_model,
    require_earlier_stages,
    require_whole_system,
)
from s_cnn_rnn.runs.run_folder import RunFolder
from s_cnn_rnn.runs.run_stages import planned_stages
from s_cnn_rnn.settings import RunSettings
from s_cnn_rnn.training.stage_training import StageTraining
from s_cnn_rnn.training.training_data import open_data


def train(
    folder: RunFolder,
    settings: RunSettings,
    *,
    programs: tuple[str, ...] = ("train_cnn", "train_rnn", "train_joint"),
    progress: Progress = no_progress,
) -> None:
    """Runs the stages of some programs that are not over yet.

    Args:
        folder: of the run; made where it does not exist.
        settings: of the run.
        programs: whose stages to run.
        progress: called with what is going on, steps done, steps in all and the latest values.

    Raises:
        StoppedByUser: Ctrl-C; the same call goes on.
        StagesMissing: a stage starts from another that is not over, or no stage trains a part.
        TrainingDiverged: a loss that is no number; the last good checkpoint is kept.
        SettingsDiffer: the folder holds a run with other settings.
        DataSetDiffers: the folder's run, or that of ``cnn_from``, was trained on other data.
        OSError: the folder cannot be written, or the disk is too small.
    """
    keras.config.set_dtype_policy(settings.precision)
    vocabulary, data = open_data(settings)
    folder.open(settings, vocabulary, data.train.prepared)
    require_whole_system(folder, settings)
    planned = planned_stages(settings)
    for stage in planned:
        if stage.program in programs and not folder.stage(stage.name).finished:
            require_earlier_stages(folder, settings, stage)
            StageTraining(folder, settings, stage, data, progress).run()
    if all(folder.stage(stage.name).finished for stage in planned):
        collect_weights(folder, settings)
        if find_system(settings.system).candidates:
            reranker_of(folder, load_model(folder), progress=progress)
