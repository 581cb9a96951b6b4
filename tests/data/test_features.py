"""The feature cache: equal to the encoder, made once, never stale, goes on after a stop."""

import keras
import numpy as np
import pytest

from s_cnn_rnn.data import features as module
from s_cnn_rnn.data.encoded_split import encode_split
from s_cnn_rnn.data.features import cached_features, encode_photographs
from s_cnn_rnn.data.photographs import Augmentation
from s_cnn_rnn.data.views import AS_SEEN, View
from s_cnn_rnn.encoders import build_encoder

VIEWS = (AS_SEEN, View(mirrored=True), View(crop=1, variation=Augmentation(crop=(0.5, 0.8))))


@pytest.fixture(scope="module")
def split(tiny_data):
    return encode_split(tiny_data, "train", tiny_data.vocabulary("captions"), longest=16)


@pytest.fixture
def encoder():
    return build_encoder("small_cnn", weights=None, image_size=32)


def test_cached_features_are_the_encoders(split, encoder, tmp_path):
    cached = cached_features(tmp_path, encoder, "small_cnn", split, views=VIEWS).features
    assert cached.shape == (len(split), 3, 256)
    for number, view in enumerate(VIEWS):
        direct = encode_photographs(encoder, split, view=view).features
        np.testing.assert_allclose(cached[:, [number]], direct, atol=1e-5)
    assert not np.allclose(cached[:, 0], cached[:, 2], atol=1e-3)


def test_the_map_is_the_layers_and_comes_from_the_same_pass(split, encoder, tmp_path, monkeypatch):
    passes = []
    fill = module._fill
    monkeypatch.setattr(module, "_fill", lambda *a, **o: passes.append(set(a[0])) or fill(*a, **o))
    cached = cached_features(tmp_path, encoder, "small_cnn", split, views=VIEWS, with_map=True)
    assert passes == [{"features", "feature_map"}] * 3
    layers = keras.Model(encoder.input, [encoder.output, encoder.get_layer("feature_map").output])
    for number, found in enumerate(cached.feature_maps):
        assert found.shape == (len(split), 16, 64)
        assert found.dtype == np.float16
        assert isinstance(found, np.memmap)
        batches = module.image_batches(split, image_size=32, view=VIEWS[number])
        images = np.concatenate(list(batches))
        features, spatial = (np.asarray(output) for output in layers(images))
        np.testing.assert_allclose(cached.features[:, number], features, atol=1e-5)
        by_position = spatial.reshape(len(split), 16, 64)
        np.testing.assert_allclose(found, by_position, atol=1e-3, rtol=1e-3)


def test_a_map_wanted_later_leaves_the_features_as_they_are(split, encoder, tmp_path):
    cached_features(tmp_path, encoder, "small_cnn", split)
    [path] = tmp_path.glob("*.npy")
    before = path.stat().st_mtime_ns
    both = cached_features(tmp_path, encoder, "small_cnn", split, with_map=True)
    assert path.stat().st_mtime_ns == before
    direct = encode_photographs(encoder, split, with_map=True)
    np.testing.assert_allclose(both.features, direct.features, atol=1e-5)
    np.testing.assert_allclose(both.feature_maps[0], direct.feature_maps[0], atol=1e-3)


def test_a_small_disk_is_told_before_features_are_computed(split, encoder, tmp_path, monkeypatch):
    monkeypatch.setattr("shutil.disk_usage", lambda path: type("Usage", (), {"free": 1000}))
    with pytest.raises(OSError, match="0 MB free, but the features of 48 photographs take 0 MB"):
        cached_features(tmp_path, encoder, "small_cnn", split)


def test_computed_once_and_anew_for_other_weights(split, encoder, tmp_path):
    calls = []
    run = lambda: cached_features(  # noqa: E731
        tmp_path, encoder, "small_cnn", split, progress=lambda done, total: calls.append(done)
    )
    first = run()
    made = len(calls)
    np.testing.assert_array_equal(run().features, first.features)
    assert len(calls) == made > 0
    encoder.weights[0].assign(encoder.weights[0] * 1.5)
    assert not np.array_equal(run().features, first.features)
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
    np.testing.assert_allclose(cached.features, expected.features, atol=1e-5)
