"""Progress on a terminal and in a file."""

import sys

import pytest

from s_cnn_rnn import progress
from s_cnn_rnn.progress import ProgressBar


@pytest.fixture
def clock(monkeypatch):
    """Seconds as the test sets them."""
    now = [100.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    return now


def test_a_file_gets_a_plain_line_every_half_minute(clock, capsys):
    with ProgressBar() as bar:
        for step in range(11, 101):  # it goes on after 10 steps; two seconds each
            bar("joint", step, 1000, {"loss": 60 - step / 10, "Lr": 41.25})
            clock[0] += 2
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "joint: 11 of 1000 steps, loss 58.9, Lr 41.25"
    # The step at which half a minute is over: 16 done in 30 seconds.
    assert lines[1] == "joint: 26 of 1000 steps, 0.533 steps/s, 30:26 left, loss 57.4, Lr 41.25"
    assert len(lines) == 6
    assert "\r" not in "".join(lines)


def test_a_file_gets_a_line_where_each_piece_of_work_is_over(clock, capsys):
    with ProgressBar(" photographs") as bar:
        for what in ("features of train", "features of validation"):
            for done in (1, 2, 3):
                clock[0] += 0.5
                bar(what, done, 3)
        bar("records", 7, 0)
        clock[0] += 31
        bar("records", 8, 0)
    assert capsys.readouterr().err.splitlines() == [
        "features of train: 1 of 3 photographs",
        "features of train: 3 of 3 photographs, 3 photographs/s, 00:00 left",
        "features of validation: 3 of 3 photographs, 3 photographs/s, 00:00 left",
        "records: 8 photographs, 0.0645 photographs/s",
    ]


def test_a_terminal_gets_a_bar(monkeypatch, capsys):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    with ProgressBar() as bar:
        for step in (1, 2, 3):
            bar("cnn", step, 3, {"loss": 1.5})
        bar("cnn: evaluating", 3, 3)
    shown = capsys.readouterr().err
    assert "\rcnn: 100%" in shown
    assert "3/3" in shown
    assert "loss=1.5" in shown
    assert "cnn: evaluating" in shown
