"""Bounds of captions: the best hypothesis and the person, against the official code."""

import numpy as np
import pytest
from finished_runs import untrained_run
from pycocoevalcap.cider.cider import Cider

from s_cnn_rnn.progress import no_progress
from s_cnn_rnn.runs.ensemble_folder import make_ensemble
from s_cnn_rnn.scoring.caption_bounds import bounds_of_run, caption_bounds

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


def test_the_best_of_more_captions_of_a_run_is_better(tiny_run, tmp_path):
    folders = [make_ensemble(tmp_path / str(n), [tiny_run], {"width": n}) for n in (2, 8)]
    two, eight = (bounds_of_run(each, "validation", progress=no_progress) for each in folders)
    assert (two.hypotheses, eight.hypotheses) == (2, 8)
    assert two.photographs == eight.photographs == 6
    assert two.written <= two.best <= eight.best
    assert two.person == eight.person > 0


def test_labels_are_refused(tiny_data, tmp_path):
    stages = {"cnn": {"steps": 3}, "joint": {"steps": 3}}
    run = untrained_run(tmp_path / "labels", tiny_data, task="labels", stages=stages)
    with pytest.raises(ValueError, match="writes labels; bounds are those of captions"):
        bounds_of_run(run, "validation", progress=no_progress)
