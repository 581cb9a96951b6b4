"""The optimisers' kernels against Keras's own steps, operation by operation."""

import keras
import numpy as np
import pytest

from s_cnn_rnn.training.optimisers import OPTIMISERS


class KerasRMSpropFromOnes(keras.optimizers.RMSprop):
    """Keras's RMSProp, its mean square started at one."""

    def build(self, variables):
        keras.optimizers.Optimizer.build(self, variables)
        self._velocities = self.add_optimizer_variables(variables, "velocity", initializer="ones")
        self._momentums, self._average_gradients = [], []


PLAIN = {
    "adamw": lambda rate, **kwargs: keras.optimizers.AdamW(rate, weight_decay=0.05, **kwargs),
    "rmsprop": lambda rate, **kwargs: KerasRMSpropFromOnes(rate, rho=0.9, epsilon=1e-10, **kwargs),
}
OURS = {
    "adamw": lambda rate, **kwargs: OPTIMISERS["adamw"](rate, weight_decay=0.05, **kwargs),
    "rmsprop": OPTIMISERS["rmsprop"],
}


@pytest.mark.parametrize("name", OPTIMISERS)
@pytest.mark.parametrize("clip", [None, 0.5])
def test_steps_are_those_of_keras(name, clip):
    random = np.random.default_rng(0)
    start = random.normal(size=(4, 3)).astype("float32")
    gradients = random.normal(size=(7, 4, 3)).astype("float32")
    schedule = keras.optimizers.schedules.PolynomialDecay(0.1, 7, 0.01)
    ends = []
    for optimisers in (PLAIN, OURS):
        variable = keras.Variable(start)
        optimiser = optimisers[name](schedule, global_clipnorm=clip)
        for gradient in gradients:
            optimiser.apply([keras.ops.convert_to_tensor(gradient)], [variable])
        ends.append(variable.numpy())
    assert np.abs(ends[0] - start).max() > 0.05
    np.testing.assert_allclose(*ends, rtol=1e-5, atol=1e-5)


def test_what_is_excluded_does_not_decay():
    kept, decayed = keras.Variable(np.ones(2, "float32")), keras.Variable(np.ones(2, "float32"))
    optimiser = OURS["adamw"](0.1)
    optimiser.exclude_from_weight_decay(var_list=[kept])
    none = keras.ops.zeros((2,))
    optimiser.apply([none, none], [kept, decayed])
    np.testing.assert_array_equal(kept.numpy(), [1, 1])
    np.testing.assert_allclose(decayed.numpy(), 1 - 0.1 * 0.05, rtol=1e-6)
