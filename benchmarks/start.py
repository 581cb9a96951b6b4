"""From the command to the first caption of a run folder, and where the time goes.

  python -m benchmarks.start [--quick]

A run folder of `ours` at the paper's size (EfficientNet-Lite0, 1,000 concepts, 512 cells, 12,000
words) with weights as they are built, one drawn photograph; a new process each time, files in the
page cache. Parts: the interpreter, importing TensorFlow, Keras and the rest, building the model,
loading its weights, and the first caption, which compiles what it runs; "again" is a second
caption. The whole program experiments.annotate is timed beside it.
Takes about 2 minutes on two cores. Results: benchmarks/results/start.json.
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence

from absl import app

from benchmarks import captioners, drawn_photographs
from benchmarks.captions import PAPER
from benchmarks.measuring import as_json, figure, line, timing, write_results
from benchmarks.quick import is_quick
from benchmarks.worker import AS_PROGRAMS_START, ROOT

QUICK = {"words": 500, "units": 32, "steps": 8, "encoder": "small_cnn"}
LIMIT = 4.0  # seconds to the first caption


def make_run(path: pathlib.Path, workload: dict) -> pathlib.Path:
    """A run folder that looks finished, of a model that nobody trained."""
    from s_cnn_rnn.runs.handover import collect_weights
    from s_cnn_rnn.runs.run_folder import RunFolder

    folder, settings = RunFolder(path), captioners.settings(workload)
    path.mkdir(parents=True)
    settings.save(folder.settings_path)
    captioners.vocabulary(workload).save(folder.vocabulary_path)
    collect_weights(folder, settings)
    return path


def once(run: pathlib.Path, photograph: str) -> dict[str, float]:
    """Seconds of each part of one start."""
    command = [sys.executable, "-m", "benchmarks.sides.first_caption", str(time.time())]
    done = _process([*command, str(run), photograph])
    return json.loads(done.splitlines()[-1])


def command(run: pathlib.Path, photograph: str) -> float:
    """Seconds of the whole program."""
    started = time.time()
    _process([sys.executable, "-m", "experiments.annotate", f"--run={run}", photograph])
    return time.time() - started


def _process(arguments: list[str]) -> str:
    environment = os.environ | AS_PROGRAMS_START
    done = subprocess.run(
        arguments, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"{' '.join(arguments)} failed:\n{done.stderr[-4000:]}")
    return done.stdout


def main(_: Sequence[str]) -> None:
    """Measures."""
    quick = is_quick()
    parts: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        run = make_run(pathlib.Path(folder) / "run", QUICK if quick else dict(PAPER))
        [photograph] = drawn_photographs.write(pathlib.Path(folder), 1)
        once(run, photograph)  # fills the page cache
        for _ in range(3 if quick else 7):
            seconds = once(run, photograph)
            again = seconds.pop("again")
            whole = {"to the first caption": sum(seconds.values()), "again": again}
            whole["experiments.annotate, whole program"] = command(run, photograph)
            for name, value in (seconds | whole).items():
                parts.setdefault(name, []).append(value)
    timings = {name: timing(each) for name, each in parts.items()}
    for name, each in timings.items():
        print(line(name, each))
    first = timings["to the first caption"].median
    content = {
        "workload": QUICK if quick else PAPER,
        "seconds": as_json(timings),
        "lines": [figure("start to the first caption", first, "s", at_most=LIMIT)],
    }
    packages = ("tensorflow", "keras", "numpy")
    print(f"written to {write_results('start', content, packages, quick=quick)}")


if __name__ == "__main__":
    app.run(main)
