"""Layers built without drawing initial values, for weights that are loaded right after."""

import contextlib
from collections.abc import Iterator

import keras


@contextlib.contextmanager
def unset_weights() -> Iterator[None]:
    """Weights that layers add within are zero, whatever their initialisers.

    Drawing a finished run's weights only to overwrite them took a third of building it: random
    numbers for 12,000 words, orthogonal matrices for the recurrence. Random states (seeds) are made
    as ever. It acts on all threads: nothing that trains may be built beside it.
    """
    add_weight = keras.layers.Layer.add_weight

    def add_zeros(layer, *arguments, **options):
        return add_weight(layer, *arguments, **options | {"initializer": "zeros"})

    keras.layers.Layer.add_weight = add_zeros
    try:
        yield
    finally:
        keras.layers.Layer.add_weight = add_weight
