"""A page on which photographs are dropped: what is written of them, why, and what if.

  python -m experiments.serve
  python -m experiments.serve --run=runs/ours
  python -m experiments.serve --run=runs/ours --run=runs/nic-f

Then open the address that is printed. Several runs are shown beside each other; without --run they
are the models that come with the package. Photographs stay in the memory of this process (the
latest few) and are never written to disk; only this machine is answered, unless --host says
otherwise. More in docs/page.md. Needs the extra: pip install 's-cnn-rnn[serve]'.

Exit status: 0, ended by Ctrl-C; 1, it did not start.
"""

import sys

from absl import app, flags

from experiments import one_by_one  # noqa: F401 (before all that starts TensorFlow)

from experiments import tensorflow_start  # isort: skip (first: before TensorFlow is imported)

from experiments.program_ends import told  # isort: skip
from experiments.serving import listen, shown_runs  # isort: skip

_RUN = flags.DEFINE_multi_string(
    "run",
    None,
    "Folder of a finished run; repeat it to compare. Left out: those that come with the package.",
)
_HOST = flags.DEFINE_string("host", "127.0.0.1", "Address that is listened on.")
_PORT = flags.DEFINE_integer("port", 8000, "Port; 0 for any that is free.", 0, 65535)
_MEGABYTES = flags.DEFINE_float(
    "max_upload_megabytes", 20.0, "Largest file that is accepted.", lower_bound=0.01
)
_CORRELATED = flags.DEFINE_bool(
    "correlated",
    True,
    "Whether concepts that go together can move together. The first time, all training photographs "
    "go through the CNN for that before the page starts (or come from the cache of features).",
)
LOOPBACK = ("127.", "::1", "localhost")


def main(_: list[str]) -> None:
    """Loads, listens and serves."""
    tensorflow_start.only_warnings()
    try:
        import uvicorn

        from s_cnn_rnn.box import box_runs
        from s_cnn_rnn.page.application import build_application
        from s_cnn_rnn.page.guard import THIS_MACHINE
        from s_cnn_rnn.page.uploads import UploadLimits
    except ModuleNotFoundError as error:
        sys.exit(f"serve: {error.name} is missing; pip install 's-cnn-rnn[serve]'")
    local = _HOST.value.startswith(LOOPBACK)
    with told("serve", less_memory="show one run alone (--run=FOLDER), or end other programs"):
        listening = listen(_HOST.value, _PORT.value)
        runs = shown_runs(_RUN.value or box_runs(), correlated=_CORRELATED.value)
    limits = UploadLimits(megabytes=_MEGABYTES.value)
    hosts = (*THIS_MACHINE, _HOST.value) if local else ()
    application = build_application(runs, limits=limits, hosts=hosts)
    shown = f"[{_HOST.value}]" if ":" in _HOST.value else _HOST.value
    print(f"open http://{shown}:{listening.getsockname()[1]}/ (Ctrl-C ends)", flush=True)
    if not local:
        print(f"serve: whoever reaches {_HOST.value} can use this page", file=sys.stderr)
    uvicorn.Server(
        uvicorn.Config(application, log_level="warning", server_header=False, timeout_keep_alive=30)
    ).run(sockets=[listening])


def run() -> None:
    """Entry point of the console command."""
    app.run(main)


if __name__ == "__main__":
    run()
