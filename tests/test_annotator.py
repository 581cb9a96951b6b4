import doctest
import inspect
import math
import pathlib
import re

import numpy as np
import pytest
from fabricated_photographs import jpeg
from finished_runs import untrained_run
from PIL import Image

import s_cnn_rnn.annotator
from s_cnn_rnn.annotating.annotation import Annotation, PredictedConcept, usual_concepts
from s_cnn_rnn.annotator import Annotator
from s_cnn_rnn.decoding.hypotheses import Hypothesis
from s_cnn_rnn.scoring.predictions import predict
from s_cnn_rnn.vocabulary_building import caption_vocabulary, label_vocabulary


@pytest.fixture(scope="module")
def annotator(tiny_run) -> Annotator:
    return Annotator.from_run(tiny_run.path)


@pytest.fixture(scope="module")
def photographs(tiny_data) -> list[bytes]:
    return tiny_data.photographs("validation", range(6))


@pytest.mark.parametrize("batch", [1, 4, 32])
def test_photographs_are_annotated_as_in_evaluation(annotator, photographs, tiny_run, batch):
    expected = predict(tiny_run, "validation")
    found = list(annotator.annotate(photographs, batch=batch, beams=3))
    assert [a.file_name for a in found] == [f"photograph {n}" for n in range(1, 7)]
    concepts = annotator.model.vocabulary.concepts
    for n, annotation in enumerate(found):
        beams = expected.photographs[n].beams
        assert annotation.text == beams[0].annotation
        assert [b.annotation for b in annotation.beams] == [b.annotation for b in beams]
        likely = [b.log_probability for b in beams]
        assert [b.log_probability for b in annotation.beams] == pytest.approx(likely, rel=1e-4)
        assert annotation.log_probability == annotation.beams[0].log_probability
        by_word = {concept.word: concept.probability for concept in annotation.concepts}
        ordered = [by_word[concept] for concept in concepts]
        np.testing.assert_allclose(ordered, expected.s_hat[n], atol=1e-5)
        probabilities = [concept.probability for concept in annotation.concepts]
        assert probabilities == sorted(probabilities, reverse=True)


def test_damaged_photographs_are_skipped_and_told(annotator, photographs, tmp_path):
    good, odd = tmp_path / "good.jpg", tmp_path / "large.jpg"
    good.write_bytes(photographs[2])
    odd.write_bytes(jpeg(3))
    places = [str(tmp_path / "none.jpg"), good, photographs[0][:200], photographs[1], b"text", odd]
    damaged = []
    found = list(annotator.annotate(places, batch=2, on_damaged=damaged.append))
    assert [a.file_name for a in found] == [str(good), "photograph 4", str(odd)]
    assert [d.name for d in damaged] == [places[0], "photograph 3", "photograph 5"]
    assert "No such file" in damaged[0].reason
    assert all(len(a.beams) == 1 for a in found)
    alone = list(annotator.annotate([photographs[2]]))
    assert found[0].text == alone[0].text
    assert list(annotator.annotate([b"text"], on_damaged=damaged.append)) == []


def test_the_annotations_come_as_they_are_ready(annotator, photographs):
    taken = []

    def stream():
        for photograph in photographs:
            taken.append(photograph)
            yield photograph

    next(annotator.annotate(stream(), batch=2))
    assert len(taken) == 2


def test_telling_concepts_are_those_surer_than_usual():
    concepts = (
        PredictedConcept("a", 0.99, 0.98),
        PredictedConcept("the", 0.8, 0.9),
        PredictedConcept("dog", 0.7, 0.2),
        PredictedConcept("leash", 0.1, 0.01),
        PredictedConcept("kite", 0.001, 0.1),
    )
    beams = (Hypothesis.of_words(["a", "dog"], "captions", -1.0),)
    annotation = Annotation("dog.jpg", "captions", beams, concepts)
    telling = [concept.word for concept in annotation.telling_concepts(3)]
    assert telling == ["dog", "leash", "a"]
    assert [concept.word for concept in annotation.other_concepts(2)] == ["the", "leash"]
    assert annotation.probability("dog") == 0.7
    assert annotation.probability("fish") is None
    assert concepts[2].tells == pytest.approx(0.7 * math.log(3.5))
    assert PredictedConcept("dog", 0.7, None).tells == 0.7


