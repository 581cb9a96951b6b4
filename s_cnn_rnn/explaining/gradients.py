"""Gradients outside training, on the backends that keep them: TensorFlow and JAX."""

from collections.abc import Callable

import keras
import numpy as np


def values_and_gradient(function: Callable, variable: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A function's values and the gradient of each with respect to its own row.

    Args:
        function: tensor [R, ...] -> tensor [R]; a row of the one depends on that row of the other
            alone.
        variable: float32 [R, ...].

    Returns:
        float32 [R] and [R, ...].

    Raises:
        NotImplementedError: another backend.
    """
    backend = keras.backend.backend()
    if backend == "tensorflow":
        return _with_tensorflow(function, variable)
    if backend == "jax":
        return _with_jax(function, variable)
    raise NotImplementedError(f"gradients on Keras's {backend} backend; use tensorflow or jax")


def _with_tensorflow(function, variable):
    import tensorflow as tf

    watched = tf.convert_to_tensor(variable)
    with tf.GradientTape() as tape:
        tape.watch(watched)
        values = function(watched)
    gradient = tape.gradient(values, watched, unconnected_gradients=tf.UnconnectedGradients.ZERO)
    return values.numpy(), gradient.numpy()


def _with_jax(function, variable):
    import jax

    values, backwards = jax.vjp(function, jax.numpy.asarray(variable))
    (gradient,) = backwards(jax.numpy.ones_like(values))
    return np.asarray(values), np.asarray(gradient)
