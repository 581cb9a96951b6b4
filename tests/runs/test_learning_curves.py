"""Curves read from logs: encoder passes counted by hand."""

import json

import pytest
from finished_runs import copy_run

from s_cnn_rnn.runs.learning_curves import curve_of_run, curves_of_systems


def logged(folder, stage, metric):
    lines = folder.stage(stage).log.read_text().splitlines()
    values = {line["step"]: line.get(f"validation/{metric}") for line in map(json.loads, lines)}
    return {step: value for step, value in values.items() if value is not None}


def test_passes_are_counted_through_all_stages(tiny_run):
    """3 steps of 8 photographs in stage cnn, then the bridge at 24, then 3 steps more."""
    curve = dict(curve_of_run(tiny_run, "Lr"))
    joint = logged(tiny_run, "joint", "Lr")
    assert curve == {
        24: logged(tiny_run, "rnn_predicted", "Lr")[3],
        24 + 2 * 8: joint[2],
        24 + 3 * 8: joint[3],
    }


def test_an_unknown_metric_names_those_there_are(tiny_run):
    with pytest.raises(ValueError, match=r"validation/CIDER; choose among .*CIDEr.*Lu"):
        curve_of_run(tiny_run, "CIDER")


def test_seeds_share_a_curve_and_ablations_do_not(tiny_run, tmp_path):
    model = tiny_run.settings().to_dict()["model"]
    runs = [
        copy_run(tiny_run, tmp_path / "ours_1", seed=1),
        copy_run(tiny_run, tmp_path / "tanh", model=model | {"activation": "tanh"}),
    ]
    curves = curves_of_systems([tiny_run, *runs], "Lr")
    curve = curve_of_run(tiny_run, "Lr")
    assert curves == {"ours (ours_0)": curve * 2, "ours (tanh)": curve}
