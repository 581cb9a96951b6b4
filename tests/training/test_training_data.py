"""What a training leaves out is told as it begins."""

import dataclasses

import pytest
from tiny_runs import tiny_settings

from s_cnn_rnn.data.prepared import PreparedData
from s_cnn_rnn.training.training_data import open_data


@pytest.fixture
def some_unlabelled(monkeypatch):
    """The first five photographs of every split have no labels and no captions."""
    read = PreparedData.annotations

    def annotations(self, split):
        found = list(read(self, split))
        return [dataclasses.replace(a, labels=(), captions=()) for a in found[:5]] + found[5:]

    monkeypatch.setattr(PreparedData, "annotations", annotations)


@pytest.mark.parametrize("task", ["labels", "captions"])
def test_photographs_without_annotations_are_counted(tiny_data, some_unlabelled, caplog, task):
    _, data = open_data(tiny_settings(tiny_data, task=task))
    assert len(data.train) == 48 - 5
    assert data.train.rows.tolist() == list(range(5, 48))
    assert f"train: 5 of 48 photographs have no {task}; training leaves them out" in caplog.text
    assert f"validation: 5 of 6 photographs have no {task}; training" in caplog.text


def test_lists_that_are_cut_are_counted(tiny_data, caplog):
    lengths = [len(a.labels) for a in tiny_data.annotations("train")]
    model = {"units": 16, "word_embedding": 12, "longest": max(lengths) - 1}
    _, data = open_data(tiny_settings(tiny_data, task="labels", model=model))
    cut = lengths.count(max(lengths))
    assert f"train: {cut} of the label lists are longer than model.longest" in caplog.text
    assert len(data.train) == 48
    caplog.clear()
    model["longest"] += 1
    open_data(tiny_settings(tiny_data, task="labels", model=model))
    assert "longer than" not in caplog.text
    assert "training leaves them out" not in caplog.text
