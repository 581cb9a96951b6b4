import math

import numpy as np
import pytest
import sample_report

from s_cnn_rnn.report import ConceptScore, count_concepts
from s_cnn_rnn.report.gallery import (
    choose_galleries,
    everyday_concepts,
    extreme_concepts,
    shown_concepts,
)


def photographs(scores):
    return [sample_report.photograph(n, score=score) for n, score in enumerate(scores)]


def choose(scores, size=4, seed=0):
    return choose_galleries(photographs(scores), metric="CIDEr", size=size, seed=seed)


def scores_of(gallery):
    return [photograph.score for photograph in gallery.photographs]


def test_best_and_worst_are_the_ends_and_typical_the_rest_by_the_seed():
    best, typical, worst = choose(range(100))
    assert scores_of(best) == [99, 98, 97, 96]
    assert scores_of(worst) == [0, 1, 2, 3]
    assert len(typical.photographs) == 4
    assert set(scores_of(typical)) <= set(range(4, 96))
    assert scores_of(choose(range(100))[1]) == scores_of(typical)
    assert scores_of(choose(range(100), seed=1)[1]) != scores_of(typical)


def test_no_photograph_is_shown_twice():
    for total in range(1, 20):
        names = [p.file_name for gallery in choose(range(total)) for p in gallery.photographs]
        assert len(names) == len(set(names)) == min(total, 12)


def test_equal_scores_are_not_ordered_by_name():
    worst = choose([0] * 90 + [1] * 10, size=5)[2]
    assert scores_of(worst) == [0] * 5
    assert [p.file_name for p in worst.photographs] != [f"drawn_{n}.jpg" for n in range(5)]


def test_few_photographs_make_one_gallery_best_first():
    (gallery,) = choose([1, 3, None, 2])
    assert scores_of(gallery) == [3, 2, 1, None]
    assert choose([]) == []


def test_photographs_without_scores_make_one_random_gallery():
    (gallery,) = choose([None, math.nan] * 10)
    assert len(gallery.photographs) == 4
    assert gallery.explanation == "4 of 20, drawn at random."


def test_unscored_photographs_are_never_best_or_worst():
    best, _, worst = choose([None] * 10 + list(range(12)))
    assert None not in scores_of(best) + scores_of(worst)


def test_everyday_concepts_are_those_of_more_than_three_quarters():
    def of(words):
        return sample_report.photograph(concepts=[(word, 0.9, True) for word in words])

    assert everyday_concepts([of("ab"), of("ab"), of("ab"), of("a")]) == {"a"}
    assert everyday_concepts([of("a")] * 3) == frozenset()
    unsure = sample_report.photograph(concepts=[("a", 0.49, True)])
    assert everyday_concepts([unsure] * 9) == frozenset()


def test_shown_concepts_are_the_surest_and_the_missed():
    concepts = [(f"w{n}", n / 100, n in (3, 95)) for n in range(100)] + [("a", 0.999, True)]
    shown = shown_concepts(concepts, frozenset("a"))
    assert [c.word for c in shown.surest] == [f"w{n}" for n in range(99, 91, -1)]
    assert [c.word for c in shown.missed] == ["w3"]
    assert [c.word for c in shown.everyday] == ["a"]


def test_counts_of_concepts_worked_by_hand():
    truth = np.array([[1, 0], [1, 1], [0, 0], [1, 0]])
    predicted = np.array([[0.9, 0.6], [0.5, 0.1], [0.7, 0.2], [0.2, 0.8]])
    red, blue = count_concepts(["red", "blue"], predicted, truth)
    assert red == ConceptScore("red", found=2, missed=1, invented=1)
    assert blue == ConceptScore("blue", found=0, missed=1, invented=2)
    assert red.f1 == pytest.approx(2 / 3)
    assert blue.f1 == 0
    with pytest.raises(ValueError, match=r"shape \[N, 1\]"):
        count_concepts(["red"], predicted, truth)


def test_extreme_concepts_are_ordered_by_f1_and_never_in_both():
    concepts = [ConceptScore(f"w{n}", n, 10 - n, 0) for n in range(11)]
    absent = ConceptScore("absent", 0, 0, 5)
    right, wrong = extreme_concepts([*concepts, absent], 3)
    assert [c.word for c in right] == ["w10", "w9", "w8"]
    assert [c.word for c in wrong] == ["w0", "w1", "w2"]
    right, wrong = extreme_concepts(concepts, 12)
    assert not {c.word for c in right} & {c.word for c in wrong}
    assert len(right + wrong) == 11
    assert extreme_concepts([]) == ([], [])
