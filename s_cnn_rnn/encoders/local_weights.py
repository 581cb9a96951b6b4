"""Weights of an encoder from a file of the user's."""

import pathlib
from collections.abc import Mapping

import keras
import numpy as np


def variable_names(model: keras.Model) -> dict[str, keras.Variable]:
    """The model's variables by "layer/variable", the same with and without its own name before."""
    return {variable.path.removeprefix("encoder/"): variable for variable in model.weights}


def save(model: keras.Model, path: str | pathlib.Path) -> None:
    """Writes an encoder's weights as a `.npz` that `load` and `build_encoder` read."""
    arrays = {
        name: keras.ops.convert_to_numpy(variable)
        for name, variable in variable_names(model).items()
    }
    np.savez(path, **arrays)


def load(model: keras.Model, path: str | pathlib.Path) -> None:
    """Reads the weights of a whole model.

    Args:
        model: a model without sub-models.
        path: a `.npz` of "layer/variable" -> array, or a `.weights.h5` that the same model wrote.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: another kind of file, or the weights of another model.
    """
    path = pathlib.Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"{path}: no such file of encoder weights")
    if path.suffix == ".npz":
        with np.load(path, allow_pickle=False) as arrays:
            assign(model, dict(arrays), path)
    elif path.name.endswith(".weights.h5"):
        model.load_weights(path)
    else:
        raise ValueError(f"{path}: expected a .npz or .weights.h5 file of encoder weights")


def assign(
    model: keras.Model, arrays: Mapping[str, np.ndarray], source: str | pathlib.Path
) -> None:
    """Gives every variable of the model the array of its name ("layer/variable").

    Args:
        model: a model without sub-models.
        arrays: one array for each variable, of its shape.
        source: where the arrays come from, for the error.

    Raises:
        ValueError: a variable without array, an array without variable, or another shape.
    """
    variables = variable_names(model)
    missing = sorted(variables.keys() - arrays.keys())
    surplus = sorted(arrays.keys() - variables.keys())
    if missing or surplus:
        raise ValueError(
            f"{source}: not the weights of this encoder: lacks {missing[:5]} ({len(missing)} in "
            f"all), holds {surplus[:5]} ({len(surplus)} in all) that the encoder does not have"
        )
    for name, variable in variables.items():
        if tuple(arrays[name].shape) != tuple(variable.shape):
            raise ValueError(
                f"{source}: '{name}' has shape {tuple(arrays[name].shape)}, but the encoder's is "
                f"{tuple(variable.shape)}; is the file of another encoder or image size?"
            )
    for name, variable in variables.items():
        variable.assign(arrays[name])
