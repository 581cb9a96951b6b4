"""The page of explanations: one scale for all words of a text, and small probabilities."""

import doctest

import numpy as np
from fabricated_photographs import jpeg

from s_cnn_rnn.annotating.annotation import Annotation
from s_cnn_rnn.decoding.hypotheses import Hypothesis
from s_cnn_rnn.explaining.explanation import ConceptShare, Explanation, WordReasons
from s_cnn_rnn.report import explanation_page


def reasons(word: str, contribution: float) -> WordReasons:
    share = ConceptShare(word, 0.9, 0.1, contribution)
    return WordReasons(word, -0.5, -8.0, (share,), np.eye(3))


def test_documented_examples_run():
    assert doctest.testmod(explanation_page).attempted > 0
    assert doctest.testmod(explanation_page).failed == 0


def test_bars_of_different_words_have_one_scale(tmp_path):
    best = Hypothesis.of_words(["dog", "runs"], "captions", -1.0)
    explanation = Explanation(
        Annotation("dog.jpg", "captions", (best,), ()),
        (reasons("dog", 0.8), reasons("runs", -0.2)),
        {},
    )
    path = tmp_path / "why.html"
    explanation_page.write_explanations(path, [(explanation, jpeg())], system="ours")
    page = path.read_text("utf-8")
    assert 'style="width: 100.0%"' in page
    assert 'style="width: 25.0%"' in page
    assert page.count("nats") == 1
    assert page.count("probability 0.61; in a usual photograph &lt; 0.01") == 2
