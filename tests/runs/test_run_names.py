import json

from s_cnn_rnn.runs.run_folder import RunFolder
from s_cnn_rnn.runs.run_names import captions_in_step, name_variant, variant_of_run
from s_cnn_rnn.settings import RunSettings


def test_a_variant_names_the_settings_that_no_column_tells():
    changes = {
        "seed": 1,
        "stages.cnn.steps": 200,
        "stages.cnn.evaluate_every": 10,
        "cnn_from": "runs/cnn_0",
        "frozen_encoder": True,
        "model.units": 256,
    }
    assert name_variant(changes) == "model.units=256, stages.cnn.steps=200"
    assert name_variant({"seed": 1}) == ""


def test_captions_of_a_step_are_told_by_stage_where_these_differ(make_run):
    two, all_of_them = {"steps": 1, "captions": 2}, {"steps": 1}
    same = make_run("same", stages={"cnn": all_of_them, "rnn": two, "joint": two})
    assert captions_in_step(same) == "2"
    other = make_run("other", stages={"rnn": two, "joint": all_of_them})
    assert captions_in_step(other) == "rnn 2, joint all"
    assert captions_in_step(make_run("none", stages={"cnn": all_of_them})) == ""


def test_an_ensemble_is_of_the_variants_of_its_members(make_run, tmp_path):
    for name in ("a", "b", "c"):
        make_run(name, variant="" if name == "a" else "model.units=256")
    ensemble = RunFolder(tmp_path / "ensemble")
    ensemble.path.mkdir()
    ensemble.ensemble_path.write_text(json.dumps({"members": ["../a", "../b", "../c"]}))
    assert variant_of_run(ensemble) == "model.units=256"


def test_a_run_goes_on_whatever_its_variant_is_called(tiny_run, tiny_data):
    """Runs from before variants were recorded are resumed by the same command."""
    settings = tiny_run.settings().to_dict() | {"variant": "model.units=256"}
    tiny_run.open(RunSettings.from_dict(settings), tiny_run.vocabulary(), tiny_data)
