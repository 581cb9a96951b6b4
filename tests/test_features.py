"""The feature cache: equal to the encoder, made once, never stale, goes on after a stop."""

import numpy as np
import pytest

from s_cnn_rnn import features as module
from s_cnn_rnn.data import encode_split
from s_cnn_rnn.encoders import build_encoder
from s_cnn_rnn.features import cached_features, encode_photographs


@pytest.fixture(scope="module")
def split(tiny_data):
    return encode_split(tiny_data, "train", tiny_data.vocabulary("captions"), longest=16)


@pytest.fixture
def encoder():
    return build_encoder("small_cnn", weights=None, image_size=32)


def test_cached_features_are_the_encoders(split, encoder, tmp_path):
    cached = cached_features(tmp_path, encoder, "small_cnn", split, views=2)
    assert cached.shape == (len(split), 2, 256)
    for view in range(2):
        direct = encode_photographs(encoder, split, mirrored=bool(view))
        np.testing.assert_allclose(cached[:, view], direct, atol=1e-5)


def test_computed_once_and_anew_for_other_weights(split, encoder, tmp_path):
    calls = []
    run = lambda: cached_features(  # noqa: E731
        tmp_path, encoder, "small_cnn", split, progress=lambda done, total: calls.append(done)
    )
    first = run()
    made = len(calls)
    np.testing.assert_array_equal(run(), first)
    assert len(calls) == made > 0
    encoder.weights[0].assign(encoder.weights[0] * 1.5)
    assert not np.array_equal(run(), first)
    assert len(calls) == 2 * made


def test_an_interrupted_cache_goes_on(split, encoder, tmp_path, monkeypatch):
    expected = cached_features(tmp_path / "whole", encoder, "small_cnn", split)
    batches = module.image_batches
    monkeypatch.setattr(
        module, "image_batches", lambda data, **options: batches(data, batch=1, **options)
    )

    def stop(done, total):
        if done == 40:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        cached_features(tmp_path / "cut", encoder, "small_cnn", split, progress=stop)
    assert not list((tmp_path / "cut").glob("*.npy"))
    seen = []
    cached = cached_features(
        tmp_path / "cut", encoder, "small_cnn", split, progress=lambda done, _: seen.append(done)
    )
    assert seen[0] == 33  # the first 32 were kept
    np.testing.assert_allclose(cached, expected, atol=1e-5)
