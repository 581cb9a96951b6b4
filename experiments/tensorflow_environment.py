"""What TensorFlow reads from the environment when it starts, as the programs here want it."""

import os
from collections.abc import Mapping

AS_PROGRAMS_START = {
    # What goes wrong in TensorFlow's C++ is raised as an exception; what it logs beside that,
    # without a GPU, are complaints about its absence and about its own graphs. 0 shows all.
    "TF_CPP_MIN_LOG_LEVEL": "3",
    # Keeps freed memory: on a CPU a training step otherwise spends a third of its time on faults.
    "TF_CPU_ALLOCATOR_USE_BFC": "1",
    # oneDNN's kernels; TensorFlow takes them by itself only where the CPU has AVX-512 VNNI or
    # better. What they win without it: benchmarks/results/joint_step.json.
    "TF_ENABLE_ONEDNN_OPTS": "1",
}
"""Of all programs; what the user has set stays."""

ONE_BY_ONE = {"TF_ENABLE_ONEDNN_OPTS": "0"}
"""What programs want otherwise that look at photographs one by one: oneDNN's kernels are made for
batches (benchmarks/results/limits.json, "the encoder")."""


def choose(environment: Mapping[str, str]) -> None:
    """Sets the variables that are not set; before TensorFlow is imported."""
    for name, value in environment.items():
        os.environ.setdefault(name, value)
