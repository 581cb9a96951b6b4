"""Drawn captions and decoder weights that both sides of a benchmark start from; NumPy alone."""

import itertools
from collections.abc import Iterator, Mapping

import numpy as np

PADDING, START, END, FIRST_WORD = 0, 1, 2, 4
FIRST_OUTPUT = END  # an output j is the word id j + FIRST_OUTPUT

PAPER = {"words": 12_000, "units": 512, "steps": 20, "mean length": 12}
"""The decoder of the paper's size: outputs, width of state and word embedding, T, mean length."""


def draw_sequences(workload: Mapping, count: int, seed: int) -> np.ndarray:
    """Captions: START, words, END, padding.

    Words follow Zipf's law; the number of real steps is normal around the mean, between 4 and all.

    Args:
        workload: "words" (outputs), "steps" (T), "mean length" (real steps of a caption, END
            among them).
        count: N.
        seed: of the draw.

    Returns:
        int32 [N, T + 1].
    """
    random = np.random.default_rng(seed)
    steps, mean = workload["steps"], workload["mean length"]
    real = np.clip(np.rint(random.normal(mean, mean / 4, count)).astype(int), min(4, steps), steps)
    ids = np.arange(FIRST_WORD, workload["words"] + FIRST_OUTPUT)
    chances = 1 / np.arange(1, len(ids) + 1)
    sequences = random.choice(ids, (count, steps + 1), p=chances / chances.sum()).astype(np.int32)
    sequences[:, 0] = START
    place = np.arange(steps + 1)[None]
    sequences[place > real[:, None]] = PADDING
    sequences[place == real[:, None]] = END
    return sequences


def batches(workload: Mapping, count: int, *, kinds: int = 4) -> list[np.ndarray]:
    """A few batches of ``count`` captions, longest first, as packing wants them."""
    drawn = [draw_sequences(workload, count, seed) for seed in range(kinds)]
    return [batch[np.argsort(-real_steps(batch), kind="stable")] for batch in drawn]


def turns(values: list) -> Iterator:
    """The values, again and again."""
    return itertools.cycle(values)


def real_steps(sequences: np.ndarray) -> np.ndarray:
    """How many words of each caption are predicted, END among them: int [N]."""
    return (sequences[:, 1:] != PADDING).sum(axis=1)


def useful_gflop(workload: Mapping, words: float) -> float:
    """Work of a training step that ``words`` real words need, in 10^9 operations.

    The matrix products of W_x, W_h and the output layer; twice as much again for the gradients of
    inputs and weights. Padding, activations, softmax and the optimiser are not counted.
    """
    units, outputs = workload["units"], workload["words"]
    forward = 2 * (units * 4 * units + units * 4 * units + units * outputs)
    return 3 * forward * words / 1e9


def decoder_weights(workload: Mapping, seed: int = 0) -> dict[str, np.ndarray]:
    """Weights of an LSTM decoder, float32.

    Returns:
        "embedding" [ids, U], "input" [U, 4, U] and "recurrent" [U, 4, U] (gates i, f, g, o),
        "bias" [4, U], "output" [U, V], "output bias" [V]. With "endless" END is impossible, so that
        every search writes as many words as it may: all peers then do the same work.
    """
    random = np.random.default_rng(seed)
    units, outputs = workload["units"], workload["words"]

    def normal(*shape: int, scale: float) -> np.ndarray:
        return (scale * random.standard_normal(shape)).astype(np.float32)

    bias = np.zeros((4, units), np.float32)
    bias[1] = 1.0  # of the forget gate
    output_bias = np.zeros(outputs, np.float32)
    words_matter, sureness = 0.05, 1.0
    if workload.get("endless"):
        output_bias[END - FIRST_OUTPUT] = -1e3
        # Else the order of words changes little, and captions would be as good as tied.
        words_matter, sureness = 0.5, 1.5
    return {
        "embedding": normal(outputs + FIRST_OUTPUT, units, scale=words_matter),
        "input": normal(units, 4, units, scale=units**-0.5),
        "recurrent": normal(units, 4, units, scale=units**-0.5),
        "bias": bias,
        "output": normal(units, outputs, scale=sureness * units**-0.5),
        "output bias": output_bias,
    }


def first_states(workload: Mapping, count: int, seed: int = 1) -> dict[str, np.ndarray]:
    """H and c before START, float32 [N, U] each; no negative h, as after a rectifier."""
    random = np.random.default_rng(seed)
    shape = (count, workload["units"])
    return {name: np.abs(random.standard_normal(shape)).astype(np.float32) for name in ("h", "c")}
