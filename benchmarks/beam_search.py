"""Captions by beam search: ours on whole batches, im2txt's loop, a batched loop in PyTorch.

  python -m benchmarks.beam_search [--quick]

Width 3, 12,000 words, 512 cells, batches of 1, 32 and 256 photographs, from given first states. END
is made impossible, so that every search writes 20 words and all do the same work. The captions of
the peers must be among our hypotheses: which of these is the best, ours decides by END's
probability too, for which it runs one step more. Peers:

- one photograph at a time with the search in Python, as im2txt (timed on 4 photographs a batch);
- PyTorch, whole batches, all in tensors, as Hugging Face's `generate`.

At the end a whole captioner (EfficientNet-Lite0) writes for one JPEG file at a time, from file to
caption. Takes about 3 minutes on two cores. Results: benchmarks/results/beam_search.json.
"""

import pathlib
import tempfile
from collections.abc import Mapping, Sequence

import numpy as np
from absl import app

from benchmarks import drawn_photographs
from benchmarks.measuring import as_json, comparison, figure, interleaved, say, write_results
from benchmarks.quick import is_quick
from benchmarks.worker import Worker, versions_of, workers
from experiments import tensorflow_environment

FULL = {"words": 12_000, "units": 512, "width": 3, "longest": 20, "endless": True}
QUICK = {"words": 500, "units": 32, "width": 3, "longest": 6, "endless": True}
BATCHES = (1, 32, 256)
ALL = "ours, all hypotheses"  # not timed
ONE_BY_ONE = "one at a time, as im2txt"
FILE_TO_CAPTION = "ours, photograph file to caption"
WRITTEN_ALONE = 4  # photographs that the loop over single ones writes for


def measure(workload: Mapping, *, rounds: int, budget: float) -> dict:
    """Seconds a photograph of all contestants, on one batch size."""
    batch = workload["batch"]
    environment = tensorflow_environment.ONE_BY_ONE if batch == 1 else {}
    with workers([("tensorflow_beam", environment)], "torch_beam", workload) as (started, absent):
        agreement = agreement_of(started)
        contestants = {
            name: lambda worker=worker, name=name: _seconds(worker, name, batch)
            for worker in started
            for name in worker.names
            if name != ALL
        }
        timings = interleaved(contestants, rounds=rounds, budget=budget)
        versions = versions_of(started)
    question = f"beam search, batch {batch}"
    peers = [name for name in timings if name.startswith("PyTorch")]
    lines = [
        comparison(f"{question}, a photograph", timings, ours=["ours"], peers=who, aim=aim)
        for who, aim in (([ONE_BY_ONE], 20.0), (peers, 2.0))
    ]
    print(f"batch {batch}, seconds a photograph; the same captions: {100 * agreement:.0f}%")
    say(timings, lines)
    if FILE_TO_CAPTION in timings:
        took = 1e3 * timings[FILE_TO_CAPTION].median
        lines.append(figure("photograph file to caption, batch 1", took, "ms", at_most=50))
    return {
        "workload": dict(workload),
        "same captions": agreement,
        "seconds a photograph": as_json(timings),
        "lines": [each for each in lines if each],
        "absent": absent,
        "versions": versions,
    }


def _seconds(worker: Worker, name: str, batch: int) -> float:
    written = min(batch, WRITTEN_ALONE) if name == ONE_BY_ONE else batch
    return worker.run(name).seconds[-1] / written


def agreement_of(started: Sequence[Worker]) -> float:
    """Which part of the peers' captions are among our hypotheses, 0 to 1, the worst peer's.

    Two captions may be tied but for rounding, so one that differs proves nothing.

    Raises:
        AssertionError: fewer than half of several: they do not search the same.
    """
    written = {
        name: worker.run(name).result
        for worker in started
        for name in worker.names
        if name not in ("ours", FILE_TO_CAPTION)
    }
    ours = written.pop(ALL)
    same = [
        np.mean([caption in own for caption, own in zip(captions, ours, strict=True)])
        for captions in written.values()
    ]
    if len(ours) > 1 and min(same) < 0.5:
        raise AssertionError(f"only {100 * min(same):.0f}% of the peers' captions are ours too")
    return float(min(same))


def main(_: Sequence[str]) -> None:
    """Measures all batch sizes."""
    quick = is_quick()
    size = QUICK if quick else FULL
    limits = {"rounds": 3, "budget": 5.0} if quick else {"rounds": 11, "budget": 30.0}
    measured = []
    with tempfile.TemporaryDirectory() as folder:
        [photograph] = drawn_photographs.write(pathlib.Path(folder), 1)
        for batch in BATCHES:
            alone = {"photograph": photograph} if batch == 1 else {}
            measured.append(measure({**size, "batch": batch, **alone}, **limits))
            measured[-1]["workload"].pop("photograph", None)
    versions = {name: v for each in measured for name, v in each.pop("versions").items()}
    content = {"batches": measured, "lines": [line for each in measured for line in each["lines"]]}
    path = write_results("beam_search", content, ("numpy",), quick=quick, peers=versions)
    print(f"written to {path}")


if __name__ == "__main__":
    app.run(main)
