"""Writing batch by batch against Keras's own `predict`; quick ways against the plain one."""

import numpy as np
import pytest

from s_cnn_rnn.decoding.writing import PROJECTED, Writer, write
from s_cnn_rnn.model.annotation_model import build_model
from s_cnn_rnn.model.ensemble import Ensemble
from s_cnn_rnn.settings import DecodingSettings, RunSettings
from s_cnn_rnn.vocabulary import Vocabulary


def drawn_model(system="ours"):
    words = tuple("abcdefghij")
    vocabulary = Vocabulary("captions", words, (1,) * 10, words[:4], 1.0, 1.0, {})
    model = {"units": 6, "word_embedding": 5, "longest": 7, "prior_bias": False}
    settings = RunSettings.from_dict({"data": "", "system": system, "model": model})
    return build_model(settings, vocabulary, with_encoder=False)


@pytest.fixture
def embedding():
    return np.random.default_rng(0).normal(scale=9, size=(7, 4)).astype("float32")


def test_written_batch_by_batch_as_keras_predicts_all(embedding):
    writer = Writer(drawn_model(), DecodingSettings(width=3), longest=7, returned=2)
    written = write(writer, {"embedding": embedding}, batch=3)
    expected = writer.predict({"embedding": embedding}, batch_size=7, verbose=0)
    assert_same(written, expected)
    assert len({tuple(best) for best in written.words[:, 0].tolist()}) > 1


def assert_same(written, expected):
    np.testing.assert_array_equal(written.words, expected["words"])
    np.testing.assert_allclose(written.log_probabilities, expected["log_probabilities"], rtol=1e-5)


@pytest.mark.parametrize("width", [1, 3])
@pytest.mark.parametrize("options", [{"settled": True}, {"settled": True, "alone": True}])
def test_the_quick_ways_write_what_the_plain_one_writes(embedding, width, options):
    model, decoding = drawn_model(), DecodingSettings(width=width)
    plain = Writer(model, decoding, longest=7)
    expected = plain.predict_on_batch({"embedding": embedding})
    assert_same(write(Writer(model, decoding, 7, **options), {"embedding": embedding}), expected)


def test_a_settled_ensemble_writes_what_it_writes(embedding):
    ensemble = Ensemble((drawn_model(), drawn_model()))
    for weight in ensemble.members[1].decoder.weights:
        weight.assign(-0.5 * weight)
    seen = ensemble.join([{"embedding": embedding}, {"embedding": embedding[::-1]}])
    plain = Writer(ensemble, DecodingSettings(width=3), 7).predict_on_batch(seen)
    assert_same(write(Writer(ensemble, DecodingSettings(width=3), 7, settled=True), seen), plain)


def test_only_a_settled_writer_projects_words_beforehand():
    model = drawn_model()
    writer = Writer(model, DecodingSettings(width=3), 7, settled=True)
    ids, gates = model.vocabulary.size, 4 * model.decoder.units
    assert tuple(writer.known[PROJECTED].shape) == (ids, gates)
    assert not Writer(model, DecodingSettings(width=3), 7).known
