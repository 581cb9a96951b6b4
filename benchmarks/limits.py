"""What keeps an aim from being met: the parts that no way of training or searching does without.

  python -m benchmarks.limits [--quick]

A training step of the decoder at the paper's size (32 and 160 captions): its matrix products by
themselves, one softmax, the optimiser. Beam search (width 3, 12,000 words, 512 cells, 20 words):
our ways to do it, on batches of 1, 2, 32 and 256 photographs, and by themselves its matrix products
with all words and with W_h. One JPEG file to its caption: reading, the encoder
(EfficientNet-Lite0), the search. A JPEG of 500 x 375 pixels: decoding and resizing, our way and the
peers', one after the other without a pipeline.
All parts of a group take turns in one process. Takes about 4 minutes on two cores. Results:
benchmarks/results/limits.json; `benchmarks.table` writes them where a text has a place for them.
"""

import pathlib
import tempfile
from collections.abc import Mapping, Sequence

from absl import app

from benchmarks import drawn_photographs
from benchmarks.beam_search import FULL, QUICK
from benchmarks.captions import PAPER
from benchmarks.decoder_step import QUICK as QUICK_TRAINING
from benchmarks.decoder_step import SEQUENCES
from benchmarks.measuring import as_json, interleaved, line, write_results
from benchmarks.quick import is_quick
from benchmarks.worker import contestants_of, versions_of, workers
from experiments.tensorflow_environment import ONE_BY_ONE

BATCHES = (1, 2, 32, 256)


def measure(workload: Mapping, *, rounds: int, budget: float) -> tuple[dict, dict]:
    """Seconds of each part of a group, and versions."""
    one = workload["part"] == "photograph" or workload.get("batch") == 1
    environment = ONE_BY_ONE if one else {}
    with workers([("tensorflow_limits", environment)], None, workload) as (started, _):
        timings = interleaved(contestants_of(started), rounds=rounds, budget=budget)
        versions = versions_of(started)
    for name, each in timings.items():
        print(line(name, each))
    return as_json(timings), versions


def main(_: Sequence[str]) -> None:
    """Measures all groups."""
    quick = is_quick()
    size = {**(QUICK if quick else FULL), "image size": 64 if quick else 224}
    if quick:
        size["encoder"] = "small_cnn"
    training = QUICK_TRAINING if quick else PAPER
    limits = {"rounds": 3, "budget": 2.0} if quick else {"rounds": 15, "budget": 25.0}
    groups = {
        f"training, {n} captions": {**training, "part": "training", "sequences": n}
        for n in SEQUENCES
    }
    groups |= {f"search, {n} at once": {"part": "search", "batch": n} for n in BATCHES}
    groups |= {"one photograph": {"part": "photograph"}, "reading": {"part": "reading"}}
    measured = {}
    with tempfile.TemporaryDirectory() as folder:
        [photograph] = drawn_photographs.write(pathlib.Path(folder), 1)
        for name, group in groups.items():
            print(name)
            measured[name], versions = measure(
                {**size, **group, "photograph": photograph}, **limits
            )
    content = {"workload": size, "groups": measured}
    path = write_results("limits", content, ("numpy",), quick=quick, peers=versions)
    print(f"written to {path}")


if __name__ == "__main__":
    app.run(main)
