"""Preparing NUS-WIDE's annotations, or a training run: once a process, for its peak memory."""

import pathlib
import tempfile
from collections.abc import Callable, Mapping


def contestants(workload: Mapping) -> dict[str, Callable[[], object]]:
    """What "task" names: "prepare" or "train"."""
    return {"prepare": _prepare, "train": _train}[workload["task"]](workload)


def _prepare(workload: Mapping) -> dict[str, Callable[[], object]]:
    """Prepares "source" without photographs, as data_prep.prepare does."""
    from data_prep.data_sets import DATA_SETS
    from data_prep.prepared_format import prepare
    from data_prep.side_files import HowPrepared

    row = DATA_SETS["nus_wide"]

    def run() -> dict:
        with tempfile.TemporaryDirectory() as folder:
            source = pathlib.Path(workload["source"])
            stream = row.records(
                source=source,
                validation_photographs=workload["validation"],
                without_photographs=True,
            )
            how = HowPrepared(photographs=False)
            return dict(prepare(row, stream, folder, how=how).splits)

    return {"prepare": run}


def _train(workload: Mapping) -> dict[str, Callable[[], object]]:
    """A run of `ours` on the prepared set "prepared": a few steps of each of three stages."""
    from s_cnn_rnn.runs.run_folder import RunFolder
    from s_cnn_rnn.settings import RunSettings
    from s_cnn_rnn.training.whole_run import train

    stage = {"steps": workload["steps"], "photographs": 32}
    content = {
        "data": workload["prepared"],
        "encoder": {"name": "small_cnn", "weights": None, "image_size": 32},
        "model": {"units": 64, "word_embedding": 64},
        "stages": {name: dict(stage) for name in ("cnn", "rnn", "joint")},
        "evaluation_photographs": 8,
    }

    def run() -> None:
        with tempfile.TemporaryDirectory() as folder:
            settings = {**content, "feature_cache": f"{folder}/features"}
            train(RunFolder(pathlib.Path(folder) / "run"), RunSettings.from_dict(settings))

    return {"train": run}
