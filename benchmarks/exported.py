"""How long exported artefacts take for a photograph, beside the run that they were made from.

  python -m benchmarks.exported --run=runs/ours_0 saved_model=exported/ours onnx=exported/ours.onnx

Each argument is FORMAT=PATH. Photographs of the validation part go one at a time, as JPEG files,
through all artefacts and the run's own `Annotator` in turn, in one process. Told are the median and
the quickest tenth in wall time, and the processor time of all threads, which other work on the
machine changes least. The results go to benchmarks/results/NAME.json (--name, for a run of labels
exported_labels, so that both stay).
"""

import os
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # before TensorFlow is imported

import pathlib

import numpy as np
from absl import app, flags

from benchmarks.measuring import write_results
from s_cnn_rnn.annotator import Annotator
from s_cnn_rnn.data.prepared import PreparedData
from s_cnn_rnn.export.comparing import megabytes
from s_cnn_rnn.export.formats import find_format

_RUN = flags.DEFINE_string("run", None, "Folder of the run.", required=True)
_PHOTOGRAPHS = flags.DEFINE_integer("photographs", 60, "How many.", lower_bound=10)
_NAME = flags.DEFINE_string("name", "exported", "Of the result file.")
WARM_UP = 3  # photographs
PACKAGES = ("tensorflow", "keras", "onnxruntime", "ai-edge-litert", "numpy")


def measure(artefacts: dict[str, pathlib.Path], run: str, photographs: int) -> dict[str, dict]:
    """Milliseconds a photograph of each artefact, and of "run".

    Args:
        artefacts: path of each, by "FORMAT PATH's name".
        run: folder of the run.
        photographs: how many are measured.
    """
    annotator = Annotator.from_run(run)
    writers = {
        "run": lambda jpeg: list(annotator.annotate([jpeg])),
        **{name: find_format(name.split()[0]).read(path) for name, path in artefacts.items()},
    }
    prepared = PreparedData(annotator.settings.data)
    jpegs = prepared.photographs("validation", range(photographs + WARM_UP))
    taken = {name: [] for name in writers}
    for jpeg in jpegs:
        for name, write in writers.items():
            wall, processor = time.perf_counter(), time.process_time()
            write(jpeg)
            taken[name].append((time.perf_counter() - wall, time.process_time() - processor))
    return {name: _summary(np.array(times[WARM_UP:])) for name, times in taken.items()}


def _summary(seconds: np.ndarray) -> dict[str, float]:
    wall, processor = 1000 * seconds.T
    return {
        "median": float(np.median(wall)),
        "quickest tenth": float(np.quantile(wall, 0.1)),
        "processor": float(np.median(processor)),
        "rounds": len(wall),
    }


def main(arguments: list[str]) -> None:
    """Measures, prints and writes."""
    artefacts = {}
    for argument in arguments[1:]:
        form, _, path = argument.partition("=")
        artefacts[f"{form} {pathlib.Path(path).name}"] = pathlib.Path(path)
    milliseconds = measure(artefacts, _RUN.value, _PHOTOGRAPHS.value)
    for name, times in milliseconds.items():
        print(name, ", ".join(f"{what} {value:.1f}" for what, value in times.items()))
    sizes = {name: megabytes(path) for name, path in artefacts.items()}
    results = {"milliseconds a photograph": milliseconds, "megabytes": sizes}
    write_results(_NAME.value, results, packages=PACKAGES, program="exported")


if __name__ == "__main__":
    app.run(main)
