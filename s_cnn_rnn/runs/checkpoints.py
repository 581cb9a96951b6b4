"""All state of a training on disk: written whole or not at all, compared by variable path.

A checkpoint is an ``.npz`` of arrays, named after the variables they belong to, so that nothing is
loaded into the wrong variable and reading one executes no code.
"""

import json
import os
import pathlib
import zipfile
from collections.abc import Mapping

import keras
import numpy as np

from s_cnn_rnn.whole_files import whole_file

_METADATA = "metadata.json"


class CheckpointMismatch(ValueError):
    """A checkpoint belongs to other variables than those it is loaded into."""


def weights_of(layers: Mapping[str, keras.layers.Layer]) -> dict[str, keras.Variable]:
    """All variables of named layers but their random states, by "NAME:PATH"."""
    return {k: v for k, v in layer_variables(layers).items() if ":random_state/" not in k}


def layer_variables(layers: Mapping[str, keras.layers.Layer]) -> dict[str, keras.Variable]:
    """All variables of named layers by "NAME:PATH"; random states by "NAME:random_state/NUMBER".

    Keras numbers the random states of a whole process; here each layer's are numbered on their own,
    so that it does not matter what else was built before.

    Raises:
        ValueError: two variables of a layer have the same path.
    """
    found = {}
    for name, layer in layers.items():
        random_states = 0
        for variable in layer.variables:
            path = variable.path
            if "seed_generator" in path:
                path = f"random_state/{random_states}"
                random_states += 1
            if f"{name}:{path}" in found:
                raise ValueError(f"two variables have the path {name}:{path}; rename a layer")
            found[f"{name}:{path}"] = variable
    return found


def optimiser_variables(optimiser: keras.optimizers.Optimizer) -> dict[str, keras.Variable]:
    """The optimiser's step and slots; the number keeps slots of the same name apart."""
    return {f"optimiser:{n}:{v.path}": v for n, v in enumerate(optimiser.variables)}


def write_arrays(
    path: pathlib.Path,
    arrays: Mapping[str, np.ndarray],
    metadata: dict,
    *,
    compressed: bool = False,
) -> None:
    """Writes arrays and metadata to a file that appears whole or not at all.

    Args:
        path: the file.
        arrays: by name.
        metadata: what JSON can hold.
        compressed: smaller, and slower to read.

    Raises:
        OSError: no room or no right to write; nothing is left behind.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    write = np.savez_compressed if compressed else np.savez
    with whole_file(path) as unfinished, unfinished.open("wb") as file:
        write(file, **{_METADATA: np.array(json.dumps(metadata))}, **arrays)
        file.flush()
        os.fsync(file.fileno())


def read_arrays(path: pathlib.Path) -> tuple[dict[str, np.ndarray], dict]:
    """Reads what `write_arrays` wrote.

    Raises:
        ValueError: the file is damaged.
    """
    try:
        with np.load(path, allow_pickle=False) as content:
            arrays = {name: content[name] for name in content.files}
    except (zipfile.BadZipFile, ValueError, EOFError) as error:
        raise ValueError(
            f"{path}: damaged ({error}); a checkpoint: delete it to go on from an older one; final "
            "weights: copy them again, or train anew"
        ) from error
    return arrays, json.loads(str(arrays.pop(_METADATA)))


def save(path: pathlib.Path, variables: Mapping[str, keras.Variable], metadata: dict) -> None:
    """Writes variables and metadata."""
    arrays = {name: keras.ops.convert_to_numpy(v) for name, v in variables.items()}
    write_arrays(path, arrays, metadata)


def load(path: pathlib.Path, variables: Mapping[str, keras.Variable]) -> dict:
    """Assigns a checkpoint's arrays to the variables of the same names; returns the metadata.

    Raises:
        CheckpointMismatch: a name or a shape differs; nothing is assigned then.
    """
    arrays, metadata = read_arrays(path)
    missing, foreign = sorted(set(variables) - set(arrays)), sorted(set(arrays) - set(variables))
    if missing or foreign:
        raise CheckpointMismatch(
            f"{path}: does not fit this model. In the model only: {missing[:3] or 'none'} "
            f"({len(missing)}); in the file only: {foreign[:3] or 'none'} ({len(foreign)}). "
            "Use the settings it was trained with, or a new run folder"
        )
    for name, variable in variables.items():
        if tuple(variable.shape) != arrays[name].shape:
            raise CheckpointMismatch(
                f"{path}: {name} has shape {arrays[name].shape}, the model "
                f"{tuple(variable.shape)}; is it another vocabulary, or other settings?"
            )
    for name, variable in variables.items():
        variable.assign(arrays[name])
    return metadata


class Checkpoints:
    """The checkpoints of one stage; the newest few are kept.

    Args:
        folder: where they lie.
        keep: how many.
    """

    def __init__(self, folder: pathlib.Path, keep: int = 2):
        self.folder, self.keep = folder, keep

    def save(self, step: int, variables: Mapping[str, keras.Variable], metadata: dict) -> None:
        """Writes the checkpoint of a step and deletes those that are too old."""
        save(self.folder / f"step_{step:08d}.npz", variables, {"step": step, **metadata})
        for old in self.paths()[: -self.keep]:
            old.unlink()

    def paths(self) -> list[pathlib.Path]:
        """All checkpoints, oldest first."""
        return sorted(self.folder.glob("step_*.npz"))

    def delete(self) -> None:
        """Deletes all: the stage is over, and its weights are kept elsewhere."""
        for path in self.paths():
            path.unlink()
