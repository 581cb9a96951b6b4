"""The program of caption bounds on a tiny run."""

import re

import pytest
from finished_runs import untrained_run

from experiments.caption_bounds import bounds_of_run
from s_cnn_rnn.runs.ensemble_folder import make_ensemble


def test_the_best_of_more_captions_is_better(tiny_run, tmp_path):
    values = {}
    for width in (2, 8):
        folder = make_ensemble(tmp_path / str(width), [tiny_run], {"width": width})
        head, written, best, person = bounds_of_run(str(folder.path), "validation")
        assert head.endswith("CIDEr of 6 photographs of validation")
        assert f"the first of {width})" in written
        values[width] = [float(re.search(r"[\d.]+$", line)[0]) for line in (written, best, person)]
    assert values[2][0] <= values[2][1] <= values[8][1]
    assert values[2][2] == values[8][2] > 0


def test_labels_are_refused(tiny_data, tmp_path):
    run = untrained_run(
        tmp_path / "labels",
        tiny_data,
        task="labels",
        stages={"cnn": {"steps": 3}, "joint": {"steps": 3}},
    )
    with pytest.raises(ValueError, match="writes labels; bounds are those of captions"):
        bounds_of_run(str(run.path), "validation")
