"""What the training programs share: their flags, progress bar and messages."""

import os
import pathlib
import sys

# Before TensorFlow is imported: its notices about the machine hide what a user should read.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
import tensorflow as tf
from absl import app, flags, logging
from ml_collections import config_flags

from s_cnn_rnn.progress import ProgressBar
from s_cnn_rnn.run_folder import RunFolder
from s_cnn_rnn.settings import RunSettings
from s_cnn_rnn.training import StoppedByUser, TrainingDiverged, planned_stages, train

_CONFIG = config_flags.DEFINE_config_file(
    "config",
    None,
    "settings file, e.g. experiments/configs/flickr8k.py; single settings follow "
    "it, e.g. --config.seed=1 --config.stages.cnn.steps=200",
    lock_config=True,
)
_RUN = flags.DEFINE_string(
    "run", None, "run folder; an interrupted run goes on there", required=True
)
_DEVICES = flags.DEFINE_integer(
    "devices", 1, "GPUs (or logical CPUs) that share each batch, by MirroredStrategy", lower_bound=1
)


def run_stages(programs: tuple[str, ...]) -> None:
    """Runs the stages of the named programs with the settings of the flags.

    Args:
        programs: names of programs, as in `stages.STAGES`.
    """
    flags.mark_flag_as_required("config")
    logging.use_absl_handler()
    app.run(lambda _: _run(programs))


def _run(programs) -> None:
    keras.utils.disable_interactive_logging()
    tf.config.experimental.enable_op_determinism()
    folder = RunFolder(pathlib.Path(_RUN.value))
    try:
        settings = RunSettings.from_dict(_CONFIG.value.to_dict())
        keras.config.set_dtype_policy(settings.precision)
        with ProgressBar() as progress, _strategy().scope():
            train(folder, settings, programs=programs, progress=progress)
    except StoppedByUser as stop:
        sys.exit(f"{stop}; the same command goes on from there")
    except (OSError, TrainingDiverged, ValueError) as error:
        sys.exit(f"{pathlib.Path(sys.argv[0]).stem}: {error}")
    for stage in planned_stages(settings):
        if stage.program in programs:
            print(f"{stage.name}: {folder.stage(stage.name).summary}")


def _strategy():
    if _DEVICES.value == 1:
        return tf.distribute.get_strategy()
    kind = "GPU" if tf.config.list_logical_devices("GPU") else "CPU"
    return tf.distribute.MirroredStrategy([f"{kind}:{n}" for n in range(_DEVICES.value)])
