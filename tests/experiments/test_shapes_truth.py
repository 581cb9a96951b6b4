import dataclasses

from data_prep.shapes import numbered_scene
from experiments.shapes_truth import own_score, true_captions, true_captions_by_pairs
from s_cnn_rnn.scoring.caption_evaluation import no_score


def _name(number: int) -> str:
    return f"seed0_{number:06d}.jpg"


def _truthful(number: int) -> str:
    group = numbered_scene(0, number).groups[0]
    nouns = {1: "a", 2: "two", 3: "three", 4: "four"}
    plural = group.shape + ("es" if group.shape.endswith("s") else "s")
    noun = group.shape if group.count == 1 else plural
    return f"{nouns[group.count]} {group.colour} {noun}"


def test_captions_are_judged_by_what_the_picture_shows():
    for number in range(20):
        assert true_captions(_name(number), _truthful(number)) == {"true captions": 1}
        assert true_captions(_name(number), "five purple dots") == {"true captions": 0}


def test_new_and_known_pairs_are_told_apart():
    """Every second test picture has a pair that train lacks: 9, 29, ... (`data_prep.shapes`)."""
    assert true_captions_by_pairs(_name(9), _truthful(9)) == {
        "true captions": 1,
        "true captions of new pairs": 1,
    }
    assert true_captions_by_pairs(_name(19), "nonsense") == {
        "true captions": 0,
        "true captions of known pairs": 0,
    }


def test_only_drawn_pictures_have_this_score(tiny_data, monkeypatch):
    assert own_score(tiny_data, "test") is true_captions_by_pairs
    assert own_score(tiny_data, "validation") is true_captions
    (first, *rest) = tiny_data.annotations("validation")
    photograph = dataclasses.replace(first, file_name="holiday.jpg")
    monkeypatch.setattr(tiny_data, "annotations", lambda split: [photograph, *rest])
    assert own_score(tiny_data, "validation") is no_score
