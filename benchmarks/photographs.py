"""Photographs read, decoded and resized; and how long a training step waits for them.

  python -m benchmarks.photographs [--quick]

512 drawn JPEGs of 500 x 375 pixels, whose spectrum is that of photographs, to batches of 32 at 224
pixels. Ours is the input pipeline of a training stage: a prepared data set, accurate DCT,
antialiased resizing. Peers: Pillow in one process; tf.data as its guide has it (quick DCT, no
antialiasing, which is less work), with AUTOTUNE and without; PyTorch's DataLoader with Pillow and a
process a core. Everything is in the page cache; each turn first uses up what a pipeline read ahead
while the others ran. Then joint training steps (EfficientNet-Lite0, 5
captions) on that pipeline: the share of the time in which the step waits for its batch, and
the same steps on one batch that is there already, which tells what decoding beside them costs.
Takes about 4 minutes on two cores. Results: benchmarks/results/photographs.json.
"""

import pathlib
import tempfile
from collections.abc import Mapping, Sequence

import numpy as np
from absl import app

from benchmarks.drawn_sets import CAPTIONS, own_folder
from benchmarks.measuring import (
    Timing,
    as_json,
    comparison,
    figure,
    interleaved,
    line,
    say,
    timing,
    write_results,
)
from benchmarks.quick import is_quick
from benchmarks.worker import Worker, versions_of, workers

FULL = {"batch": 32, "batches": 8, "image size": 224, "steps": 20, "units": 512}
QUICK = {
    **{"batch": 8, "batches": 2, "image size": 64, "steps": 20, "units": 32},
    **{"encoder": "small_cnn"},
}


def measure(workload: Mapping, *, rounds: int, budget: float) -> dict:
    """Seconds a photograph of all pipelines."""
    read = workload["batch"] * workload["batches"]
    with workers([("tensorflow_photographs", {})], "torch_photographs", workload) as started:
        started, absent = started
        contestants = {
            name: lambda worker=worker, name=name: worker.run(name).result["seconds"] / read
            for worker in started
            for name in worker.names
        }
        timings = interleaved(contestants, rounds=rounds, budget=budget)
        versions = versions_of(started)
    peers = [name for name in timings if name != "ours"]
    question = "photographs read, decoded, resized"
    lines = [comparison(question, timings, ours=["ours"], peers=peers, aim=1.5)]
    for name, each in timings.items():
        print(line(name, each, f"{1 / each.median:.0f} photographs/s"))
    say({}, lines)
    return {
        "seconds a photograph": as_json(timings),
        "lines": [each for each in lines if each],
        "absent": absent,
        "versions": versions,
    }


def measure_waiting(workload: Mapping, *, rounds: int) -> dict:
    """Steps with and without reading, and the share of waiting."""
    steps = workload["batches"]
    seconds: dict[str, list[float]] = {}
    shares = []
    with Worker("tensorflow_photographs", {**workload, "trains": True}) as worker:
        for number in range(1 + rounds):
            for name in worker.names:
                ran = worker.run(name)
                if number:  # the first one compiles
                    seconds.setdefault(name, []).append(ran.seconds[-1] / steps)
                    if name == "joint steps on photographs":
                        shares.append(ran.result["waiting"])
    timings: dict[str, Timing] = {name: timing(each) for name, each in seconds.items()}
    share = float(np.median(shares))
    for name, each in timings.items():
        print(line(name, each))
    print(f"  waiting for photographs: {100 * share:.1f}% of a training step")
    waiting = figure("share of a training step spent waiting", 100 * share, "%", at_most=5)
    return {"seconds a step": as_json(timings), "waiting": share, "lines": [waiting]}


def main(_: Sequence[str]) -> None:
    """Measures."""
    quick = is_quick()
    size, count = (QUICK, 40) if quick else (FULL, 512)
    limits = {"rounds": 3, "budget": 5.0} if quick else {"rounds": 15, "budget": 45.0}
    with tempfile.TemporaryDirectory() as folder:
        prepared, files = own_folder(pathlib.Path(folder), count)
        workload = {**size, "prepared": str(prepared.folder), "files": files, "captions": CAPTIONS}
        content = measure(workload, **limits)
        waiting = measure_waiting(workload, rounds=3 if quick else 7)
    content["training"] = waiting
    content["lines"] += waiting["lines"]
    content["workload"] = {**size, "captions": CAPTIONS, "photographs": count}
    versions = content.pop("versions")
    path = write_results("photographs", content, ("pillow",), quick=quick, peers=versions)
    print(f"written to {path}")


if __name__ == "__main__":
    app.run(main)
