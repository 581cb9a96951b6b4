"""Beam search in PyTorch, a loop over steps on whole batches, as Hugging Face's `generate` does.

Rows of all beams go through the step together; log probabilities of beams times vocabulary are
flattened, the 2 K best taken (`topk`), those that end set aside, the K best others live on, and the
states are gathered by `index_select`. All of it stays in tensors, as in `generate` since its beam
search was vectorised; the older one, with a scorer in Python, is slower.
"""

from collections.abc import Callable, Mapping

import numpy as np
import torch
from torch.nn import functional

from benchmarks.captions import END, FIRST_OUTPUT, START, decoder_weights, first_states

SHOWN = 4


def contestants(workload: Mapping) -> dict[str, Callable[[], object]]:
    """Writes captions for the batch and gives the word ids of its first photographs."""
    torch.set_grad_enabled(False)
    weights = {
        name: torch.from_numpy(np.ascontiguousarray(_as_torch(name, value)))
        for name, value in decoder_weights(workload).items()
    }
    states = first_states(workload, workload["batch"])
    h, c = (torch.from_numpy(states[name]) for name in ("h", "c"))

    def run() -> list:
        return search(weights, h, c, workload)[:SHOWN].tolist()

    return {"PyTorch, batched as generate": run}


def _as_torch(name: str, value: np.ndarray) -> np.ndarray:
    """Linear layers keep [outputs, inputs]."""
    if name in ("input", "recurrent", "output"):
        return value.reshape(len(value), -1).T
    return value.reshape(-1) if name == "bias" else value


def step(weights: Mapping[str, torch.Tensor], words, h, c):
    """One step of the same LSTM (relu): log p [N, V], h, c."""
    embedded = functional.embedding(words, weights["embedding"])
    gates = functional.linear(embedded, weights["input"], weights["bias"])
    gates = gates + functional.linear(h, weights["recurrent"])
    i, f, g, o = gates.chunk(4, dim=1)
    c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.relu(g)
    h = torch.sigmoid(o) * torch.relu(c)
    logits = functional.linear(h, weights["output"], weights["output bias"])
    return functional.log_softmax(logits, dim=1), h, c


def search(weights: Mapping[str, torch.Tensor], h, c, workload: Mapping) -> torch.Tensor:
    """The best caption of each photograph, word ids [B, longest]."""
    batch, width, longest = len(h), workload["width"], workload["longest"]
    h, c = (state.repeat_interleave(width, 0) for state in (h, c))
    words = torch.full((batch, width, longest + 1), START)
    totals = torch.full((batch, width), -1e9)
    totals[:, 0] = 0.0
    finished_words = torch.zeros((batch, width, longest + 1), dtype=torch.long)
    finished = torch.full((batch, width), -1e9)
    first_rows = torch.arange(batch)[:, None] * width
    for place in range(longest):
        log_p, h, c = step(weights, words[:, :, place].flatten(), h, c)
        outputs = log_p.shape[1]
        totals = (log_p.view(batch, width, outputs) + totals[:, :, None]).flatten(1)
        best, chosen = totals.topk(2 * width, dim=1)
        beam, word = chosen // outputs, chosen % outputs + FIRST_OUTPUT
        candidates = words.gather(1, beam[:, :, None].expand(-1, -1, longest + 1)).clone()
        candidates[:, :, place + 1] = word
        ends = word == END
        ended = torch.where(ends, best, torch.tensor(-1e9))
        finished, which = torch.cat([finished, ended], 1).topk(width, dim=1)
        both = torch.cat([finished_words, candidates], 1)
        finished_words = both.gather(1, which[:, :, None].expand(-1, -1, longest + 1))
        totals, kept = torch.where(ends, torch.tensor(-1e9), best).topk(width, dim=1)
        words = candidates.gather(1, kept[:, :, None].expand(-1, -1, longest + 1))
        rows = (first_rows + beam.gather(1, kept)).flatten()
        h, c = h.index_select(0, rows), c.index_select(0, rows)
    over = finished[:, :1] > totals[:, :1]
    best_words = torch.where(over[:, :, None], finished_words[:, :1], words[:, :1])
    return best_words[:, 0, 1:]
