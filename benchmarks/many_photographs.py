"""How preparing and training grow with the number of photographs: seconds, and peak memory.

  python -m benchmarks.many_photographs [--quick]

- NUS-WIDE's annotations (81 labels, tags; drawn, in the official layout) are prepared without
  photographs, up to the full 269,648;
- a run of `ours` with a small CNN trains a few steps of three stages on 500 to 16,000 drawn
  photographs of 32 pixels with 5 captions each.

Each number of photographs has a process of its own, whose peak is the kernel's VmHWM. "Bytes a
photograph" is the slope of a line through the peaks: what a further photograph needs.
Takes about 4 minutes on two cores. Results: benchmarks/results/many_photographs.json.
"""

import pathlib
import tempfile
from collections.abc import Sequence

import numpy as np
from absl import app

from benchmarks.drawn_sets import nus_wide, own_folder
from benchmarks.measuring import figure, write_results
from benchmarks.quick import is_quick
from benchmarks.worker import Worker

NUS_WIDE = 269_648
PREPARED = (NUS_WIDE // 8, NUS_WIDE // 4, NUS_WIDE // 2, NUS_WIDE)
TRAINED = (500, 4_000, 16_000)
LINEAR = 1.15  # the greatest exponent that still counts as linear


def prepare(counts: Sequence[int]) -> list[dict]:
    """Prepares each number of photographs' annotations."""
    return [_measured("prepare", count, nus_wide) for count in counts]


def train(counts: Sequence[int], steps: int) -> list[dict]:
    """Trains on each number of photographs."""

    def drawn(folder: pathlib.Path, count: int) -> pathlib.Path:
        return own_folder(folder, count, size=(32, 32))[0].folder

    return [_measured("train", count, drawn, steps=steps) for count in counts]


def _measured(task: str, count: int, draw, **workload) -> dict:
    """Seconds and the process's peak, before and after."""
    with tempfile.TemporaryDirectory() as folder:
        place = str(draw(pathlib.Path(folder) / "drawn", count))
        workload |= {"task": task, "source": place, "prepared": place, "validation": count // 100}
        with Worker("preparing", workload) as worker:
            before = worker.peak_memory()
            seconds = worker.run(task).seconds[-1]
            peak = worker.peak_memory()
    megabytes = {"peak": peak / 1e6, "after imports": before / 1e6}
    print(f"  {task} {count:>7} photographs: {seconds:6.1f} s, peak {megabytes['peak']:.0f} MB")
    return {"photographs": count, "seconds": seconds, "megabytes": megabytes}


def bytes_a_photograph(measured: Sequence[dict]) -> float:
    """The slope of the straight line that fits the peaks best."""
    counts = [each["photographs"] for each in measured]
    return float(np.polyfit(counts, [1e6 * each["megabytes"]["peak"] for each in measured], 1)[0])


def exponent(measured: Sequence[dict]) -> float:
    """E of seconds ~ photographs^e between the two largest numbers: 1 is linear."""
    small, large = measured[-2:]
    return float(
        np.log(large["seconds"] / small["seconds"])
        / np.log(large["photographs"] / small["photographs"])
    )


def main(_: Sequence[str]) -> None:
    """Measures both."""
    quick = is_quick()
    prepared = prepare((200, 400) if quick else PREPARED)
    trained = train((80, 160) if quick else TRAINED, steps=2 if quick else 30)
    lines = [
        figure("preparing all annotations of NUS-WIDE", prepared[-1]["seconds"], "s"),
        figure("its seconds grow as photographs^e", exponent(prepared), "", at_most=LINEAR),
        figure("peak memory a further photograph, preparing", bytes_a_photograph(prepared), "B"),
        figure("peak memory a further photograph, training", bytes_a_photograph(trained), "B"),
        figure("peak memory of the largest training", trained[-1]["megabytes"]["peak"], "MB"),
    ]
    for each in lines:
        print(f"  {each['question']}: {each['value']:.3g} {each['unit']}")
    content = {"preparing": prepared, "training": trained, "lines": lines}
    path = write_results("many_photographs", content, ("numpy", "tensorflow"), quick=quick)
    print(f"written to {path}")


if __name__ == "__main__":
    app.run(main)
