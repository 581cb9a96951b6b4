"""Copies of a finished run with other seeds and with captions of the test's choice."""

import json
import pathlib
import shutil

from s_cnn_rnn.predictions import predict
from s_cnn_rnn.run_folder import RunFolder


def copy_run(run: RunFolder, path: pathlib.Path, **settings) -> RunFolder:
    """Copies a run and changes its settings."""
    copy = RunFolder(shutil.copytree(run.path, path))
    content = copy.settings().to_dict() | settings
    copy.settings_path.write_text(json.dumps(content), "utf-8")
    return copy


def write_captions(run: RunFolder, captions: list[str], split: str = "validation") -> None:
    """Puts captions in the place of those that the run wrote for a split."""
    predict(run, split)
    path = run.predictions(split)
    content = json.loads(path.read_text("utf-8"))
    for photograph, caption in zip(content["photographs"], captions, strict=True):
        photograph["beams"] = [[caption, -1.0]]
    path.write_text(json.dumps(content), "utf-8")
