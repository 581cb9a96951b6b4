"""The vocabularies beside a prepared set: from the train split alone."""

import json

from fabricated_photographs import jpeg

from data_prep import side_files
from data_prep.data_sets import DATA_SETS
from data_prep.prepared_format import prepare
from data_prep.records import LabelNames, Record
from data_prep.vocabularies import VocabularySettings
from s_cnn_rnn.data.prepared import SKIPPED_FILE

ROW = DATA_SETS["own_folder"]
EVERY_WORD = side_files.HowPrepared(vocabulary=VocabularySettings(minimum_count=1))


def record(name, content, split="train", **fields):
    fields.setdefault("captions", (f"A photograph of {name} .",))
    return Record("annotations.csv", 1, name, content, split, **fields)


def test_vocabularies_come_from_train_alone(tmp_path):
    records = [
        record("a.jpg", jpeg(1), captions=("The old dog's dog .",), labels=("dog",), tags=("pet",)),
        record("b.jpg", jpeg(2), "validation", labels=("cat",), tags=("pet", "x")),
    ]
    data = prepare(ROW, records, tmp_path, how=EVERY_WORD)
    captions, labels = data.vocabulary("captions"), data.vocabulary("labels")
    assert captions.words == ("dog", "'s", "old", "the")
    assert captions.made_from["photographs"] == 1
    assert labels.words == ("dog",)
    assert data.vocabulary("tags").words == ("pet",)
    assert data.vocabulary("tags").made_from == {
        "data_set": "own_folder",
        "version": "1.0.0",
        "split": "train",
        "photographs": 1,
        "settings": {"maximum_tags": 1000},
    }
    (note,) = map(json.loads, (data.folder / SKIPPED_FILE).read_text("utf-8").splitlines())
    assert (note["record"], note["severity"]) == ("cat", "note")
    assert "found 'cat', of 1 photographs of validation alone" in note["reason"]


def test_a_few_photographs_keep_every_word(tmp_path):
    """Ten photographs with a caption each: hardly a word appears four times."""
    captions = [f"{word} on the beach" for word in "abcdefghij"]
    records = [record(f"{n}.jpg", jpeg(n), captions=(c,)) for n, c in enumerate(captions)]
    data = prepare(ROW, records, tmp_path)
    words = data.vocabulary("captions").words
    assert set(words) == {*"abcdefghij", "on", "the", "beach"}
    assert VocabularySettings().minimum_count_of(499) == 1
    assert VocabularySettings().minimum_count_of(500) == 4
    assert VocabularySettings(minimum_count=2).minimum_count_of(1) == 2


def test_the_most_frequent_tags_are_kept(tmp_path):
    records = [
        record(f"{n}.jpg", jpeg(n), tags=("rare",) * (n == 0) + ("b",) * (n < 2) + ("a",))
        for n in range(3)
    ]
    how = side_files.HowPrepared(vocabulary=VocabularySettings(1, maximum_tags=2))
    data = prepare(ROW, records, tmp_path, how=how)
    vocabulary = data.vocabulary("tags")
    assert dict(zip(vocabulary.words, vocabulary.counts, strict=True)) == {"a": 3, "b": 2}
    assert data.description["settings"]["maximum_tags"] == 2
    assert data.annotations("train")[0].tags == ("rare", "b", "a")


def test_labels_that_the_data_set_defines(tmp_path):
    stream = [
        LabelNames(("zebra", "dog", "cat")),
        record("a.jpg", jpeg(1), labels=("dog",)),
        record("b.jpg", jpeg(2), "validation", labels=("cat",)),
    ]
    data = prepare(ROW, stream, tmp_path, how=EVERY_WORD)
    vocabulary = data.vocabulary("labels")
    assert dict(zip(vocabulary.words, vocabulary.counts, strict=True)) == {
        "dog": 1,
        "cat": 0,
        "zebra": 0,
    }
    assert (data.folder / SKIPPED_FILE).read_text("utf-8") == ""
