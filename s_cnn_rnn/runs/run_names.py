"""What tables call a run: its system, what it did beyond that system's row, its CNN, its seed."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from s_cnn_rnn.model.systems import find_system
from s_cnn_rnn.runs.run_cost import cost_of_run
from s_cnn_rnn.runs.run_folder import RunFolder
from s_cnn_rnn.runs.run_stages import planned_stages
from s_cnn_rnn.settings import OF_NO_EFFECT, RunSettings

REWARDED = "self-critical"
FROZEN = ", frozen CNN"
TOLD_ELSEWHERE = frozenset(
    {
        "seed",
        "data",
        "system",
        "encoder.name",
        "frozen_encoder",
        "decoding.width",
        "decoding.length_normalisation",
        "decoding.consensus",
        "decoding.concepts_vote",
        "decoding.photographs_vote",
        "decoding.stop_bias",
    }
)
"""Settings that columns of their own tell of in a result row."""


def system_of_run(folder: RunFolder) -> str:
    """Such as "ours", "ours, self-critical" or "ensemble of 5 nic-v2"."""
    members = folder.members()
    if members:
        names = [system_of_run(member) for member in members]
        if len(names) == 1:  # a run that is decoded otherwise, which its protocol tells
            return names[0]
        counts = {name: names.count(name) for name in dict.fromkeys(names)}
        return "ensemble of " + " and ".join(f"{n} {name}" for name, n in counts.items())
    settings = folder.settings()
    rewarded = any(stage.rewarded for stage in planned_stages(settings))
    return f"{settings.system}, {REWARDED}" if rewarded else settings.system


def different_names(groups: Sequence[Sequence[RunFolder]]) -> list[str]:
    """The names of several systems; where two are the same, what tells them apart beside it.

    Args:
        groups: for each system its runs, seeds of each other.
    """
    first = [group[0] for group in groups]
    names = [system_of_run(run) for run in first]
    tell_apart = (
        lambda run: "" if cost_of_run(run).trained_through else FROZEN,
        lambda run: f", {variant_of_run(run)}" if variant_of_run(run) else "",
        lambda run: f" ({run.path.name})",
    )
    for tell in tell_apart:
        if len(set(names)) < len(names):
            names = [name + tell(run) for name, run in zip(names, first, strict=True)]
    return names


def encoder_of_run(folder: RunFolder) -> str:
    """The CNN's name (those of an ensemble's members); "none" where no photograph is seen."""

    def encoder(settings: RunSettings) -> str:
        sees = "encoder" in find_system(settings.system).parts
        return settings.encoder.name if sees else "none"

    return _of_each(folder, encoder)


def variant_of_run(folder: RunFolder) -> str:
    """The settings that it changed from its config's, such as "model.units=256"; "" for none."""
    return _of_each(folder, lambda settings: settings.variant)


def captions_in_step(folder: RunFolder) -> str:
    """How many captions of a photograph a training step sees: "2", "all", or by stage."""

    def captions(settings: RunSettings) -> str:
        stages = [stage.name for stage in planned_stages(settings) if "words" in stage.outputs]
        seen = {name: str(settings.stages[name].captions or "all") for name in stages}
        if len(set(seen.values())) > 1:
            return ", ".join(f"{name} {number}" for name, number in seen.items())
        return next(iter(seen.values()), "")

    return _of_each(folder, captions)


def _of_each(folder: RunFolder, tell: Callable[[RunSettings], str]) -> str:
    """What is told of a run, or the different things told of an ensemble's members."""
    told = dict.fromkeys(tell(run.settings()) for run in folder.members() or (folder,))
    return " and ".join(text for text in told if text)


def name_variant(changes: Mapping[str, Any]) -> str:
    """What settings that were changed from a config's are called, but those of `TOLD_ELSEWHERE`.

    Args:
        changes: settings by their place, such as "stages.cnn.steps", and their values.
    """
    hidden = TOLD_ELSEWHERE | OF_NO_EFFECT
    told = [n for n in sorted(changes) if n not in hidden and n.split(".")[-1] not in OF_NO_EFFECT]
    return ", ".join(f"{name}={changes[name]}" for name in told)


def seed_of_run(folder: RunFolder) -> str:
    """The training seed, such as "0"; those of an ensemble's members as "0+1+2"."""
    runs = folder.members() or (folder,)
    return "+".join(str(run.settings().seed) for run in runs)
