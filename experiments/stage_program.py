"""What the training programs share: their flags, progress bar and messages."""

import pathlib
import sys

from absl import app, flags

from experiments import tensorflow_start  # first: before TensorFlow is imported
from experiments.program_ends import told

import keras  # isort: skip
import tensorflow as tf  # isort: skip
from ml_collections import config_flags  # isort: skip

from data_prep.checks import check_prepared  # isort: skip
from experiments import setting_flags  # isort: skip
from s_cnn_rnn.progress import ProgressBar  # isort: skip
from s_cnn_rnn.runs.run_folder import RunFolder  # isort: skip
from s_cnn_rnn.settings import RunSettings  # isort: skip
from s_cnn_rnn.runs.run_names import name_variant  # isort: skip
from s_cnn_rnn.training.segment_watch import TrainingDiverged  # isort: skip
from s_cnn_rnn.training.stage_training import StoppedByUser  # isort: skip
from s_cnn_rnn.runs.run_stages import planned_stages  # isort: skip
from s_cnn_rnn.model.systems import find_system, listed_systems  # isort: skip
from s_cnn_rnn.training.whole_run import train  # isort: skip

_CONFIG = setting_flags.define_settings(
    "config",
    "Settings file, e.g. experiments/configs/flickr8k.py. Single settings follow it, e.g. "
    "--config.seed=1 --config.stages.cnn.steps=200; s_cnn_rnn/settings.py explains them all.",
)
_SYSTEM = flags.DEFINE_string(
    "system",
    None,
    "Row of s_cnn_rnn/model/systems.py, in place of the config's; --system= lists them.",
)
_RUN = flags.DEFINE_string("run", None, "Run folder; an interrupted run goes on there.")
_DEVICES = flags.DEFINE_integer(
    "devices", 1, "GPUs (or logical CPUs) that share each batch.", lower_bound=1
)

_LESS_MEMORY = (
    "give the stage that was trained a smaller batch (--config.stages.STAGE.photographs, in a new "
    "--run), or freeze the CNN (--config.frozen_encoder=True)"
)


def run_stages(programs: tuple[str, ...]) -> None:
    """Runs the stages of the named programs with the settings of the flags.

    Args:
        programs: names of programs, as in `stages.STAGES`.
    """
    if "--system=" in sys.argv[1:]:  # asked what there is: nothing else is needed
        print(listed_systems())
        return
    flags.mark_flags_as_required(["config", "run"])
    app.run(lambda _: _run(programs))


def _run(programs: tuple[str, ...]) -> None:
    tensorflow_start.only_warnings()
    keras.utils.disable_interactive_logging()
    tf.config.experimental.enable_op_determinism()  # resumed runs equal undisturbed ones
    folder = RunFolder(pathlib.Path(_RUN.value))
    with told("train", less_memory=_LESS_MEMORY, also=(TrainingDiverged,)):
        try:
            settings = _settings()
            with ProgressBar() as progress, _strategy().scope():
                check_prepared(settings.data)
                train(folder, settings, programs=programs, progress=progress)
        except StoppedByUser as stop:
            sys.exit(f"{stop}; the same command goes on from there")
        except KeyboardInterrupt:
            sys.exit(f"{folder.path}: stopped; the same command goes on from the last checkpoint")
    _tell(folder, [stage for stage in planned_stages(settings) if stage.program in programs])


def _settings() -> RunSettings:
    content = _CONFIG.value.to_dict()
    if _SYSTEM.value is not None:
        content["system"] = find_system(_SYSTEM.value).name
    changes = config_flags.get_override_values(flags.FLAGS["config"])
    content["variant"] = content.get("variant") or name_variant(changes)
    return RunSettings.from_dict(content)


def _strategy() -> tf.distribute.Strategy:
    if _DEVICES.value == 1:
        return tf.distribute.get_strategy()
    kind = "GPU" if tf.config.list_logical_devices("GPU") else "CPU"
    return tf.distribute.MirroredStrategy([f"{kind}:{n}" for n in range(_DEVICES.value)])


def _tell(folder: RunFolder, stages: list) -> None:
    for stage in stages:
        values = folder.stage(stage.name).read_summary()["validation"]
        print(f"{stage.name}:", ", ".join(f"{k} {v:.4g}" for k, v in values.items()))
    print(f"{folder.path}; see it with: tensorboard --logdir {folder.path / 'stages'}")
