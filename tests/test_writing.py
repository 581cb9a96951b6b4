"""Writing batch by batch against Keras's own `predict` over all photographs."""

import numpy as np

from s_cnn_rnn.annotation_model import build_model
from s_cnn_rnn.settings import DecodingSettings, RunSettings
from s_cnn_rnn.vocabulary import Vocabulary
from s_cnn_rnn.writing import Writer, write


def test_written_batch_by_batch_as_keras_predicts_all():
    words = tuple("abcdefghij")
    vocabulary = Vocabulary("captions", words, (1,) * 10, words[:4], 1.0, 1.0, {})
    model = {"units": 6, "word_embedding": 5, "longest": 7, "prior_bias": False}
    settings = RunSettings.from_dict({"data": "", "system": "ours", "model": model})
    built = build_model(settings, vocabulary, with_encoder=False)
    writer = Writer(built, DecodingSettings(width=3), longest=7, returned=2)
    random = np.random.default_rng(0)
    embedding = random.normal(scale=9, size=(7, 4)).astype("float32")
    written = write(writer, {"embedding": embedding}, batch=3)
    expected = writer.predict({"embedding": embedding}, batch_size=7, verbose=0)
    np.testing.assert_array_equal(written.words, expected["words"])
    np.testing.assert_allclose(written.log_probabilities, expected["log_probabilities"], rtol=1e-5)
    assert len({tuple(best) for best in written.words[:, 0].tolist()}) > 1
