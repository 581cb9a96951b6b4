"""How cost grows: with captions and vocabulary (a decoder step), and with beam width (a search).

  python -m benchmarks.growth [--quick]

One quantity changes, the others stay the paper's: 160 captions of 12 words, 12,000 words, 512
cells; a beam of width 3 over 32 photographs. Beside ours: stock Keras, and PyTorch where it is
there. How preparing and training grow with photographs is measured by benchmarks.many_photographs;
benchmarks.draw_growth draws all of it. Takes about 4 minutes on two cores. Results:
benchmarks/results/growth_captions.json, growth_vocabulary.json, growth_beam_width.json.
"""

from collections.abc import Mapping, Sequence

from absl import app

from benchmarks import beam_search
from benchmarks.captions import PAPER
from benchmarks.measuring import as_json, interleaved, line, write_results
from benchmarks.quick import is_quick
from benchmarks.worker import contestants_of, versions_of, workers

DECODER = ("ours f32", "Keras LSTM + Dense f32", "PyTorch packed f32")
CAPTIONS = (32, 80, 160, 320)
VOCABULARY = (2_000, 12_000, 24_000)
WIDTHS = (1, 3, 5, 10)
QUICK_DECODER = {"words": 300, "units": 16, "steps": 6, "mean length": 4}


def curve(
    quantity: str,
    values: Sequence[int],
    workload: Mapping,
    sides: tuple[str, str],
    chosen: Sequence[str],
    *,
    rounds: int,
    budget: float,
) -> dict:
    """Times the chosen contestants at each value of one quantity.

    Args:
        quantity: the key of the workload that changes.
        values: what it is.
        workload: the rest.
        sides: TensorFlow's and PyTorch's module.
        chosen: names of the contestants.
        rounds: of each.
        budget: seconds a value.
    """
    points, versions, missing = [], {}, ""
    for value in values:
        given = {**workload, quantity: value, "xla": False, "precisions": ["f32"]}
        with workers([(sides[0], {})], sides[1], given) as (started, absent):
            runs = contestants_of(started)
            runs = {name: runs[name] for name in chosen if name in runs}
            timings = interleaved(runs, rounds=rounds, budget=budget, patience=10.0)
            versions |= versions_of(started)
            missing = absent
        print(f"{quantity} {value}")
        for name, each in timings.items():
            print(line(name, each))
        points.append({quantity: value, "seconds": as_json(timings)})
    return {
        "quantity": quantity,
        "workload": dict(workload),
        "points": points,
        "absent": missing,
        "versions of the sides": versions,
    }


def main(_: Sequence[str]) -> None:
    """Measures the three curves."""
    quick = is_quick()
    limits = {"rounds": 3, "budget": 2.0} if quick else {"rounds": 7, "budget": 6.0}
    decoder = ("tensorflow_decoder", "torch_decoder")
    beam = ("tensorflow_beam", "torch_beam")
    size = QUICK_DECODER if quick else PAPER
    search = {**(beam_search.QUICK if quick else beam_search.FULL), "batch": 32}
    searches = ("ours", "PyTorch, batched as generate")
    asked = {
        "growth_captions": ("sequences", CAPTIONS, size, decoder, DECODER),
        "growth_vocabulary": ("words", VOCABULARY, {**size, "sequences": 160}, decoder, DECODER),
        "growth_beam_width": ("width", WIDTHS, search, beam, searches),
    }
    for name, (quantity, values, *rest) in asked.items():
        values = values[:2] if quick else values
        content = curve(quantity, values, *rest, **limits)
        path = write_results(name, content, ("numpy",), quick=quick, program="growth")
        print(f"written to {path}")


if __name__ == "__main__":
    app.run(main)
