"""How the programs start TensorFlow: quiet, and quick with large tensors; imported before it is."""

import contextlib
import gc
import importlib.abc
import importlib.machinery
import logging as standard_logging
import os
import re
import sys
import tempfile
from collections.abc import Iterator

from absl import logging

from experiments import tensorflow_environment

tensorflow_environment.choose(tensorflow_environment.AS_PROGRAMS_START)
# TensorFlow makes some hundred thousand objects that stay: looked at again after every 700 new ones
# for cycles that could go, they take a tenth of its import.
gc.set_threshold(500_000)

# Package -> the parts of Keras and TensorFlow that import it where it is installed, for what no
# program here uses.
OF_NO_USE = {
    "IPython": ("keras.src.saving.file_editor",),
    "jax": ("keras.src.callbacks.orbax_checkpoint", "tensorflow.lite.python"),
    "matplotlib": ("keras.src.visualization",),
    "scipy": ("tensorflow.python.keras.engine",),
    "sklearn": ("keras.src.wrappers",),
}


class _Refusal(importlib.abc.MetaPathFinder):
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


GREETING = re.compile(
    rb"WARNING: All log messages before absl::InitializeLog\(\)|I\d{4} |To enable the following"
)
"""How lines begin that say of a healthy TensorFlow what it is made for and found. It writes them as
it is loaded, before it looks at TF_CPP_MIN_LOG_LEVEL."""


@contextlib.contextmanager
def without_greetings() -> Iterator[None]:
    """Keeps such lines from standard error; all else that is written there comes afterwards."""
    sys.stderr.flush()
    before = os.dup(2)
    with tempfile.TemporaryFile() as caught:
        os.dup2(caught.fileno(), 2)
        try:
            yield
        finally:
            sys.stderr.flush()
            os.dup2(before, 2)
            os.close(before)
            caught.seek(0)
            for line in caught:
                if not GREETING.match(line):
                    os.write(2, line)


class _Silence(importlib.abc.MetaPathFinder):
    """Has TensorFlow loaded without its greetings, whoever imports it, and no sooner."""

    def find_spec(self, fullname, path=None, target=None):
        """TensorFlow as Python finds it, its loading silenced; nothing else."""
        if fullname != "tensorflow":
            return None
        spec = importlib.machinery.PathFinder.find_spec(fullname, path, target)
        if spec is not None:
            spec.loader.exec_module = without_greetings()(spec.loader.exec_module)
        return spec


sys.meta_path[:0] = [_Refusal(), _Silence()]


def only_warnings() -> None:
    """Leaves warnings and errors, without those about what our own models do on purpose."""
    logging.set_verbosity(logging.WARNING)
    # Each run brings models of its own, which are compiled anew: TensorFlow warns of "retracing".
    standard_logging.getLogger("tensorflow").setLevel(standard_logging.ERROR)
