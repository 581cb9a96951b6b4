"""Bounds of captions: the best hypothesis and the person, against the official code."""

import numpy as np
import pytest
from pycocoevalcap.cider.cider import Cider

from s_cnn_rnn.scoring.caption_bounds import caption_bounds

REFERENCES = [
    ("a dog runs", "a black dog runs fast", "the dog is running"),
    ("two boys play ball", "boys play with a ball", "two children playing ball", "a ball game"),
    ("a man on a bike", "a man rides a bike", "someone cycles"),
]
HYPOTHESES = [
    ("a cat sits", "a black dog runs"),
    ("two boys play ball", "a man"),
    ("a man is on the road", "a man rides", "a man on a bike"),
]


def cider(captions, references):
    human = {n: list(texts) for n, texts in enumerate(references)}
    return Cider().compute_score(human, {n: [text] for n, text in enumerate(captions)})[0]


def test_the_first_the_best_and_the_mean_person():
    found = caption_bounds(HYPOTHESES, REFERENCES)
    assert found.written == pytest.approx(cider([each[0] for each in HYPOTHESES], REFERENCES))
    best = ["a black dog runs", "two boys play ball", "a man on a bike"]
    assert found.best == pytest.approx(cider(best, REFERENCES))
    assert found.best > found.written
    assert found.hypotheses == pytest.approx(7 / 3)
    persons = [
        cider(
            [captions[n] for captions in REFERENCES],
            [[c for m, c in enumerate(captions) if m != n] for captions in REFERENCES],
        )
        for n in range(3)  # as many as every photograph has
    ]
    assert found.person == pytest.approx(np.mean(persons))


def test_a_person_alone_is_refused():
    with pytest.raises(ValueError, match=r"1 of 3 photographs .* \(first: number 1\)"):
        caption_bounds(HYPOTHESES, [REFERENCES[0], ("two boys",), REFERENCES[2]])
