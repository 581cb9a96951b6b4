"""Measured figures: long CSV files, one row a number, with what made it.

Tables for reading are made from them by `result_tables`.
"""

import contextlib
import csv
import dataclasses
import fcntl
import math
import os
import pathlib
import platform
import shutil
import subprocess
from collections.abc import Iterable, Iterator, Mapping, Sequence

from s_cnn_rnn.whole_files import whole_file

# Rows that agree in these are the same measurement; a later one replaces the earlier. One seed
# never replaces the mean of several.
KEY = (
    "system",
    "metric",
    "seeds",
    "split",
    "protocol",
    "encoder",
    "trained_through",
    "data_hash",
    "variant",
    "against",
)
_NUMBERS = ("value", "low", "high")


@dataclasses.dataclass(frozen=True)
class Result:
    """One measured number.

    Args:
        system: row of the table of systems, such as "ours".
        metric: "CIDEr", "BLEU-4", "O-F1", ...
        value: scores as fractions (CIDEr .56); None where the metric could not be measured.
        low: lower end of the 95% interval; None where there is none.
        high: upper end.
        seeds: the training seeds that ``value`` is the mean of, such as "0 1 2".
        split: the part of the data that was scored.
        protocol: how it was predicted and scored, such as "beam 3".
        encoder: the CNN.
        trained_through: "yes" if the CNN was trained too, "no" if it stayed frozen.
        data_hash: digest of the prepared data set.
        commit: of the program, see `commit`.
        hardware: see `hardware`.
        command: what measures the number again.
        variant: the settings that were changed from the config's, see `run_names.variant_of_run`.
        against: the system that ``value`` is the difference to; "" where it is no difference.
        captions_in_step: see `run_names.captions_in_step`.
    """

    system: str
    metric: str
    value: float | None
    low: float | None = None
    high: float | None = None
    seeds: str = ""
    split: str = ""
    protocol: str = ""
    encoder: str = ""
    trained_through: str = ""
    data_hash: str = ""
    commit: str = ""
    hardware: str = ""
    command: str = ""
    variant: str = ""
    against: str = ""
    captions_in_step: str = ""

    def __post_init__(self):
        for name in _NUMBERS:
            number = getattr(self, name)
            if number is not None and not math.isfinite(number):
                raise ValueError(
                    f"{self.system}, {self.metric}: {name} is {number}; expected a number"
                )
        if (self.low is None) != (self.high is None) or (
            self.low is not None and self.low > self.high
        ):
            raise ValueError(
                f"{self.system}, {self.metric}: the interval must be low <= high, or empty, "
                f"not [{self.low}, {self.high}]"
            )

    @property
    def key(self) -> tuple[str, ...]:
        """What tells this measurement from others."""
        return tuple(getattr(self, name) for name in KEY)


COLUMNS = tuple(field.name for field in dataclasses.fields(Result))
FIRST_COLUMNS = COLUMNS[: COLUMNS.index("variant")]
"""Those that every result file has; older files end with them, and are read as if the others were
empty. The next row that is added completes them."""


def result_rows(
    values: Mapping[str, float | None],
    intervals: Mapping[str, tuple[float, float]],
    **description: str,
) -> list[Result]:
    """Makes one row for each metric, with this program's commit and this machine's hardware.

    Args:
        values: metric -> value; None for a metric that is missing (its row is kept, empty, so
            that no older figure stands in for it).
        intervals: metric -> (low, high); metrics may lack one.
        **description: the other fields of `Result`, the same for all metrics.
    """
    description = {"commit": commit(), "hardware": hardware(), **description}
    rows = []
    for metric, value in values.items():
        low, high = intervals.get(metric, (None, None))
        rows.append(Result(metric=metric, value=value, low=low, high=high, **description))
    return rows


def read_results(path: str | pathlib.Path) -> list[Result]:
    """Reads a file that `append_results` wrote.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: the file is no result file; the message names file, line and what is wrong.
    """
    path = pathlib.Path(path)
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.reader(file)
        header = next(reader, [])
        if tuple(header) not in (COLUMNS, FIRST_COLUMNS):
            raise ValueError(
                f"{path}, line 1: expected the columns {','.join(COLUMNS)}, got {','.join(header)}"
            )
        return [_parse(header, fields, f"{path}, line {reader.line_num}") for fields in reader]


