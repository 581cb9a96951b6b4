import collections
import math

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from s_cnn_rnn.decoding.beam import IMPOSSIBLE
from s_cnn_rnn.decoding.consensus import in_consensus, votes
from s_cnn_rnn.decoding.search import Decoded

LONGEST = 6


def ngrams(words: list[int], n: int) -> collections.Counter:
    return collections.Counter(tuple(words[t : t + n]) for t in range(len(words) - n + 1))


def cosine(a: collections.Counter, b: collections.Counter) -> float:
    norm = math.sqrt(sum(v * v for v in a.values()) * sum(v * v for v in b.values()))
    return sum(a[key] * b[key] for key in a) / norm if norm else 0.0


def cider_by_dictionaries(one: list[int], other: list[int]) -> float:
    apart = math.exp(-((len(one) - len(other)) ** 2) / 72)
    return apart * sum(cosine(ngrams(one, n), ngrams(other, n)) for n in (1, 2, 3, 4)) / 4


def f1_of_sets(one: list[int], other: list[int]) -> float:
    both = len(one) + len(other)
    return 2 * len({*one} & {*other}) / both if both else 1.0


def expected_votes(hypotheses, log_p, likeness, sharpness: float) -> list[float]:
    weights = np.exp(sharpness * (np.array(log_p) - max(log_p)))
    weights /= weights.sum()
    return [
        float(np.dot([likeness(one, other) for other in hypotheses], weights)) for one in hypotheses
    ]


def as_rows(captions: list[list[int]]) -> np.ndarray:
    rows = np.zeros((1, len(captions), LONGEST + 1), "int32")
    for n, caption in enumerate(captions):
        rows[0, n, : len(caption) + 1] = [*caption, 2]
    return rows


captions_of_a_photograph = st.lists(
    st.lists(st.integers(3, 6), max_size=LONGEST), min_size=1, max_size=4
)


lists_of_labels = st.lists(
    st.lists(st.integers(3, 8), max_size=LONGEST, unique=True), min_size=1, max_size=4
)


@pytest.mark.parametrize(
    ("kind", "drawn", "likeness", "sharpness"),
    [
        ("captions", captions_of_a_photograph, cider_by_dictionaries, 0.25),
        ("labels", lists_of_labels, f1_of_sets, 1.0),
    ],
)
@settings(deadline=None, max_examples=60)
@given(data=st.data())
def test_votes_are_what_dictionaries_and_sets_say(kind, drawn, likeness, sharpness, data):
    found_by_beam = data.draw(drawn)
    count = len(found_by_beam)
    log_p = data.draw(st.lists(st.floats(-20, 0, width=32), min_size=count, max_size=count))
    found = votes(as_rows(found_by_beam), np.array([log_p], "float32"), kind)
    expected = expected_votes(found_by_beam, log_p, likeness, sharpness)
    np.testing.assert_allclose(found[0], expected, atol=1e-5)


def test_the_list_of_labels_with_the_best_expected_f1_comes_first():
    # {3}: .4 + (.3 + .3) 2/3 = .8; {3, 4} and {3, 5}: .4 * 2/3 + .3 + .3 * 1/2 = 43/60.
    lists = [[3, 4], [3, 5], [3]]
    log_p = np.log(np.array([[0.3, 0.3, 0.4]], "float32"))
    lengths = np.array([[3, 3, 2]], "int32")
    found = in_consensus(Decoded(as_rows(lists), log_p, log_p, lengths), 3, "labels")
    np.testing.assert_array_equal(found.words[0, 0, :2], [3, 2])
    np.testing.assert_allclose(found.scores[0], [0.8, 43 / 60, 43 / 60], rtol=1e-5)


def test_the_caption_that_the_others_agree_with_comes_first():
    captions = [[3, 3, 3], [4, 5, 6, 7], [4, 5, 6, 8], [4, 5, 6, 9]]
    log_p = np.array([[-1.0, -1.1, -1.2, IMPOSSIBLE]], "float32")
    words = as_rows(captions)
    words[0, 3] = 0
    lengths = np.array([[4, 5, 5, 0]], "int32")
    found = in_consensus(Decoded(words, log_p, log_p, lengths), 2, "captions")
    np.testing.assert_array_equal(found.words, words[:, [1, 2]])
    np.testing.assert_allclose(found.log_probabilities, [[-1.1, -1.2]])
    np.testing.assert_array_equal(found.lengths, [[5, 5]])
    everything = in_consensus(Decoded(words, log_p, log_p, lengths), 4, "captions")
    assert everything.scores[0, 3] == IMPOSSIBLE
    assert everything.words[0, 3].numpy().tolist() == [0] * (LONGEST + 1)


def test_photographs_do_not_matter_to_each_other():
    both = np.concatenate([as_rows([[3, 4], [3, 5]]), as_rows([[6], [6, 7, 8]])])
    log_p = np.array([[-1, -2], [-3, -1]], "float32")
    together = votes(both, log_p, "captions")
    for n in (0, 1):
        alone = votes(both[n : n + 1], log_p[n : n + 1], "captions")
        np.testing.assert_allclose(together[n], alone[0], rtol=1e-6)


@pytest.mark.parametrize("kind", ["captions", "labels"])
@pytest.mark.parametrize("count", [1, 3])
def test_one_hypothesis_has_all_votes(count, kind):
    found = votes(as_rows([[3, 4, 5, 6]] * count), np.zeros((1, count), "float32"), kind)
    np.testing.assert_allclose(found, np.ones((1, count)), rtol=1e-6)
