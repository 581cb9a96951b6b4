import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).parents[2]
ASKED = """
import importlib.util, sys
from experiments import tensorflow_start
import tensorflow, keras

there = [name for name in tensorflow_start.OF_NO_USE if name in sys.modules]
assert not there, there
for part in (part for parts in tensorflow_start.OF_NO_USE.values() for part in parts):
    assert part in sys.modules, f"there is no {part} any more"
import matplotlib.pyplot, scipy.sparse  # what they were refused is there for everybody else
assert keras.ops.convert_to_numpy(keras.layers.Dense(2)(keras.ops.ones((1, 3)))).shape == (1, 2)
print("nothing but TensorFlow and Keras")
"""


def test_keras_brings_nothing_that_no_program_uses():
    found = subprocess.run(
        [sys.executable, "-c", ASKED],
        cwd=ROOT,
        env=os.environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "nothing but TensorFlow and Keras" in found.stdout, found.stderr[-2000:]


def test_tensorflow_is_not_imported_before_it_is_needed():
    """A wrong path or flag is told at once."""
    asked = (
        "import sys; from experiments import tensorflow_start; print('tensorflow' in sys.modules)"
    )
    found = subprocess.run(
        [sys.executable, "-c", asked], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert found.stdout == "False\n"


GREETS = """
from experiments import tensorflow_start
import tensorflow
with tensorflow_start.without_greetings():
    import os
    os.write(2, b"I0000 00:00:1.5 7 port.cc:153] oneDNN custom operations are on\\n")
    os.write(2, b"E0000 00:00:1.5 7 loader.cc:9] a fault\\nWARNING: a warning\\n")
    raise ImportError("the package")
"""


def test_starting_is_silent_but_for_what_went_wrong():
    found = subprocess.run(
        [sys.executable, "-c", GREETS],
        cwd=ROOT,
        env={name: text for name, text in os.environ.items() if name != "TF_CPP_MIN_LOG_LEVEL"},
        capture_output=True,
        text=True,
        check=False,
    )
    said = found.stderr.splitlines()
    assert said[:2] == ["E0000 00:00:1.5 7 loader.cc:9] a fault", "WARNING: a warning"]
    assert said[-1] == "ImportError: the package"
