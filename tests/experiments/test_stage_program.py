"""The training programs as they are called."""

import pathlib
import subprocess
import sys

from s_cnn_rnn.model.systems import SYSTEMS


def test_the_systems_are_listed_without_anything_else():
    done = subprocess.run(
        [sys.executable, "-m", "experiments.train", "--system="],
        cwd=pathlib.Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert [line.split()[0] for line in lines] == list(SYSTEMS)
    assert lines[0].endswith("(captions and labels)")
