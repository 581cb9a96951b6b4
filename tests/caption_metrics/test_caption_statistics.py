import pytest

from s_cnn_rnn.caption_metrics import caption_statistics


def test_counts_by_hand():
    captions = {1: "A dog runs.", 2: "a dog runs", 3: "Two cats", 4: ""}
    assert caption_statistics(captions) == {
        "vocabulary used": 5,
        "distinct captions": 3,
        "mean length": 2.0,
    }


def test_a_plain_list_serves():
    statistics = caption_statistics(["a dog", "a cat"])
    assert statistics == {"vocabulary used": 3, "distinct captions": 2, "mean length": 2.0}


def test_no_captions_are_refused():
    with pytest.raises(ValueError, match="no captions"):
        caption_statistics({})
