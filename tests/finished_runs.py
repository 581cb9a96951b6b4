"""Finished runs that took no training, and copies of runs with annotations of a test's choice."""

import json
import pathlib
import shutil

import numpy as np
from tiny_runs import tiny_settings

from s_cnn_rnn.data.prepared import PreparedData
from s_cnn_rnn.decoding.hypotheses import Hypothesis
from s_cnn_rnn.model.annotation_model import build_model
from s_cnn_rnn.runs import checkpoints
from s_cnn_rnn.runs.handover import run_side_shapes
from s_cnn_rnn.runs.run_folder import RunFolder
from s_cnn_rnn.runs.run_stages import planned_stages
from s_cnn_rnn.scoring.predictions import predict

SMALL_MODEL = {"units": 16, "word_embedding": 16, "longest": 6}


def untrained_run(path: pathlib.Path, data: PreparedData, **settings) -> RunFolder:
    """A finished run of `tiny_settings`, changed, whose weights are as they were built."""
    settings = tiny_settings(data, **settings)
    folder = RunFolder(path)
    vocabulary = data.vocabulary(settings.task)
    folder.open(settings, vocabulary, data)
    model = build_model(settings, vocabulary, side_shapes=run_side_shapes(folder, settings))
    for name, part in model.present_parts().items():
        variables = checkpoints.weights_of({name: part})
        checkpoints.save(folder.weights / f"{name}.npz", variables, {"part": name})
    took = {"steps": 3, "seconds": 1.5, "encoder_passes": 24, "cached_passes": {}}
    for stage in planned_stages(settings):
        summary = folder.stage(stage.name).summary
        summary.parent.mkdir(parents=True)
        summary.write_text(json.dumps({"stage": stage.name, **took, "validation": {}}), "utf-8")
        folder.stage(stage.name).log.write_text("", "utf-8")
    return folder


def copy_run(run: RunFolder, path: pathlib.Path, **settings) -> RunFolder:
    """Copies a run and changes its settings."""
    copy = RunFolder(shutil.copytree(run.path, path))
    content = copy.settings().to_dict() | settings
    copy.settings_path.write_text(json.dumps(content), "utf-8")
    return copy


def write_captions(run: RunFolder, captions: list[str], split: str = "validation") -> None:
    """Puts captions in the place of those that the run wrote for a split."""
    write_words(run, [caption.split() for caption in captions], split)


def write_words(run: RunFolder, lists: list[list[str]], split: str = "validation") -> None:
    """Puts words (or labels) in the place of those that the run wrote for a split."""
    kind = predict(run, split).made_from["kind"]
    path = run.predictions(split)
    content = json.loads(path.read_text("utf-8"))
    for photograph, words in zip(content["photographs"], lists, strict=True):
        photograph["beams"] = [Hypothesis.of_words(words, kind, -1.0)]
    path.write_text(json.dumps(content), "utf-8")


def write_scores(run: RunFolder, scores: np.ndarray, split: str = "validation") -> None:
    """Puts scores in the place of the s_hat that the run predicted for a split."""
    predict(run, split)
    np.save(run.predictions(split).with_suffix(".concepts.npy"), scores)
