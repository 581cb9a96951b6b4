"""Which runs are the same system, trained from different seeds."""

import itertools
import pathlib
from collections.abc import Mapping, Sequence
from typing import Any

from s_cnn_rnn.runs.run_folder import RunFolder, first_difference
from s_cnn_rnn.settings import OF_NO_EFFECT

FROM_OTHERS = ("cnn_from", "starts_from")
"""Settings that name runs that a run starts from."""


def group_by_seed(folders: Sequence[RunFolder]) -> list[list[RunFolder]]:
    """Puts runs that differ in nothing but their seed together, in the order of their first.

    Raises:
        FileNotFoundError: a run, or one that it starts from, is not there.
    """
    groups: list[list[RunFolder]] = []
    for folder in folders:
        same = [g for g in groups if not any(_difference_but_seed(one, folder) for one in g)]
        if same:
            same[0].append(folder)
        else:
            groups.append([folder])
    return groups


def check_seeds(folders: Sequence[RunFolder]) -> None:
    """Checks that runs are seeds of one system.

    Raises:
        ValueError: they are not; the message names the difference.
    """
    for first, second in itertools.combinations(folders, 2):
        difference = _difference_but_seed(first, second)
        if difference:
            raise ValueError(
                f"{first.path} and {second.path} are not seeds of one system: {difference}; "
                "compare them instead"
            )
        if first.settings().seed == second.settings().seed:
            raise ValueError(
                f"{first.path} and {second.path} have the same seed "
                f"({second.settings().seed}); name each seed once"
            )


def _difference_but_seed(first: RunFolder, second: RunFolder) -> str:
    """What else differs, or what they have of another run that is the same for both."""
    described = []
    for folder in (first, second):
        settings = folder.settings()
        content = _with_effect(settings.to_dict())
        content["stages"] = {name: _with_effect(one) for name, one in content["stages"].items()}
        content |= {name: bool(getattr(settings, name)) for name in FROM_OTHERS}
        described.append(content | {"seed": 0, "members": len(folder.members())})
    differences = (_difference_of_origins(first, second, name) for name in FROM_OTHERS)
    return first_difference(*described) or next(filter(None, differences), "")


def _with_effect(settings: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in settings.items() if name not in OF_NO_EFFECT}


def _difference_of_origins(first: RunFolder, second: RunFolder, name: str) -> str:
    """Why the runs that two start from are no seeds of one system either; "" if they are."""
    paths = [pathlib.Path(getattr(folder.settings(), name)) for folder in (first, second)]
    if not getattr(first.settings(), name) or first.path.resolve() == second.path.resolve():
        return ""
    origins = [RunFolder(path) for path in paths]
    difference = _difference_but_seed(*origins)
    if difference:
        return f"{name}: {difference}"
    seeds = [origin.settings().seed for origin in origins]
    if seeds[0] == seeds[1]:
        return f"{name}: what both start from was trained with seed {seeds[0]}"
    return ""
