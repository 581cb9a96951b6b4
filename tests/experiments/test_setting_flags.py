import importlib
import sys

import pytest
from absl import flags
from ml_collections import ConfigDict

from experiments.setting_flags import (
    CONFIGS,
    complete,
    define_settings,
    named_settings,
    settings_file,
)
from s_cnn_rnn.settings import RunSettings

NAMES = sorted(path.stem for path in CONFIGS.glob("[a-z]*.py"))


def config_of(name: str) -> ConfigDict:
    return importlib.import_module(f"experiments.configs.{name}").get_config()


@pytest.mark.parametrize("name", NAMES)
def test_a_completed_config_means_the_same(name):
    before = RunSettings.from_dict(config_of(name).to_dict())
    config = config_of(name)
    complete(config, [])
    assert RunSettings.from_dict(config.to_dict()) == before


def test_what_a_config_leaves_out_can_be_set():
    config = config_of("mirflickr")
    named = ["encoder.dropout", "model.cell", "seed", "starts_from", "stages.self_critical.steps"]
    complete(config, named)
    config.lock()
    config.encoder.dropout = 0.25
    config.model.cell = "gru"
    config.starts_from = "runs/a"
    config.stages.cnn.captions = 2
    config.stages.self_critical.steps = 7
    settings = RunSettings.from_dict(config.to_dict())
    assert (settings.encoder.dropout, settings.model.cell) == (0.25, "gru")
    assert (settings.starts_from, settings.stages["cnn"].captions) == ("runs/a", 2)
    assert settings.stages["self_critical"].steps == 7
    assert "self_critical" not in config_of("mirflickr").stages


@pytest.mark.parametrize(
    ("named", "told"),
    [
        ("modle.units", r"--config\.modle does not exist.*: .*model, "),
        ("model.unit", r"--config\.model\.unit does not exist.*units"),
        ("stages.cnnn.steps", r"--config\.stages\.cnnn does not exist.*cnn_head"),
        ("stages.cnn.step", r"step does not exist.*steps"),
        ("seed.x", r"seed\.x does not exist"),
    ],
)
def test_what_does_not_exist_is_told_with_what_does(named, told):
    with pytest.raises(ValueError, match=told):
        complete(config_of("mirflickr"), [named])


def test_settings_that_a_command_line_names():
    line = ["--config=a.py", "--config.model.units=3", "-config.jit", "--noconfig.x.y", "--run=r"]
    assert named_settings("config", line) == ["model.units", "jit", "x.y"]


def test_settings_files_that_come_along_are_found_from_anywhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert settings_file("flickr8k") == CONFIGS / "flickr8k.py"
    assert settings_file("experiments/configs/flickr8k.py") == CONFIGS / "flickr8k.py"
    own = tmp_path / "flickr8k.py"
    own.write_text("")
    assert settings_file(str(own)) == own
    with pytest.raises(ValueError, match=r"no such settings file.*flickr8k, "):
        settings_file("flicker")


def parsed(monkeypatch, *arguments):
    line = ["program", *arguments]
    monkeypatch.setattr(sys, "argv", line)
    values = flags.FlagValues()
    holder = define_settings("config", "", flag_values=values)
    values(line)
    return holder.value


def test_the_flag_sets_them(monkeypatch):
    config = parsed(
        monkeypatch, "--config=own_photographs", "--config.encoder.dropout=0.5", "--config.jit"
    )
    assert (config.encoder.dropout, config.jit, config.seed) == (0.5, True, 0)
    assert RunSettings.from_dict(config.to_dict()).encoder.dropout == 0.5


@pytest.mark.parametrize(
    "wrong", ["--config.encoder.drop=1", "--config.encoder.dropout=much", "--config=nowhere.py"]
)
def test_the_flag_tells_errors_as_absl_does(monkeypatch, wrong):
    with pytest.raises(flags.Error, match="config"):
        parsed(monkeypatch, "--config=own_photographs", wrong)
