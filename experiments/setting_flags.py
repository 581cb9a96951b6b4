"""The flag of a settings file, any setting of which can be set on the command line.

ml_collections changes only what the file names, and answers anything else with a traceback. Here
the file is completed by the defaults of `s_cnn_rnn.settings` before, and what does not exist is
told with what does.
"""

import dataclasses
import pathlib
import re
import sys
import typing
from collections.abc import Sequence

from absl import flags
from ml_collections import ConfigDict, config_dict, config_flags

from s_cnn_rnn.model.stages import STAGES
from s_cnn_rnn.settings import (
    DecodingSettings,
    EncoderSettings,
    ModelSettings,
    RunSettings,
    StageSettings,
)

CONFIGS = pathlib.Path(__file__).parent / "configs"
_PARTS = {"encoder": EncoderSettings, "model": ModelSettings, "decoding": DecodingSettings}

flags.disclaim_key_flags()


def define_settings(
    name: str, help_text: str, flag_values: flags.FlagValues = flags.FLAGS
) -> flags.FlagHolder:
    """Defines the flag --NAME=FILE, which may be followed by --NAME.SETTING=VALUE.

    Args:
        name: of the flag.
        help_text: what --help says.
        flag_values: where it is defined.

    Returns:
        The flag; its value is a `ConfigDict` that names every setting.
    """
    holder = config_flags.DEFINE_config_file(
        name, None, help_text, lock_config=False, flag_values=flag_values
    )
    flag_values[name].parser = _SettingsParser(name, flag_values[name].parser)
    return holder


class _SettingsParser(flags.ArgumentParser):
    """Reads a settings file and completes it; what is wrong is a message, not a traceback."""

    def __init__(self, name: str, reader: flags.ArgumentParser):
        self.name, self._reader = name, reader

    def parse(self, path):
        config = self._reader.parse(str(settings_file(path)))
        named = named_settings(self.name, flags.FLAGS.read_flags_from_files(sys.argv[1:]))
        complete(config, named, self.name)
        return config.lock()


def settings_file(path: str) -> pathlib.Path:
    """The settings file of a path, or of the name of one that comes with the package.

    Raises:
        ValueError: there is none.
    """
    own = CONFIGS / f"{pathlib.Path(path).stem}.py"
    for place in (pathlib.Path(path), own):
        if place.is_file():
            return place
    names = sorted(p.stem for p in CONFIGS.glob("[a-z]*.py"))
    raise ValueError(f"no such settings file; those that come along: {', '.join(names)}")


def named_settings(flag: str, arguments: Sequence[str]) -> list[str]:
    """The settings that a command line names: "model.units" of --config.model.units=3."""
    found = (re.match(rf"--?(?:no)?{flag}\.([\w.]+)", argument) for argument in arguments)
    return [match.group(1) for match in found if match]


def complete(config: ConfigDict, named: Sequence[str], flag: str = "config") -> None:
    """Gives a config every setting that it leaves to its default.

    Args:
        config: as a file makes it; it is changed.
        named: settings that are going to be set; they must exist.
        flag: how messages call it.

    Raises:
        ValueError: a named setting does not exist.
    """
    with config.unlocked():
        _fill(config, RunSettings, leave=(*_PARTS, "stages", "data"))
        for name in (*_PARTS, "stages"):
            if name not in config:
                config[name] = ConfigDict()
        for name, settings in _PARTS.items():
            _fill(config[name], settings)
        for stage in {parts[1] for parts in _split(named) if parts[0] == "stages" and parts[1:]}:
            if stage in STAGES and stage not in config.stages:
                config.stages[stage] = ConfigDict({"steps": 0})
        for stage in config.stages.values():
            _fill(stage, StageSettings, leave=("steps",))
    for parts in _split(named):
        _require(config, parts, flag)


def _split(named: Sequence[str]) -> list[list[str]]:
    return [name.split(".") for name in named]


def _fill(config: ConfigDict, settings: type, leave: Sequence[str] = ()) -> None:
    hints = typing.get_type_hints(settings)
    for field in dataclasses.fields(settings):
        if field.name in leave:
            continue
        if field.name not in config or config[field.name] is None:
            kind = next(
                kind
                for kind in (*typing.get_args(hints[field.name]), hints[field.name])
                if kind is not type(None)
            )
            given = config.get(field.name, field.default)
            config[field.name] = config_dict.placeholder(kind) if given is None else given


def _require(config: ConfigDict, parts: Sequence[str], flag: str) -> None:
    here, place = config, f"--{flag}"
    for part in parts:
        if not isinstance(here, ConfigDict) or part not in here:
            known = sorted(here) if isinstance(here, ConfigDict) else []
            if place.endswith(".stages"):
                known = list(STAGES)
            raise ValueError(
                f"{place}.{part} does not exist; {place}. has: {', '.join(known) or 'nothing'} "
                "(s_cnn_rnn/settings.py explains each)"
            )
        here, place = here[part], f"{place}.{part}"
