"""One training step of the decoder in PyTorch: padded and packed, float32 and bfloat16."""

import contextlib
from collections.abc import Callable, Mapping

import numpy as np
import torch
from torch import nn
from torch.nn import functional
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence

from benchmarks.captions import (
    FIRST_OUTPUT,
    PADDING,
    batches,
    decoder_weights,
    first_states,
    real_steps,
    turns,
)

RATE = 1e-4


class Decoder(nn.Module):
    """Embedding, LSTM (tanh: PyTorch has no other), Linear.

    Args:
        workload: "words", "units".
    """

    def __init__(self, workload: Mapping):
        super().__init__()
        units = workload["units"]
        self.embedding = nn.Embedding(workload["words"] + FIRST_OUTPUT, units)
        self.lstm = nn.LSTM(units, units, batch_first=True)
        self.output = nn.Linear(units, workload["words"])
        weights = decoder_weights(workload)
        values = {
            self.embedding.weight: weights["embedding"],
            self.lstm.weight_ih_l0: weights["input"].reshape(units, -1).T,
            self.lstm.weight_hh_l0: weights["recurrent"].reshape(units, -1).T,
            self.lstm.bias_ih_l0: weights["bias"].reshape(-1),
            self.lstm.bias_hh_l0: np.zeros(4 * units, np.float32),
            self.output.weight: weights["output"].T,
            self.output.bias: weights["output bias"],
        }
        with torch.no_grad():
            for parameter, value in values.items():
                parameter.copy_(torch.from_numpy(np.ascontiguousarray(value)))

    def padded_loss(self, words, states):
        """Every position is run; padding does not count. The sum over words, the mean over N."""
        seen, _ = self.lstm(self.embedding(words[:, :-1]), states)
        targets = torch.where(words[:, 1:] == PADDING, -100, words[:, 1:] - FIRST_OUTPUT)
        logits = self.output(seen).flatten(0, 1)
        return functional.cross_entropy(logits, targets.flatten(), reduction="sum") / len(words)

    def packed_loss(self, words, states, lengths):
        """Only real words are run: ``words`` is sorted by length, longest first."""
        inputs = pack_padded_sequence(words[:, :-1], lengths, batch_first=True)
        targets = pack_padded_sequence(words[:, 1:], lengths, batch_first=True).data - FIRST_OUTPUT
        embedded = PackedSequence(self.embedding(inputs.data), inputs.batch_sizes)
        seen, _ = self.lstm(embedded, states)
        logits = self.output(seen.data)
        return functional.cross_entropy(logits, targets, reduction="sum") / len(words)


def autocast(precision: str):
    """The context that a user of bfloat16 trains in."""
    if precision == "f32":
        return contextlib.nullcontext()
    return torch.autocast("cpu", dtype=torch.bfloat16)


def runnable(run: Callable[[], object]) -> Callable[[], object]:
    """The same, or without oneDNN where that has no kernel (an LSTM in bfloat16 on AVX2)."""

    def without_onednn():
        with torch.backends.mkldnn.flags(enabled=False):
            return run()

    def first_run():
        nonlocal chosen
        try:
            result = run()
        except RuntimeError as error:
            if "primitive" not in str(error):
                raise
            chosen = without_onednn
            return chosen()
        chosen = run
        return result

    chosen = first_run
    return lambda: chosen()


def contestants(workload: Mapping) -> dict[str, Callable[[], object]]:
    """Each runs one step on the next batch and gives its loss."""
    drawn = [torch.from_numpy(b.astype(np.int64)) for b in batches(workload, workload["sequences"])]
    lengths = [torch.from_numpy(real_steps(b.numpy())) for b in drawn]
    states = first_states(workload, workload["sequences"])
    states = tuple(torch.from_numpy(states[name])[None] for name in ("h", "c"))
    found = {}
    precisions = workload.get("precisions", ("f32", "bf16"))
    for precision in precisions:
        for way in ("padded", "packed"):
            given = list(zip(drawn, lengths, strict=True))
            found[f"PyTorch {way} {precision}"] = runnable(
                _steps(Decoder(workload), given, states, way, precision)
            )
    words = int(np.mean([float(each.sum()) for each in lengths]))
    for precision in precisions:
        found[f"PyTorch matrix product {precision}"] = _product(workload, words, precision)
    return found


def _steps(model: Decoder, given: list, states, way: str, precision: str) -> Callable[[], float]:
    optimiser = torch.optim.RMSprop(model.parameters(), lr=RATE, alpha=0.9, eps=1e-10)
    rest = turns(given)

    def step() -> float:
        words, lengths = next(rest)
        optimiser.zero_grad(set_to_none=True)
        with autocast(precision):
            if way == "packed":
                loss = model.packed_loss(words, states, lengths)
            else:
                loss = model.padded_loss(words, states)
        loss.backward()
        optimiser.step()
        return float(loss.item())

    return step


def _product(workload: Mapping, words: int, precision: str) -> Callable[[], None]:
    dtype = torch.float32 if precision == "f32" else torch.bfloat16
    left = torch.randn(words, workload["units"]).to(dtype)
    right = torch.randn(workload["units"], workload["words"]).to(dtype)

    def run() -> None:
        with torch.no_grad():
            (left @ right)[0, 0].item()

    return run
