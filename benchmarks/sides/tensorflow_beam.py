"""Beam search: ours on whole batches, and one photograph at a time as im2txt does it."""

import heapq
import math
from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from benchmarks import captioners
from benchmarks.captions import END, FIRST_OUTPUT, START, decoder_weights, first_states
from benchmarks.sides.tensorflow_decoder import set_our_weights
from s_cnn_rnn.annotator import Annotator
from s_cnn_rnn.decoding.writing import Writer, write
from s_cnn_rnn.model.annotation_model import build_model
from s_cnn_rnn.model.decoder import Decoder
from s_cnn_rnn.settings import DecodingSettings

ALL = "ours, all hypotheses"
ONE_BY_ONE = 4  # photographs of a batch that the loop over single ones writes for


def contestants(workload: Mapping) -> dict[str, Callable[[], object]]:
    """Each writes captions for the batch and gives the word ids of its first photographs.

    "im2txt" writes for the first `ONE_BY_ONE` photographs alone. `ALL` gives all hypotheses of
    ours and is not to be timed.
    """
    decoder = drawn_decoder(workload)
    states = first_states(workload, workload["batch"])
    alone = workload["batch"] == 1
    every = workload["width"]
    found = {
        "ours": our_search(decoder, workload, states, alone=alone),
        ALL: our_search(decoder, workload, states, returned=every, alone=alone),
        "one at a time, as im2txt": one_by_one(decoder, workload, states),
    }
    if workload.get("photograph"):
        found["ours, photograph file to caption"] = _file_to_caption(workload)
    return found


def drawn_decoder(workload: Mapping) -> Decoder:
    """Our decoder with the drawn weights."""
    units = workload["units"]
    decoder = Decoder(workload["words"] + FIRST_OUTPUT, units=units, word_embedding=units)
    decoder.build()
    set_our_weights(decoder, decoder_weights(workload))
    return decoder


class FromStates(NamedTuple):
    """What `Writer` needs of a model, for a decoder whose first states are given."""

    decoder: Decoder
    vocabulary: object

    def start(self, seen: dict) -> dict:
        """The state before START."""
        return self.decoder.begin(seen)

    def projected_words(self):
        """Of every word."""
        return self.decoder.projected_words()

    def step(self, word_ids, state: dict, projected_words=None):
        """One word in, the distribution over the next one out."""
        return self.decoder.step(word_ids, state, projected_words)


def our_search(
    decoder: Decoder,
    workload: Mapping,
    states: Mapping,
    *,
    returned: int = 1,
    settled: bool = True,
    alone: bool = False,
) -> Callable[[], list]:
    """As evaluation and the annotator write; gives [photograph][hypothesis][place].

    Args:
        decoder: with weights that stay as they are.
        workload: "width", "longest", "batch".
        states: the first ones.
        returned: hypotheses of each photograph.
        settled: whether words are projected once, as evaluation does.
        alone: whether XLA compiles it, as it does for single photographs.
    """
    model = FromStates(decoder, captioners.vocabulary(workload))
    decoding = DecodingSettings(width=workload["width"])
    # Weights are given when a search is made, to the peers too; each makes of them what it likes.
    writer = Writer(
        model,
        decoding,
        workload["longest"],
        returned=returned,
        settled=settled,
        alone=alone,
    )
    # Keras reads a model's parts from its attributes only where they are layers.
    writer.decoder = decoder

    def run() -> list:
        written = write(writer, dict(states), batch=workload["batch"])
        return written.words[:ONE_BY_ONE, :, : workload["longest"]].tolist()

    return run


class Caption(NamedTuple):
    """A caption being written; the probability comes first, for the heap."""

    log_probability: float
    number: int  # no two are equal, so that heaps never compare states
    words: list[int]
    state: tuple


def one_by_one(decoder: Decoder, workload: Mapping, states: Mapping) -> Callable[[], list]:
    """im2txt's inference: the step in the graph, the search in Python, photograph by photograph.

    After research/im2txt/im2txt/inference_utils/caption_generator.py of tensorflow/models: a call
    of the graph for each word, whose whole softmax comes back; each live caption is continued by
    its most probable words, found by sorting the vocabulary, and the best live on in a heap.
    """

    @tf.function(reduce_retracing=True)
    def step(word_ids, h, c):
        log_p, after = decoder.step(word_ids, {"h": h, "c": c})
        return tf.exp(log_p), after["h"], after["c"]

    def run() -> list:
        count = min(ONE_BY_ONE, workload["batch"])
        each = [tuple(states[name][n] for name in ("h", "c")) for n in range(count)]
        return [_search(step, state, workload) for state in each]

    return run


def _search(step, state: tuple, workload: Mapping) -> list[int]:
    live = [Caption(0.0, 0, [START], state)]
    finished: list[Caption] = []
    made = 0
    for _ in range(workload["longest"]):
        h, c = (np.stack([caption.state[n] for caption in live]) for n in (0, 1))
        last = np.array([caption.words[-1] for caption in live], np.int32)
        softmax, h, c = (value.numpy() for value in step(last, h, c))
        continued: list[Caption] = []
        for n, caption in enumerate(live):
            best = np.argsort(softmax[n])[-workload["width"] :][::-1]
            for output in best:
                p = softmax[n][output]
                if p < 1e-12:
                    continue
                made += 1
                words = [*caption.words, int(output) + FIRST_OUTPUT]
                log_p = caption.log_probability + math.log(p)
                heap = finished if words[-1] == END else continued
                _keep(heap, Caption(log_p, made, words, (h[n], c[n])), workload["width"])
        live = continued
    return max(finished or live).words[1:]


def _keep(heap: list, caption: Caption, width: int) -> None:
    if len(heap) < width:
        heapq.heappush(heap, caption)
    else:
        heapq.heappushpop(heap, caption)


def _file_to_caption(workload: Mapping) -> Callable[[], None]:
    """A whole captioner at the paper's size, from a JPEG on disk to the caption."""
    settings = captioners.settings({**workload, "steps": workload["longest"] + 1})
    model = build_model(settings, captioners.vocabulary(workload))
    annotator = Annotator(model, settings, one_by_one=True)

    def run() -> None:
        list(annotator.annotate([workload["photograph"]], batch=1))

    return run
