"""How the programs start TensorFlow: quiet, and quick with large tensors; imported before it is."""

import logging as standard_logging
import os

from absl import logging

# What goes wrong in TensorFlow's C++ is raised as an exception; what it logs beside that, without
# a GPU, are complaints about its absence and about its own graphs. Set it to 0 to see all.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
# Keeps freed memory: on a CPU a training step otherwise spends a third of its time on page faults.
os.environ.setdefault("TF_CPU_ALLOCATOR_USE_BFC", "1")


def is_out_of_memory(error: Exception) -> bool:
    """Whether Python or TensorFlow has found no memory for what it was about to do."""
    return isinstance(error, MemoryError) or type(error).__name__ == "ResourceExhaustedError"


def only_warnings() -> None:
    """Leaves warnings and errors, without those about what our own models do on purpose."""
    logging.set_verbosity(logging.WARNING)
    # Each run brings models of its own, which are compiled anew: TensorFlow warns of "retracing".
    standard_logging.getLogger("tensorflow").setLevel(standard_logging.ERROR)