def test_usual_shares_come_from_the_counts():
    captions = [["a", "dog"], ["a", "dog"], ["a", "cat"], ["a", "a"]]
    made_from = {"photographs": 2, "captions": 4}
    vocabulary = caption_vocabulary(captions, minimum_count=1, concepts=2, made_from=made_from)
    assert usual_concepts(vocabulary) == pytest.approx({"a": 1.0, "dog": 1 - 0.5**2})
    labels = label_vocabulary([["dog"], ["dog"], ["cat"], []], made_from={"photographs": 4})
    assert usual_concepts(labels) == pytest.approx({"dog": 0.5, "cat": 0.25})
    assert usual_concepts(label_vocabulary([["dog"]])) == {}


def test_ranges_are_checked(annotator, tmp_path):
    with pytest.raises(ValueError, match="beams 1 to 3"):
        next(annotator.annotate([b""], beams=4))
    with pytest.raises(ValueError, match="batch >= 1"):
        next(annotator.annotate([b""], batch=0))
    with pytest.raises(FileNotFoundError, match="no run folder"):
        Annotator.from_run(tmp_path)


@pytest.mark.parametrize("system", ["ours", "ria", "cnn-logistic"])
def test_labels_are_those_of_the_evaluation(tiny_data, tmp_path, photographs, system):
    options = {"task": "labels", "stages": {"cnn": {"steps": 1}}, "decoding": {"width": 1}}
    run = untrained_run(tmp_path / "run", tiny_data, system=system, **options)
    annotator = Annotator.from_run(run.path)
    expected = predict(run, "validation")
    for n, annotation in enumerate(annotator.annotate(photographs)):
        assert annotation.kind == "labels"
        assert annotation.words == expected.photographs[n].words
        likely = expected.photographs[n].beams[0].log_probability
        assert annotation.log_probability == (likely and pytest.approx(likely, rel=1e-4))
        if expected.s_hat is None:
            assert annotation.concepts == ()
            continue
        for label, score in zip(run.vocabulary().concepts, expected.s_hat[n], strict=True):
            assert annotation.probability(label) == pytest.approx(score, abs=1e-5)
        others = [concept.word for concept in annotation.other_concepts(100)]
        assert {*others, *annotation.words} == set(run.vocabulary().concepts)
    if system == "cnn-logistic":
        with pytest.raises(ValueError, match="beams 1 to 1"):
            next(annotator.annotate(photographs, beams=2))


@pytest.fixture(scope="module")
def boxed() -> Annotator:
    return Annotator.from_box()


@pytest.fixture
def holiday(tmp_path, monkeypatch):
    """The folder that examples are run in: a beach (sky, sea, sand) and a dog on grass."""
    monkeypatch.chdir(tmp_path)
    beach = np.repeat(np.uint8([[120, 180, 235], [40, 110, 170], [225, 200, 150]]), 80, axis=0)
    Image.fromarray(np.tile(beach[:, None], (1, 320, 1))).save("beach.jpg")
    down, right = np.mgrid[:240, :320]
    dog = np.uint8([[[60, 140, 50]]]) * np.ones((240, 320, 1), np.uint8)
    dog[((right - 160) / 70) ** 2 + ((down - 140) / 40) ** 2 < 1] = 130, 80, 40
    dog[((right - 235) / 28) ** 2 + ((down - 105) / 28) ** 2 < 1] = 120, 70, 35
    Image.fromarray(dog).save("dog.png")
    Image.fromarray(dog).save("dog.jpg")
    Image.fromarray(np.tile(beach[:, None], (1, 320, 1))).save("beach.png")


def test_the_examples_of_docstrings_run(boxed, holiday):
    options = {"extraglobs": {"annotator": boxed}, "optionflags": doctest.ELLIPSIS}
    found = doctest.testmod(s_cnn_rnn.annotator, **options)
    assert found.attempted >= 9
    assert found.failed == 0


def test_the_example_of_the_docs_runs_as_it_is_printed(holiday, capsys):
    page = pathlib.Path(__file__).parents[1] / "docs" / "python.md"
    [example] = re.findall(
        "^```python\n(.*?)^```", page.read_text("utf-8"), re.DOTALL | re.MULTILINE
    )
    exec(compile(example, page, "exec"), {})
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("dog.jpg ")
    assert lines[1].startswith("beach.png ")
    assert " -> " in lines[2]
    changed, words = lines[2].split(" -> "), lines[3:]
    assert [line.split()[0] for line in words] == changed[0].split()


@pytest.mark.parametrize("name", ["from_run", "from_box", "annotate", "what_if", "why", "keep"])
def test_what_users_call_has_types_of_everything(name):
    signature = inspect.signature(getattr(Annotator, name))
    assert signature.return_annotation is not signature.empty
    for parameter in signature.parameters.values():
        assert parameter.name == "self" or parameter.annotation is not parameter.empty
