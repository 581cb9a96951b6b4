"""Models, losses, gradients and decoding on JAX as on TensorFlow: from the same weights, the same.

The backend of a process cannot be changed, so each figure is made by a program of its own.
"""

import os
import pathlib
import subprocess
import sys

import numpy as np
import pytest

TESTS = pathlib.Path(__file__).parent


def figures(backend: str, system: str, path: pathlib.Path, *weights: pathlib.Path) -> dict:
    """What `backend_figures` finds on a backend."""
    found = subprocess.run(
        [sys.executable, TESTS / "backend_figures.py", system, path, *weights],
        env={**os.environ, "KERAS_BACKEND": backend, "PYTHONPATH": str(TESTS.parent)},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert found.returncode == 0, found.stderr[-2000:]
    return dict(np.load(path))


@pytest.mark.slow
@pytest.mark.parametrize("system", ["ours", "ours+attention", "ours+transformer"])
def test_jax_does_as_tensorflow(system, tmp_path):
    pytest.importorskip("jax", reason="jax is not installed; Keras's JAX backend is optional")
    expected = figures("tensorflow", system, tmp_path / "tensorflow.npz")
    weights = tmp_path / "tensorflow.weights.npz"
    found = figures("jax", system, tmp_path / "jax.npz", weights)

    assert (str(expected.pop("backend")), str(found.pop("backend"))) == ("tensorflow", "jax")
    assert found.keys() == expected.keys()
    moved = [
        name
        for name, before in np.load(weights).items()
        if not np.array_equal(before, expected[f"after {name}"])
    ]
    parts = {name.split(":")[0] for name in moved}
    assert parts >= {"encoder", "interface", "decoder"}  # the step reached them
    # Both sum in float32, each in an order of its own, through a dozen layers there and back.
    for name, value in expected.items():
        np.testing.assert_allclose(found[name], value, rtol=2e-4, atol=2e-5, err_msg=name)
