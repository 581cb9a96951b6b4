"""One training step of the decoder at the paper's size: ours, stock Keras, PyTorch.

  python -m benchmarks.decoder_step [--quick]

512 cells, 12,000 words, T = 20, captions of 12 words on average (END among them), 32 and 160 of
them; four batches take turns, the same for all. A step is teacher forcing from given first states,
loss, gradients and RMSProp, called as users call it (`train_on_batch`; a PyTorch loop). Peers:

- Keras's own Embedding + LSTM(relu) + Dense on padded batches: float32, float32 with XLA,
  mixed_bfloat16;
- PyTorch's Embedding + LSTM (tanh: it has no other) + Linear: padded, and on real words only
  (packed_sequence); float32 and bfloat16 autocast.

The product of all real words' states with the output layer's matrix is timed beside them, in both
libraries: useful work (`captions.useful_gflop`: real words only) over what the quickest of these
products could do in the same time is the share of the machine that a step uses.
Takes about 4 minutes on two cores. Results: benchmarks/results/decoder_step.json.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from absl import app

from benchmarks.captions import PAPER, batches, real_steps, useful_gflop
from benchmarks.measuring import (
    Timing,
    as_json,
    comparison,
    figure,
    interleaved,
    say,
    write_results,
)
from benchmarks.quick import is_quick
from benchmarks.worker import contestants_of, versions_of, workers

QUICK = {"words": 500, "units": 32, "steps": 8, "mean length": 5, "xla": False}
SEQUENCES = (32, 160)
PATIENCE = 5.0  # seconds: PyTorch's bfloat16 on a CPU without units for it is told once
LEAST_SHARE = 0.6  # of the machine's matrix product, at 160 sequences


def measure(workload: Mapping, *, rounds: int, budget: float) -> dict:
    """Times all contestants on one workload."""
    drawn = batches(workload, workload["sequences"])
    words = float(np.mean([real_steps(batch).sum() for batch in drawn]))
    sides = [("tensorflow_decoder", {})]
    with workers(sides, "torch_decoder", workload) as (started, absent):
        timings = interleaved(
            contestants_of(started), rounds=rounds, budget=budget, patience=PATIENCE
        )
        versions = versions_of(started)
    useful = useful_gflop(workload, words)
    lines = comparisons(workload["sequences"], timings)
    shares = matrix_shares(timings, useful, product_gflop(workload, words))
    print(f"{workload['sequences']} sequences, {words:.0f} real words, {useful:.1f} useful GFLOP")
    say(timings, lines)
    for name, share in shares.items():
        print(f"  {name}: {100 * share:.0f}% of the quickest matrix product of its precision")
    if workload["sequences"] == max(SEQUENCES):
        lines += [
            figure(
                f"share of the machine's matrix product, {name}", share, "", at_least=LEAST_SHARE
            )
            for name, share in shares.items()
            if name.startswith("ours")
        ]
    return {
        "workload": dict(workload),
        "real words": words,
        "useful GFLOP": useful,
        "seconds": as_json(timings),
        "shares of the matrix product": shares,
        "lines": [each for each in lines if each],
        "absent": absent,
        "versions": versions,
    }


def comparisons(sequences: int, timings: Mapping[str, Timing]) -> list[dict | None]:
    """Ours against the best stock Keras, and against PyTorch of the same precision."""
    ours = [name for name in timings if name.startswith("ours")]
    stock = [name for name in timings if name.startswith("Keras")]
    question = f"decoder training step, {sequences} sequences"
    lines = [comparison(f"{question}, against Keras", timings, ours=ours, peers=stock, aim=2.5)]
    for precision in ("f32", "bf16"):
        peers = [f"PyTorch {way} {precision}" for way in ("padded", "packed")]
        lines.append(
            comparison(
                f"{question}, against PyTorch {precision}",
                timings,
                ours=[f"ours {precision}"],
                peers=peers,
                aim=1.3,
            )
        )
    return lines


def product_gflop(workload: Mapping, words: float) -> float:
    """Work of the matrix product that is timed, in 10^9 operations."""
    return 2 * int(words) * workload["units"] * workload["words"] / 1e9


def matrix_shares(timings: Mapping[str, Timing], useful: float, product: float) -> dict[str, float]:
    """Of each step: its useful work a second over that of the quickest product in its precision.

    Args:
        timings: of steps and products; names hold the precision.
        useful: work of a step, GFLOP.
        product: work of a product, GFLOP.
    """
    products = {name: each for name, each in timings.items() if "matrix product" in name}

    def rate(precision: str) -> float:
        own = [each.median for name, each in products.items() if name.endswith(precision)]
        return product / min(own)

    def precision_of(name: str) -> str:
        return "bf16" if "bf16" in name else "f32"

    return {
        name: useful / each.median / rate(precision_of(name))
        for name, each in timings.items()
        if name not in products
    }


def main(_: Sequence[str]) -> None:
    """Measures both sizes."""
    quick = is_quick()
    size = QUICK if quick else PAPER
    limits = {"rounds": 3, "budget": 5.0} if quick else {"rounds": 15, "budget": 60.0}
    measured = [measure({**size, "sequences": count}, **limits) for count in SEQUENCES]
    versions = {name: v for each in measured for name, v in each.pop("versions").items()}
    content = {"sizes": measured, "lines": [line for each in measured for line in each["lines"]]}
    path = write_results("decoder_step", content, ("numpy",), quick=quick, peers=versions)
    print(f"written to {path}")


if __name__ == "__main__":
    app.run(main)
