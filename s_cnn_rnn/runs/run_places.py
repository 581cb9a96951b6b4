"""Whether a folder is a run's: asked before anything slow is imported."""

import os
import pathlib

SETTINGS_FILE = "settings.json"
"""What every run's folder has, and every ensemble's."""


def require_run(path: str | os.PathLike) -> None:
    """Refuses a folder that is no run's.

    Raises:
        FileNotFoundError: the message says what it lacks, and which folders are runs.
    """
    if not (pathlib.Path(path) / SETTINGS_FILE).exists():
        raise FileNotFoundError(
            f"{os.fspath(path)}: no run folder (it has no {SETTINGS_FILE}); name a folder that a "
            "training program made with --run"
        )
