"""How the programs start TensorFlow: quiet, and quick with large tensors; imported before it is."""

import importlib.abc
import logging as standard_logging
import os
import sys

from absl import logging

# What goes wrong in TensorFlow's C++ is raised as an exception; what it logs beside that, without
# a GPU, are complaints about its absence and about its own graphs. Set it to 0 to see all.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
# Keeps freed memory: on a CPU a training step otherwise spends a third of its time on page faults.
os.environ.setdefault("TF_CPU_ALLOCATOR_USE_BFC", "1")
# oneDNN's kernels; TensorFlow takes them by itself only where the CPU has AVX-512 VNNI or better.
# On AVX2 they look at photographs 1.3 times as quick, and a joint step takes 0.86 of the time.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")

# Package -> the parts of Keras and TensorFlow that import it where it is installed, for what no
# program here uses.
OF_NO_USE = {
    "IPython": ("keras.src.saving.file_editor",),
    "jax": ("keras.src.callbacks.orbax_checkpoint", "tensorflow.lite.python"),
    "matplotlib": ("keras.src.visualization",),
    "scipy": ("tensorflow.python.keras.engine",),
    "sklearn": ("keras.src.wrappers",),
}


class _NotForThem(importlib.abc.MetaPathFinder):
    """Says that packages are not installed while those parts ask for them, and at no other time.

    TensorFlow imports all of Keras, and both import scikit-learn, SciPy, JAX, matplotlib and
    IPython, if only they are there: a third of the processor time of ``import tensorflow``.
    """

    def find_spec(self, fullname, path=None, target=None):
        """Refuses; or leaves the search to the finders that follow."""
        if any(_is_being_imported(part) for part in OF_NO_USE.get(fullname, ())):
            raise ModuleNotFoundError(
                f"{fullname} is not imported for {OF_NO_USE[fullname]}", name=fullname
            )
        return None


def _is_being_imported(part: str) -> bool:
    """Whether a module, or one inside it, has begun to be imported and is not through."""
    specs = [
        getattr(module, "__spec__", None)
        for name, module in list(sys.modules.items())
        if name == part or name.startswith(f"{part}.")
    ]
    return any(getattr(spec, "_initializing", False) for spec in specs)  # Python's own mark


sys.meta_path.insert(0, _NotForThem())


def is_out_of_memory(error: Exception) -> bool:
    """Whether Python or TensorFlow has found no memory for what it was about to do."""
    return isinstance(error, MemoryError) or type(error).__name__ == "ResourceExhaustedError"


def only_warnings() -> None:
    """Leaves warnings and errors, without those about what our own models do on purpose."""
    logging.set_verbosity(logging.WARNING)
    # Each run brings models of its own, which are compiled anew: TensorFlow warns of "retracing".
    standard_logging.getLogger("tensorflow").setLevel(standard_logging.ERROR)
