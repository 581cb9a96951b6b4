import numpy as np
import pytest
import tensorflow as tf

from s_cnn_rnn.decoding.hypotheses import Hypothesis
from s_cnn_rnn.decoding.reranking import Reranker, reranked
from s_cnn_rnn.export.whole_model import best_candidate, text_pieces, words_by_id
from s_cnn_rnn.vocabulary import END
from s_cnn_rnn.vocabulary_building import caption_vocabulary, label_vocabulary

WORDS = ["a", "dog", "cat", "runs", "sleeps", "mat"]


@pytest.fixture(scope="module")
def vocabulary():
    captions = [WORDS[: n + 1] for n in range(len(WORDS))]
    return caption_vocabulary(captions, minimum_count=1, concepts=4)


@pytest.mark.parametrize(("length", "coverage"), [(0, 0), (0.5, 0), (0, 8), (-0.25, 4)])
def test_candidates_are_reranked_as_python_does(vocabulary, length, coverage):
    random = np.random.default_rng(0)
    photographs, candidates, places = 40, 5, 7
    ids = np.zeros((photographs, candidates, places), np.int32)
    texts = []
    for rows in ids:
        captions = [random.choice(WORDS, random.integers(1, places - 1)) for _ in rows]
        for row, caption in zip(rows, captions, strict=True):
            row[: len(caption) + 1] = [*vocabulary.encode(caption)[1:-1], END]
        texts.append(captions)
    log_p = -np.sort(random.random((photographs, candidates)).astype(np.float32) * 4)
    s_hat = random.random((photographs, 4)).astype(np.float32)
    reranker = Reranker(length, coverage)
    found = [
        [
            Hypothesis.of_words(caption, "captions", float(p))
            for caption, p in zip(captions, row, strict=True)
        ]
        for captions, row in zip(texts, log_p, strict=True)
    ]
    expected = reranked(reranker, found, s_hat, vocabulary)
    given = tf.constant(ids), tf.constant(log_p), tf.constant(s_hat)
    best = best_candidate(reranker, *given, vocabulary).numpy()[:, 0]
    for row, choice in enumerate(best):
        assert found[row][choice] == expected[row][0]
    assert len(set(best.tolist())) > (coverage > 0 or length > 0)


def test_pieces_make_texts(vocabulary):
    for words in (vocabulary, label_vocabulary([["dog"], ["dog", "black cat"]])):
        first, following = text_pieces(words)
        written = list(words.words[:2])
        ids = [*words.encode(written)[1:], 0, 0]
        text = first[ids[0]] + "".join(following[number] for number in ids[1:])
        assert text == {"captions": " ", "labels": ", "}[words.kind].join(written)
        assert len(words_by_id(words)) == words.size
