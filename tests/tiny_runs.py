"""Whole runs that take seconds: drawn shapes, a small CNN, a few steps of every stage."""

import pathlib

import keras
import numpy as np
import pytest

from data_prep.data_sets import DATA_SETS
from data_prep.prepared_format import prepare
from data_prep.side_files import HowPrepared
from data_prep.vocabularies import VocabularySettings
from s_cnn_rnn.data.prepared import PreparedData
from s_cnn_rnn.runs.checkpoints import weights_of
from s_cnn_rnn.runs.run_folder import RunFolder
from s_cnn_rnn.settings import RunSettings
from s_cnn_rnn.training.stage_training import StageTraining
from s_cnn_rnn.training.whole_run import train

STAGES = ("cnn_head", "cnn", "rnn", "rnn_predicted", "joint")


def prepare_shapes(folder: pathlib.Path, *, count: int = 60, image_size: int = 32) -> PreparedData:
    row = DATA_SETS["shapes"]
    drawn = row.records(count=count, seed=0, image_size=image_size)
    how = HowPrepared(vocabulary=VocabularySettings(minimum_count=2, concepts=20))
    return prepare(row, drawn, folder, how=how)


def tiny_settings(data: PreparedData, **changes) -> RunSettings:
    stage = {"steps": 3, "photographs": 8, "evaluate_every": 2, "learning_rate": 1e-3}
    content = {
        "data": str(data.folder),
        "encoder": {"name": "small_cnn", "weights": None, "image_size": 32},
        "model": {"units": 16, "word_embedding": 12, "longest": 16},
        "stages": {name: dict(stage) for name in STAGES},
        "evaluation_photographs": 6,
        "feature_cache": str(data.folder.parent / "features"),
    }
    return RunSettings.from_dict(content | changes)


def train_tiny(path: pathlib.Path, data: PreparedData, **changes) -> RunFolder:
    """Trains a run with `tiny_settings`, changed, and gives its folder back."""
    folder = RunFolder(path)
    train(folder, tiny_settings(data, **changes))
    return folder


def watch_stages(patch: pytest.MonkeyPatch) -> dict[tuple[str, str], dict[str, np.ndarray]]:
    """Keeps the weights of all parts, by "PART:PATH", as each stage begins and as it ends."""
    kept = {}

    def watch(method: str, moment: str) -> None:
        original = getattr(StageTraining, method)

        def watched(training, *arguments):
            original(training, *arguments)
            variables = weights_of(training.model.present_parts())
            kept[training.stage.name, moment] = {
                k: np.array(keras.ops.convert_to_numpy(v)) for k, v in variables.items()
            }

        patch.setattr(StageTraining, method, watched)

    watch("_build", "before")
    watch("_finish", "after")
    return kept
