"""The models that come with the package, on real photographs."""

import pathlib

import pytest

from s_cnn_rnn.annotator_group import AnnotatorGroup

# Photographs of Flickr8k's validation part, which no model has seen -> words that all five of the
# captions that people wrote of them have.
EXPECTED = {
    "3695064885_a6922f06b2.jpg": {"dog"},
    "369186134_5eef374112.jpg": {"snow"},
    "2934628301_41ea2e6cf9.jpg": {"water"},
    "3515904775_f8acc5909e.jpg": {"dog"},
}


@pytest.fixture(scope="module")
def written(shared_data):
    """Name -> its caption and its labels."""
    photographs = [shared_data / "flickr8k" / "images" / name for name in EXPECTED]
    found = AnnotatorGroup.from_box().annotate(photographs)
    return {pathlib.Path(caption.file_name).name: (caption, labels) for caption, labels in found}


def test_captions_name_what_everybody_sees(written):
    named = [EXPECTED[name] <= set(caption.words) for name, (caption, _) in written.items()]
    assert len(named) == len(EXPECTED)
    assert sum(named) >= 3, [caption.text for caption, _ in written.values()]  # it may be wrong
    for caption, _ in written.values():
        assert caption.words[0] in ("a", "two", "three", "the")
        assert 5 <= len(caption.words) <= 18


def test_captions_differ_and_labels_tell_what_they_are(written):
    assert len({caption.text for caption, _ in written.values()}) == len(EXPECTED)
    assert all("animals" in labels.words for _, labels in written.values())
