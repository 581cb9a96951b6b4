"""Words, ids and concepts: hand-worked examples and properties."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from s_cnn_rnn.vocabulary import (
    END,
    START,
    UNKNOWN,
    UNKNOWN_WORD,
    Vocabulary,
    order_labels,
    tokenise,
)
from s_cnn_rnn.vocabulary_building import caption_vocabulary, label_vocabulary, tag_vocabulary

CAPTIONS = [["a", "dog", "runs"], ["a", "dog"], ["a", "cat", "sleeps"], ["a"]]


@pytest.mark.parametrize(
    ("caption", "tokens"),
    [
        ("A dog's ball.", ["a", "dog", "'s", "ball"]),
        ("Two tri-colored dogs , running !", ["two", "tri-colored", "dogs", "running"]),
        ("they don’t stop", ["they", "don't", "stop"]),
        ("O'Neil 's cat", ["o'neil", "'s", "cat"]),
        ("Ein MÄDCHEN, 3 Bälle", ["ein", "mädchen", "3", "bälle"]),
        ("... -- !", []),
    ],
)
def test_tokeniser(caption, tokens):
    assert tokenise(caption) == tokens


@given(st.text())
def test_tokens_are_lower_case_words_and_survive_joining(caption):
    tokens = tokenise(caption)
    assert all(any(c.isalnum() for c in token) for token in tokens)
    assert tokenise(" ".join(tokens)) == tokens


def test_ids_and_outputs_of_captions():
    vocabulary = caption_vocabulary(CAPTIONS, minimum_count=2, concepts=1)
    assert vocabulary.words == ("a", "dog")
    assert vocabulary.counts == (4, 2)
    assert vocabulary.outputs == 4  # END, UNKNOWN, a, dog
    assert vocabulary.encode(["a", "horse", "dog"]) == [START, 4, UNKNOWN, 5, END]
    assert vocabulary.encode(["a", "dog", "a"], longest=2) == [START, 4, 5, END]
    assert vocabulary.decode([START, 4, UNKNOWN, 5, END, 4]) == ["a", UNKNOWN_WORD, "dog"]
    assert vocabulary.word_coverage == pytest.approx(6 / 9)
    assert vocabulary.concept_coverage == pytest.approx(4 / 9)
    assert vocabulary.concept_numbers(["dog", "a", "a"]) == [0]
    assert vocabulary.never_written == (1,)


def test_the_ceiling_counts_end_and_unknown():
    vocabulary = caption_vocabulary(CAPTIONS, minimum_count=1, maximum_outputs=4)
    assert vocabulary.outputs == 4
    assert vocabulary.words == ("a", "dog")


def test_81_labels_have_82_outputs():
    vocabulary = label_vocabulary([], labels=[f"label {n}" for n in range(81)])
    assert vocabulary.outputs == 82
    assert len(vocabulary.concepts) == 81
    assert vocabulary.never_written == ()
    with pytest.raises(KeyError, match="horse"):
        vocabulary.encode(["horse"])


def test_label_order():
    vocabulary = label_vocabulary([["sky", "sea"], ["sky", "map"], ["sky", "sea"]])
    labels = ["sky", "map", "sea", "sky"]
    assert order_labels(labels, vocabulary, "rare_first") == ["map", "sea", "sky"]
    assert order_labels(labels, vocabulary, "frequent_first") == ["sky", "sea", "map"]
    assert order_labels(labels, vocabulary, "as_given") == ["sky", "map", "sea"]
    with pytest.raises(ValueError, match="random"):
        order_labels(labels, vocabulary, "random")


def test_the_most_frequent_tags():
    """By hand: sky in 3 photographs, fun and sea in 2 each, art and zoo in 1; 7 of 9 are kept."""
    tags = [["sky", "sea", "sky"], ["fun", "sky"], [], ["sea", "fun", "zoo"], ["art", "sky"]]
    vocabulary = tag_vocabulary(tags, maximum=3, made_from={"split": "train"})
    assert vocabulary.kind == "tags"
    assert vocabulary.words == ("sky", "fun", "sea")
    assert vocabulary.counts == (3, 2, 2)
    assert vocabulary.concepts == ()
    assert vocabulary.word_coverage == pytest.approx(7 / 9)
    assert vocabulary.made_from == {"split": "train", "settings": {"maximum_tags": 3}}
    assert not vocabulary.has_unknown
    assert tag_vocabulary(tags).words == ("sky", "fun", "sea", "art", "zoo")
    with pytest.raises(ValueError, match="has no tag"):
        tag_vocabulary([[], []])
    with pytest.raises(ValueError, match="expected 1 or more, not 0"):
        tag_vocabulary(tags, maximum=0)
    with pytest.raises(KeyError, match=r"tags \['zoo'\]"):
        vocabulary.encode(["sky", "zoo"])


def test_tags_as_zeros_and_ones(tmp_path):
    vocabulary = tag_vocabulary([["sky", "sea"], ["sky", "fun"], ["sky", "sea"]])
    vocabulary.save(tmp_path / "v.json")
    indicators = Vocabulary.load(tmp_path / "v.json").indicators(
        [["fun", "sky", "fun", "unheard of"], [], ("sea",)]
    )
    assert indicators.dtype == np.uint8
    assert indicators.tolist() == [[1, 0, 1], [0, 0, 0], [0, 1, 0]]
    assert vocabulary.indicators([]).shape == (0, 3)
    labels = label_vocabulary([["b"], ["a", "b"]])
    assert labels.indicators([["a"]]).tolist() == [[0, 1]]


words = st.text(st.characters(categories=["Ll", "Nd"]), min_size=1, max_size=6)


@given(st.lists(st.lists(words, min_size=1), min_size=1))
def test_encoding_is_undone_by_decoding(captions):
    vocabulary = caption_vocabulary(captions, minimum_count=1)
    for tokens in captions:
        assert vocabulary.decode(vocabulary.encode(tokens)) == tokens
    assert list(vocabulary.counts) == sorted(vocabulary.counts, reverse=True)
    assert vocabulary.word_coverage == 1.0


def test_file_is_readable_and_complete(tmp_path):
    vocabulary = caption_vocabulary(CAPTIONS, minimum_count=1, made_from={"split": "train"})
    vocabulary.save(tmp_path / "v.json")
    assert Vocabulary.load(tmp_path / "v.json") == vocabulary
    content = json.loads((tmp_path / "v.json").read_text())
    assert content["words"][0] == ["a", 4]
    assert content["made_from"]["split"] == "train"
    assert content["made_from"]["settings"]["minimum_count"] == 1


def test_errors_name_the_file_and_the_fault(tmp_path):
    path = tmp_path / "v.json"
    path.write_text('{"words": [["a", 1], ["a", 2]], "concepts": []}')
    with pytest.raises(ValueError, match=r"v\.json: not a vocabulary"):
        Vocabulary.load(path)
    with pytest.raises(ValueError, match="no word appears 9 times"):
        caption_vocabulary(CAPTIONS, minimum_count=9)
    with pytest.raises(ValueError, match="no caption"):
        caption_vocabulary([])


def test_fewer_concepts_are_the_most_frequent_ones():
    tokens = [["a", "dog"], ["a", "cat"], ["a", "dog", "runs"]]
    whole = caption_vocabulary(tokens, minimum_count=1, concepts=3)
    fewer = whole.with_concepts(2)
    assert fewer.concepts == ("a", "dog")
    assert fewer.words == whole.words
    assert fewer.concept_coverage == pytest.approx(5 / 7)
    assert whole.with_concepts(None) is whole
    with pytest.raises(ValueError, match="9 concepts of 3"):
        whole.with_concepts(9)
