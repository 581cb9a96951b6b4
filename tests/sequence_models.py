"""Small models whose every sequence can be counted, and what is read off a decoding."""

import itertools

import numpy as np
from keras import ops

from s_cnn_rnn.vocabulary import END, FIRST_OUTPUT, PADDING


class HistoryModel:
    """A step whose log probabilities depend on everything written, which only the state holds.

    ``table`` [B, histories, V]: a row for each photograph and each history, numbered in the base
    of the words. The history is a matrix in the state, so a beam that is gathered along a wrong
    axis, or not at all, reads another row.
    """

    def __init__(self, photographs, outputs, longest, seed, sharpness=1.5):
        self.outputs, self.longest = outputs, longest
        histories = sum((outputs - 1) ** length for length in range(longest + 1))
        logits = np.random.default_rng(seed).normal(0, sharpness, (photographs, histories, outputs))
        self.table = (logits - np.log(np.exp(logits).sum(-1, keepdims=True))).astype("float32")
        self.calls = 0

    def start(self):
        photographs = len(self.table)
        return {
            "photograph": np.arange(photographs, dtype="int32"),
            "history": np.zeros((photographs, 2, self.longest + 1), "float32"),
            "place": np.zeros((photographs,), "int32"),
        }

    def step(self, word, state):
        self.calls += 1
        place, history = state["place"], state["history"]
        written = ops.cast(ops.maximum(word - FIRST_OUTPUT, 0), "float32")  # START counts as 0
        here = ops.arange(self.longest + 1) == place[:, None]
        both_rows = ops.stack([written, -written], axis=1)[:, :, None]
        history = ops.where(here[:, None, :], both_rows, history)
        number = ops.zeros_like(place)
        for position in range(1, self.longest + 1):
            digit = ops.cast((history[:, 0, position] - history[:, 1, position]) / 2, "int32")
            number = ops.where(position <= place, number * (self.outputs - 1) + digit, number)
        log_p = ops.take(
            ops.reshape(ops.convert_to_tensor(self.table), (-1, self.outputs)),
            state["photograph"] * self.table.shape[1] + number,
            axis=0,
        )
        return log_p, {
            "photograph": state["photograph"],
            "history": history,
            "place": place + 1,
        }

    def log_probability(self, photograph, written):
        """Of a sequence of outputs without END, by walking through the table."""
        number, total = 0, 0.0
        for output in written:
            total += float(self.table[photograph, number, output])
            number = number * (self.outputs - 1) + output
        return total + float(self.table[photograph, number, 0])

    def all_hypotheses(self, photograph, normalisation=0.0, never=(), no_repeats=False):
        """Every hypothesis as (score, log probability, outputs without END), best first."""
        words = [output for output in range(1, self.outputs) if output not in never]
        found = []
        for length in range(self.longest + 1):
            for written in itertools.product(words, repeat=length):
                if no_repeats and len(set(written)) < length:
                    continue
                log_p = self.log_probability(photograph, written)
                found.append((log_p / (length + 1) ** normalisation, log_p, written))
        return sorted(found, reverse=True)


def as_outputs(words):
    """The outputs before END; checks that END and padding close the sequence."""
    words = list(np.asarray(words))
    end = words.index(END)
    assert all(word == PADDING for word in words[end + 1 :])
    assert all(word > END for word in words[:end])
    return tuple(int(word) - FIRST_OUTPUT for word in words[:end])


def to_numpy(decoded):
    return type(decoded)(*(np.asarray(part) for part in decoded))


def assert_same(decoded, expected):
    np.testing.assert_array_equal(decoded.words, expected.words)
    np.testing.assert_array_equal(decoded.lengths, expected.lengths)
    np.testing.assert_allclose(decoded.log_probabilities, expected.log_probabilities, rtol=1e-5)
    np.testing.assert_allclose(decoded.scores, expected.scores, rtol=1e-5)


def markov_step(rows):
    """A step that looks at the last word only. ``rows`` [words + 1, V]: START, then the words."""
    table = ops.log(ops.convert_to_tensor(rows, "float32"))

    def step(word, state):
        return ops.take(table, ops.maximum(word - FIRST_OUTPUT, 0), axis=0), state

    return step


def only(start, photograph):
    return {name: value[photograph : photograph + 1] for name, value in start.items()}


def greedy_reference(model, photograph, never=(), no_repeats=False, stop_bias=0.0):
    """Greedy by hand in NumPy: the outputs written, without END."""
    number, written = 0, []
    while len(written) < model.longest:
        log_p = model.table[photograph, number].copy()
        log_p[[*never, *(written if no_repeats else ())]] = -np.inf
        log_p[0] += np.float32(stop_bias)
        output = int(np.argmax(log_p))
        if output == 0:
            break
        written.append(output)
        number = number * (model.outputs - 1) + output
    return tuple(written)
