import numpy as np
import pytest
from fabricated_photographs import jpeg

from s_cnn_rnn.annotator import Annotator
from s_cnn_rnn.predictions import predict


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
        assert annotation.caption == beams[0].annotation
        assert [b.annotation for b in annotation.beams] == [b.annotation for b in beams]
        likely = [b.log_probability for b in beams]
        assert [b.log_probability for b in annotation.beams] == pytest.approx(likely, rel=1e-4)
        assert annotation.log_probability == annotation.beams[0].log_probability
        by_word = dict(annotation.concepts)
        ordered = [by_word[concept] for concept in concepts]
        np.testing.assert_allclose(ordered, expected.concepts[n], atol=1e-5)
        probabilities = [p for _, p in annotation.concepts]
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
    assert found[0].caption == alone[0].caption
    assert list(annotator.annotate([b"text"], on_damaged=damaged.append)) == []


def test_the_annotations_come_as_they_are_ready(annotator, photographs):
    taken = []

    def stream():
        for photograph in photographs:
            taken.append(photograph)
            yield photograph

    next(annotator.annotate(stream(), batch=2))
    assert len(taken) == 2


def test_ranges_are_checked(annotator, tmp_path):
    with pytest.raises(ValueError, match="beams 1 to 3"):
        next(annotator.annotate([b""], beams=4))
    with pytest.raises(ValueError, match="batch >= 1"):
        next(annotator.annotate([b""], batch=0))
    with pytest.raises(FileNotFoundError, match="no run folder"):
        Annotator.from_run(tmp_path)
