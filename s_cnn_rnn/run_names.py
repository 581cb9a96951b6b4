"""What tables call a run: its system, what it did beyond that system's row, its CNN, its seed."""

from s_cnn_rnn.run_folder import RunFolder
from s_cnn_rnn.run_stages import planned_stages
from s_cnn_rnn.systems import find_system

REWARDED = "self-critical"


def system_of_run(folder: RunFolder) -> str:
    """Such as "ours", "ours, self-critical" or "ensemble of 5 nic-v2"."""
    members = folder.members()
    if members:
        names = [system_of_run(member) for member in members]
        counts = {name: names.count(name) for name in dict.fromkeys(names)}
        return "ensemble of " + " and ".join(f"{n} {name}" for name, n in counts.items())
    settings = folder.settings()
    rewarded = any(stage.rewarded for stage in planned_stages(settings))
    return f"{settings.system}, {REWARDED}" if rewarded else settings.system


def encoder_of_run(folder: RunFolder) -> str:
    """The CNN's name (those of an ensemble's members); "none" where no photograph is seen."""
    names = []
    for run in folder.members() or (folder,):
        settings = run.settings()
        sees = "encoder" in find_system(settings.system).parts
        names.append(settings.encoder.name if sees else "none")
    return " and ".join(dict.fromkeys(names))


def seed_of_run(folder: RunFolder) -> str:
    """The training seed, such as "0"; those of an ensemble's members as "0+1+2"."""
    runs = folder.members() or (folder,)
    return "+".join(str(run.settings().seed) for run in runs)
