import logging

import numpy as np
import pytest
from fabricated_photographs import jpeg
from finished_runs import untrained_run

from s_cnn_rnn.annotating.photograph_batches import NamedContent
from s_cnn_rnn.annotating.user_tags import known_tags
from s_cnn_rnn.annotator import Annotator
from s_cnn_rnn.metadata.photograph_metadata import Metadata
from s_cnn_rnn.scoring.predictions import predict
from s_cnn_rnn.vocabulary_building import tag_vocabulary


def test_keywords_are_spelt_as_the_model_knows_them():
    vocabulary = tag_vocabulary([["newyork", "sea", "café", "New"]] * 2 + [["sea"]])
    tags = ["New York", "SEA", "sea", "cafe", "new", "unknown"]
    assert known_tags(tags, vocabulary) == ("newyork", "sea", "café", "New")


@pytest.fixture(scope="module")
def tagged_data(tmp_path_factory):
    from tiny_runs import prepare_shapes

    from s_cnn_rnn.data.prepared import PreparedData

    data = prepare_shapes(tmp_path_factory.mktemp("tagged"))
    assert isinstance(data, PreparedData)
    return data


@pytest.fixture(scope="module")
def run(tagged_data, tmp_path_factory):
    options = {"task": "labels", "stages": {"cnn": {"steps": 1}}, "decoding": {"width": 1}}
    path = tmp_path_factory.mktemp("runs") / "tags"
    return untrained_run(path, tagged_data, system="cnn+tags", **options)


def concepts(annotator, photographs, **options):
    words = annotator.model.vocabulary.concepts
    found = annotator.annotate(photographs, **options)
    return np.array([[annotation.probability(word) for word in words] for annotation in found])


def test_given_tags_are_seen_as_in_evaluation(tagged_data, run):
    annotator = Annotator.from_run(run.path)
    photographs = tagged_data.photographs("validation", range(6))
    tags = [item.tags for item in tagged_data.annotations("validation")]
    assert any(tags)
    expected = predict(run, "validation").s_hat
    np.testing.assert_allclose(concepts(annotator, photographs, tags=tags), expected, atol=1e-5)
    with pytest.raises(ValueError, match="zip"):
        concepts(annotator, photographs, tags=tags[:2])


def test_a_photograph_brings_its_own_tags(tagged_data, run, tmp_path, caplog):
    pytest.importorskip("exiv2", reason="exiv2 is not installed (the extra `metadata`)")
    from s_cnn_rnn.metadata.metadata_writing import add_to_sidecar

    annotator = Annotator.from_run(run.path)
    photograph = tmp_path / "a.jpg"
    photograph.write_bytes(jpeg(1))
    tag = run.tag_words().words[0]
    bare = concepts(annotator, [photograph])
    given = concepts(annotator, [photograph], tags=[[tag]])
    assert np.abs(given - bare).max() > 1e-4
    of_a_model = Metadata().with_addition([tag], None, "run")
    add_to_sidecar(photograph, of_a_model)
    np.testing.assert_allclose(concepts(annotator, [photograph]), bare, atol=1e-6)
    add_to_sidecar(photograph, Metadata((tag.upper(),)))
    np.testing.assert_allclose(concepts(annotator, [photograph]), given, atol=1e-6)


def test_it_is_said_once_that_there_are_none(run, caplog):
    annotator = Annotator.from_run(run.path)
    with caplog.at_level(logging.WARNING):
        for _ in range(2):
            concepts(annotator, [jpeg(1), NamedContent("camera", jpeg(2))])
    told = [record.getMessage() for record in caplog.records if "user tags" in record.getMessage()]
    assert len(told) == 1
    assert told[0].startswith("photograph 1: ")
    assert "cnn+tags reads user tags" in told[0]
