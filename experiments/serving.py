"""What `serve` does before it answers: a port, and runs that are ready."""

import os
import pathlib
import socket
from collections.abc import Sequence


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens, so that a port in use is told before anything is loaded.

    Raises:
        OSError: it is in use, or the address is not this machine's.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except OSError as error:
        advice = "choose another --port (0 for any that is free) or --host"
        raise OSError(f"cannot listen on {host} port {port} ({error.strerror}); {advice}") from None


def name_of_run(path: str | os.PathLike, system: str) -> str:
    """What the page calls a run; one in the box nobody has named.

    Args:
        path: its folder.
        system: as tables call it.
    """
    from s_cnn_rnn.box import BOX

    place = pathlib.Path(path).resolve()
    what = "the model that comes along" if place.parent == BOX.resolve() else system
    return f"{place.name}: {what}"


def shown_runs(paths: Sequence[str | os.PathLike], *, correlated: bool) -> list:
    """Loads runs, and has them compiled.

    Args:
        paths: their folders.
        correlated: see `ShownRun`.
    """
    from s_cnn_rnn.annotator import Annotator
    from s_cnn_rnn.page.shown_run import ShownRun
    from s_cnn_rnn.runs.run_names import system_of_run

    runs = []
    for path in paths:
        print(f"loading {path} ...", flush=True)
        annotator = Annotator.from_run(path, one_by_one=True)
        name = name_of_run(path, system_of_run(annotator.folder))
        run = ShownRun(name, annotator, correlated=correlated)
        run.warm_up()
        runs.append(run)
    return runs
