"""The whole joint training step, CNN and all: ours in several precisions, and PyTorch.

  python -m benchmarks.joint_step [--quick] [--xla]

32 photographs of 224 pixels with 5 captions each, EfficientNet-Lite0 (pretrained), 1,000 concepts,
512 cells, 12,000 words. Ours: float32 and bfloat16 for the CNN and for the other parts, on
TensorFlow's Eigen kernels and on oneDNN's (TF_ENABLE_ONEDNN_OPTS; the default depends on the CPU).
PyTorch: the same CNN with the same padding and stored batch statistics, packed captions,
channels_last and contiguous, float32 and, where the CPU has bfloat16 units, bfloat16 autocast
(without them its convolutions are many times slower than in float32). Parts are timed by
themselves: the CNN forward, the CNN with the concepts' loss, the decoder from features. --xla
adds ours compiled whole by XLA, which takes minutes to compile.
Takes about 7 minutes on two cores. Results: benchmarks/results/joint_step.json.
"""

from collections.abc import Sequence

from absl import app, flags

from benchmarks.captions import PAPER
from benchmarks.measuring import (
    as_json,
    comparison,
    has_bf16_units,
    interleaved,
    line,
    say,
    write_results,
)
from benchmarks.quick import is_quick
from benchmarks.worker import contestants_of, versions_of, workers

_XLA = flags.DEFINE_bool("xla", False, "Also ours under XLA.")

FULL = {**PAPER, "photographs": 32, "captions": 5, "pretrained": True}
QUICK = {
    **{"words": 500, "units": 32, "steps": 8, "mean length": 5},
    **{"photographs": 4, "captions": 2, "image size": 64},
    **{"ways": [["f32", "f32"]], "parts": []},
}
AIM = 1.4


def measure(workload: dict, *, rounds: int, budget: float, patience: float) -> dict:
    """Times all contestants."""
    if not has_bf16_units():
        workload = {**workload, "torch precisions": ["f32"]}
    sides = [("tensorflow_joint", {"TF_ENABLE_ONEDNN_OPTS": number}) for number in "01"]
    with workers(sides, "torch_joint", workload) as (started, absent):
        timings = interleaved(
            contestants_of(started), rounds=rounds, budget=budget, patience=patience
        )
        versions = versions_of(started)
    photographs = workload["photographs"]
    question = f"joint training step, {photographs} photographs x {workload['captions']} captions"
    ours = [name for name in timings if name.startswith("ours")]
    peers = [name for name in timings if name.startswith("PyTorch")]
    lines = [comparison(question, timings, ours=ours, peers=peers, aim=AIM)]
    rates = {name: photographs / each.median for name, each in timings.items()}
    for name, each in timings.items():
        print(line(name, each, f"{rates[name]:.1f} photographs/s"))
    say({}, lines)
    return {
        "workload": workload,
        "seconds": as_json(timings),
        "photographs a second": rates,
        "lines": [each for each in lines if each],
        "absent": absent,
        "versions": versions,
    }


def main(_: Sequence[str]) -> None:
    """Measures."""
    quick = is_quick()
    limits = {"rounds": 9, "budget": 100.0, "patience": 6.0}
    if quick:
        limits = {"rounds": 3, "budget": 5.0, "patience": 20.0}
    content = measure(QUICK if quick else FULL, **limits)
    versions = content.pop("versions")
    if _XLA.value:
        workload = {**content["workload"], "jit": True}
        content["under XLA"] = measure(workload, rounds=3, budget=60.0, patience=60.0)
    path = write_results("joint_step", content, ("numpy",), quick=quick, peers=versions)
    print(f"written to {path}")


if __name__ == "__main__":
    app.run(main)
