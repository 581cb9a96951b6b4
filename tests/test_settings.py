"""Settings: round trip, refusals, and the configs that come with the project."""

import dataclasses
import importlib
import pathlib

import pytest

from s_cnn_rnn.model.stages import stages_of
from s_cnn_rnn.model.systems import SYSTEMS, find_system
from s_cnn_rnn.settings import (
    OF_NO_EFFECT,
    OF_TRAINING_ALONE,
    EncoderSettings,
    ModelSettings,
    RunSettings,
    StageSettings,
)

CONFIGS = sorted(
    path.stem
    for path in (pathlib.Path(__file__).parents[1] / "experiments" / "configs").glob("[!_]*.py")
)


def test_settings_that_are_passed_over_are_settings():
    names = [{f.name for f in dataclasses.fields(one)} for one in (RunSettings, StageSettings)]
    assert set.union(*names) >= OF_NO_EFFECT
    assert {field.name for field in dataclasses.fields(ModelSettings)} >= OF_TRAINING_ALONE


def test_imagenet_is_another_name_for_pretrained_weights():
    assert EncoderSettings(weights="imagenet") == EncoderSettings(weights="pretrained")


@pytest.mark.parametrize("name", CONFIGS)
def test_every_config_makes_settings(name):
    config = importlib.import_module(f"experiments.configs.{name}").get_config()
    settings = RunSettings.from_dict(config.to_dict())
    find_system(settings.system)
    assert stages_of(find_system(settings.system), list(settings.stages))


def test_settings_survive_a_file(tmp_path):
    settings = RunSettings.from_dict(
        {"data": "somewhere", "encoder": {"name": "vgg16"}, "stages": {"cnn": {"steps": 7}}}
    )
    settings.save(tmp_path / "settings.json")
    assert RunSettings.load(tmp_path / "settings.json") == settings


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"data": "x", "sede": 1}, "sede does not exist.*seed"),
        ({"data": "x", "model": {"unit": 1}}, "model.unit does not exist"),
        ({"data": "x", "stages": {"cnn": {"step": 1}}}, "stages.cnn.step does not exist"),
        ({"data": "x", "stages": {"cnn": {}}}, "steps"),
        ({}, "data"),
    ],
)
def test_wrong_settings_are_named(content, message):
    with pytest.raises(ValueError, match=message):
        RunSettings.from_dict(content)


def test_stages_of_each_system():
    names = ["joint", "cnn", "cnn_head", "rnn"]
    ours = stages_of(SYSTEMS["ours"], names)
    assert [stage.name for stage in ours] == ["cnn_head", "cnn", "rnn", "joint"]
    assert [stage.source for stage in ours] == ["features", "image", "concepts", "image"]
    nic = stages_of(SYSTEMS["nic-f"], names)
    assert [stage.name for stage in nic] == ["rnn", "joint"]
    assert nic[0].source == "features"
    assert nic[1].trains == ("encoder", "interface", "decoder")
    assert nic[1].outputs == ("words",)
    assert [s.source for s in stages_of(SYSTEMS["nic-deeply"], ["rnn"])] == ["features"]
    with pytest.raises(ValueError, match="stage 'cnnn'"):
        stages_of(SYSTEMS["ours"], ["cnnn"])