def _parse(header: Sequence[str], fields: Sequence[str], where: str) -> Result:
    if len(fields) != len(header):
        raise ValueError(f"{where}: expected {len(header)} fields, got {len(fields)}")
    named = dict(zip(header, fields, strict=True))
    try:
        numbers = {n: float(named[n]) if named[n] else None for n in _NUMBERS}
        return Result(**(named | numbers))
    except ValueError as error:
        raise ValueError(f"{where}: {error}") from error


def append_results(path: str | pathlib.Path, rows: Iterable[Result]) -> None:
    """Adds rows to a result file; a row with the key of an older one takes its place.

    The file changes at once or not at all, and programs that add rows side by side wait for each
    other. Rows keep their order; new ones come last.

    Args:
        path: the file; it and its folder are made where missing.
        rows: the rows to add.

    Raises:
        ValueError: two of ``rows`` have the same key, or the file is no result file.
    """
    path, rows = pathlib.Path(path), list(rows)
    fresh = {row.key: row for row in rows}
    if len(fresh) != len(rows):
        twice = next(row for row in rows if fresh[row.key] is not row)
        raise ValueError(
            f"{path}: two new rows are the same measurement "
            f"({dict(zip(KEY, twice.key, strict=True))}); mean over seeds first"
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    with _locked(path.parent):
        old = {row.key: row for row in read_results(path)} if path.exists() else {}
        _write(path, (old | fresh).values())


@contextlib.contextmanager
def _locked(folder: pathlib.Path) -> Iterator[None]:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _write(path: pathlib.Path, rows: Iterable[Result]) -> None:
    with whole_file(path) as unfinished, unfinished.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        for row in rows:
            fields = dataclasses.astuple(row)
            writer.writerow("" if field is None else field for field in fields)


def hardware() -> str:
    """The CPU's model, the cores this process may use, and the GPUs it may use, if any."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    parts = [_cpu_model(), f"{cores} core{'s' if cores != 1 else ''}", *_gpus()]
    return ", ".join(parts)


def _cpu_model() -> str:
    information = pathlib.Path("/proc/cpuinfo")
    if information.exists():
        for line in information.read_text("utf-8", errors="replace").splitlines():
            name, _, model = line.partition(":")
            if name.strip() == "model name":
                return " ".join(model.split())
    return platform.processor() or platform.machine()


def _gpus() -> list[str]:
    if os.environ.get("CUDA_VISIBLE_DEVICES", "all") in ("", "-1") or not shutil.which(
        "nvidia-smi"
    ):
        return []
    query = ["nvidia-smi", "--query-gpu=name", "--format=csv,noheader"]
    listed = subprocess.run(query, capture_output=True, text=True, check=False)
    names = [line.strip() for line in listed.stdout.splitlines() if line.strip()]
    if listed.returncode != 0:  # installed, but there is no driver: nothing that could be used
        return []
    return [f"{names.count(name)} x {name}" for name in dict.fromkeys(names)]


def commit(folder: str | pathlib.Path | None = None) -> str:
    """The git commit of the program: 12 hex digits, "+changes" if any Python file differs from it.

    Args:
        folder: a folder of the repository; the library's own when left out.

    Returns:
        "unknown" where there is no git, or the folder is no part of a repository.
    """
    folder = pathlib.Path(folder or pathlib.Path(__file__).parent)
    if not _git(folder, "ls-files", "."):
        return "unknown"
    number = _git(folder, "rev-parse", "--short=12", "HEAD")
    if not number:
        return "unknown"
    # Results, texts and photographs change no figure; programs and their configurations do.
    top = pathlib.Path(_git(folder, "rev-parse", "--show-toplevel"))
    changes = _git(top, "status", "--porcelain", "--untracked-files=all", "--", "*.py")
    return f"{number}+changes" if changes else number


def _git(folder: pathlib.Path, *arguments: str) -> str:
    """What git prints; nothing where it fails."""
    if not shutil.which("git"):
        return ""
    done = subprocess.run(
        ["git", "-C", str(folder), *arguments], capture_output=True, text=True, check=False
    )
    return done.stdout.strip() if done.returncode == 0 else ""
