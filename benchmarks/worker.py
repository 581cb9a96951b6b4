"""A side of a benchmark: a process of its own that is told over a pipe what to run, how often.

TensorFlow and PyTorch do not go together in one process: each brings threads of its own. So each
side is a module of `benchmarks.sides` with one function::

    contestants(workload: dict) -> dict[str, Callable[[], object]]

The program that compares them starts a `Worker` for each side and lets the contestants of all
take turns. Both talk in lines of JSON; seconds are taken inside the worker, so that the pipe is
not measured.

  python -m benchmarks.worker benchmarks.sides.SIDE < lines of JSON
"""

import contextlib
import importlib
import importlib.metadata
import importlib.util
import json
import os
import pathlib
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from experiments.tensorflow_environment import AS_PROGRAMS_START

ROOT = pathlib.Path(__file__).resolve().parents[1]
PEERS = "BENCHMARK_PEERS"
"""Environment variable: the Python that has PyTorch, where it is not ``.venv-peers``'s."""


class PeerAbsent(RuntimeError):
    """PyTorch is not installed anywhere that a benchmark looks."""


class WorkerFailed(RuntimeError):
    """A side stopped; the message ends with what it printed."""


class Run(NamedTuple):
    """What a worker tells of one contestant.

    Args:
        seconds: of each iteration.
        result: what the last iteration gave.
    """

    seconds: list[float]
    result: object


def peers_python() -> str:
    """The Python that has PyTorch: `PEERS`, ``.venv-peers``, or this one.

    Raises:
        PeerAbsent: none of them has it; the message says how to get it.
    """
    named = os.environ.get(PEERS)
    if named:
        return named
    made = ROOT / ".venv-peers"
    if (made / "installed").exists():  # a venv whose installation failed has no such file
        return str(made / "bin" / "python")
    if importlib.util.find_spec("torch"):  # looked for, not imported
        return sys.executable
    raise PeerAbsent(
        "PyTorch is absent, so its side is left out: `make .venv-peers/installed` makes a virtual "
        f"environment with it, or {PEERS}=PYTHON names one that has it"
    )


class Worker:
    """A side under way; a context manager.

    Args:
        side: module of `benchmarks.sides`.
        workload: what it is given.
        python: the interpreter.
        environment: further environment variables.
    """

    def __init__(
        self,
        side: str,
        workload: Mapping,
        *,
        python: str = sys.executable,
        environment: Mapping[str, str] | None = None,
    ):
        self.side = side
        self._log = tempfile.TemporaryFile("w+")  # noqa: SIM115 (`close` closes it)
        self._process = subprocess.Popen(
            [python, "-m", "benchmarks.worker", f"benchmarks.sides.{side}"],
            cwd=ROOT,
            env=os.environ | AS_PROGRAMS_START | dict(environment or {}),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
        )
        try:
            ready = self._ask(dict(workload))
        except BaseException:
            self.close()
            raise
        self.names: list[str] = ready["names"]
        self.versions: dict[str, str] = ready["versions"]

    def run(self, name: str, iterations: int = 1) -> Run:
        """Runs a contestant.

        Raises:
            WorkerFailed: the process ended.
        """
        return Run(**self._ask({"name": name, "iterations": iterations}))

    def peak_memory(self) -> int:
        """The most memory that the process has held, in bytes (VmHWM)."""
        return self._ask({"peak memory": True})["bytes"]

    def close(self) -> None:
        """Ends the process."""
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.close()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()
        self._log.close()

    def __enter__(self) -> "Worker":
        return self

    def __exit__(self, *_) -> None:
        self.close()

    def _ask(self, question: dict) -> dict:
        with contextlib.suppress(BrokenPipeError):  # the empty answer tells it
            self._process.stdin.write(json.dumps(question) + "\n")
            self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            self._log.seek(0)
            raise WorkerFailed(f"benchmarks.sides.{self.side} stopped:\n{self._log.read()[-4000:]}")
        return json.loads(answer)


@contextlib.contextmanager
def workers(
    sides: Sequence[tuple[str, Mapping[str, str]]], torch_side: str | None, workload: Mapping
) -> Iterator[tuple[list[Worker], str]]:
    """The workers of some sides, and of a PyTorch side where there is PyTorch.

    Args:
        sides: (module, environment variables) of those in this Python.
        torch_side: module of PyTorch's side; None for none.
        workload: what all are given.

    Yields:
        The workers, and what is to be told of an absent peer ("" where none is).
    """
    with contextlib.ExitStack() as stack:
        started = [
            stack.enter_context(Worker(side, workload, environment=environment))
            for side, environment in sides
        ]
        absent = ""
        try:
            if torch_side is not None:
                python = peers_python()
                started.append(stack.enter_context(Worker(torch_side, workload, python=python)))
        except PeerAbsent as missing:
            absent = str(missing)
            print(absent)
        yield started, absent


def contestants_of(started: Sequence[Worker]) -> dict:
    """All contestants of some workers, as `measuring.interleaved` takes them."""

    def seconds(worker: Worker, name: str) -> float:
        return worker.run(name).seconds[-1]

    return {
        name: lambda worker=worker, name=name: seconds(worker, name)
        for worker in started
        for name in worker.names
    }


def versions_of(started: Sequence[Worker]) -> dict[str, str]:
    """Versions of the packages that the workers imported."""
    return {name: version for worker in started for name, version in worker.versions.items()}


def peak_memory() -> int:
    """The most memory that this process has held, in bytes.

    The kernel's VmHWM; getrusage would count the process that this one was forked from as well.
    """
    status = pathlib.Path("/proc/self/status")
    if not status.exists():
        return 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    lines = status.read_text("utf-8").splitlines()
    [kilobytes] = [line.split()[1] for line in lines if line.startswith("VmHWM:")]
    return 1024 * int(kilobytes)


_NAMED = ("tensorflow", "keras", "torch", "numpy", "pillow")


def _versions() -> dict[str, str]:
    modules = {"pillow": "PIL"}
    named = [name for name in _NAMED if modules.get(name, name) in sys.modules]
    return {name: importlib.metadata.version(name) for name in named}


def serve(side: str) -> None:
    """Answers the questions on standard input until it ends."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what libraries print is no answer
    module = importlib.import_module(side)

    def answer(content: dict) -> None:
        answers.write(json.dumps(content) + "\n")
        answers.flush()

    contestants = module.contestants(json.loads(sys.stdin.readline()))
    answer({"names": list(contestants), "versions": _versions()})
    for question in sys.stdin:
        asked = json.loads(question)
        if "peak memory" in asked:
            answer({"bytes": peak_memory()})
            continue
        seconds, result = [], None
        for _ in range(asked["iterations"]):
            started = time.perf_counter()
            result = contestants[asked["name"]]()
            seconds.append(time.perf_counter() - started)
        answer({"seconds": seconds, "result": result})


if __name__ == "__main__":
    serve(sys.argv[1])
