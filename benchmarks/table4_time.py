r"""How long the stages of a run of table 4 train: at an earlier commit, and now.

  python -m benchmarks.table4_time --data=data/prepared/flickr8k/1.0.0 [--before=c1c1a370b67f]

Each commit is checked out into a folder of its own and trains `ours` with its own program and its
own config of Flickr8k, but today's batches; a few steps of each stage, in turns. A stage's step is
the median of the segments after its first (which compiles); times the steps of today's config, and
added up, they are the training of the stages that both have. Not in it: the two stages on cached
features that take seconds (cnn_head, joint_frozen), looking at photographs for that cache, and
evaluating. The default is the commit of this project's first results.
Takes about 10 minutes on two cores. Results: benchmarks/results/table4_time.json.
"""

import itertools
import json
import os
import pathlib
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence

from absl import app, flags

from benchmarks.measuring import Timing, timing, write_results
from benchmarks.quick import is_quick
from benchmarks.worker import ROOT
from experiments.configs import flickr8k

_DATA = flags.DEFINE_string("data", "data/prepared/flickr8k/1.0.0", "The prepared data set.")
_ROUNDS = flags.DEFINE_integer("rounds", 2, "How often each is trained.", lower_bound=1)
_BEFORE = flags.DEFINE_string("before", "c1c1a370b67f", "The commit to compare with.")

# Stage -> steps of a segment; frozen features make steps short.
SEGMENTS = {"cnn": 8, "rnn": 20, "rnn_predicted": 20, "joint": 8}
CONFIG = """
from experiments.configs import flickr8k


def get_config():
    config = flickr8k.get_config()
    config.data = {data!r}
    config.feature_cache = {cache!r}
    config.evaluation_photographs = 8
    steps = {steps!r}
    for name in list(config.stages):
        if name not in steps:
            del config.stages[name]
            continue
        stage = config.stages[name]
        stage.flip = False  # one view of each photograph in the cache of features
        stage.photographs = {photographs}
        stage.steps = steps[name]
        stage.checkpoint_every = steps[name] // {segments}
        stage.evaluate_every = 0
    return config
"""


def train(checkout: pathlib.Path, folder: pathlib.Path, name: str, segments: int) -> dict:
    """Seconds a step of each stage's segments but the first.

    Args:
        checkout: of the commit.
        folder: for the config, the cache of features and the run.
        name: of the run.
        segments: of each stage.
    """
    folder.mkdir(exist_ok=True)
    config = folder / "timed.py"
    config.write_text(
        CONFIG.format(
            data=str(pathlib.Path(_DATA.value).resolve()),
            cache=str(folder / "features"),
            steps={stage: segments * steps for stage, steps in SEGMENTS.items()},
            segments=segments,
            photographs=flickr8k.get_config().stages.joint.photographs,
        )
    )
    command = [sys.executable, "-m", "experiments.train", f"--config={config}"]
    done = subprocess.run(
        [*command, f"--run={folder / name}"],
        cwd=checkout,
        env={**os.environ, "PYTHONPATH": str(checkout)},
        capture_output=True,
        text=True,
    )
    if done.returncode:
        sys.exit(f"{checkout}: training failed:\n{done.stderr[-3000:]}")
    return {stage: seconds_a_step(folder / name, stage) for stage in SEGMENTS}


def seconds_a_step(run: pathlib.Path, stage: str) -> list[float]:
    """Of a stage's segments but the first, from its log."""
    [log] = run.glob(f"**/{stage}/metrics.jsonl")
    lines = [json.loads(line) for line in log.read_text("utf-8").splitlines()]
    times = {line["step"]: line["seconds"] for line in lines if "seconds" in line}
    points = sorted(times.items())
    return [
        (later - before) / (to - of) for (of, before), (to, later) in itertools.pairwise(points)
    ]


def of_a_run(steps: Mapping[str, Timing]) -> float:
    """Seconds that a run's timed stages train by today's config."""
    stages = flickr8k.get_config().stages
    return sum(stages[stage].steps * each.median for stage, each in steps.items())


def main(_: Sequence[str]) -> None:
    """Trains both in turns."""
    quick = is_quick()
    segments, rounds = (2, 1) if quick else (3, _ROUNDS.value)
    measured = {"before": {stage: [] for stage in SEGMENTS}, "now": {s: [] for s in SEGMENTS}}
    with tempfile.TemporaryDirectory() as place:
        checkout = pathlib.Path(place) / "checkout"
        git = ["git", "-C", str(ROOT)]
        subprocess.run([*git, "worktree", "add", "--detach", checkout, _BEFORE.value], check=True)
        try:
            for number in range(rounds):
                for name, source in (("before", checkout), ("now", ROOT)):
                    found = train(source, pathlib.Path(place) / name, f"run_{number}", segments)
                    for stage, seconds in found.items():
                        measured[name][stage] += seconds
                    print(name, {k: [round(s, 3) for s in v] for k, v in found.items()}, flush=True)
        finally:
            subprocess.run([*git, "worktree", "remove", "--force", checkout], check=True)
    write(measured, quick=quick)


def write(measured: Mapping, *, quick: bool) -> None:
    """Prints and keeps what was measured."""
    timings = {
        name: {stage: timing(seconds) for stage, seconds in stages.items()}
        for name, stages in measured.items()
    }
    minutes = {name: of_a_run(stages) / 60 for name, stages in timings.items()}
    for stage in SEGMENTS:
        before, now = (timings[name][stage] for name in ("before", "now"))
        print(f"  {stage:<16}{before.median:8.3f} s a step before, {now.median:8.3f} now")
    print(
        f"  these stages of a run: {minutes['before']:.1f} minutes before, {minutes['now']:.1f} now"
    )
    content = {
        "before": _BEFORE.value,
        "seconds a step": {
            name: {stage: each._asdict() for stage, each in stages.items()}
            for name, stages in timings.items()
        },
        "steps of a run": {stage: flickr8k.get_config().stages[stage].steps for stage in SEGMENTS},
        "minutes of these stages": minutes,
    }
    path = write_results("table4_time", content, ("numpy", "tensorflow", "keras"), quick=quick)
    print(f"written to {path}")


if __name__ == "__main__":
    app.run(main)
