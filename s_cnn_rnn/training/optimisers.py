"""Optimisers whose steps are those of the paper's TensorFlow, and learning-rate schedules."""

import contextlib
import math
import types
from collections.abc import Mapping, Sequence

import keras

from s_cnn_rnn.settings import StageSettings


class _Steps:
    """What our optimisers share: gradients that are added up, a rate for each part, fast steps.

    The embedding's gradient comes as slices, one for each occurrence of a word. Keras squares them
    one by one, so that a word that occurs n times in a batch would step sqrt(n) too far
    (keras#18692).
    """

    fused_step: str  # a function of `fused_steps`
    # Factors on the learning rate, by variable path; every other variable has 1.
    factors: Mapping[str, float] = types.MappingProxyType({})

    def apply(self, grads, trainable_variables=None):
        """Applies the gradients, as `keras.Optimizer.apply` does."""
        variables = trainable_variables or self._trainable_variables
        grads = [_added_up(g, v) for g, v in zip(grads, variables, strict=True)]
        return super().apply(grads, trainable_variables)

    def finalize_variable_values(self, var_list):
        """Leaves the weights as they are: `fit` calls this, and a stage calls `fit` many times."""

    def update_step(self, gradient, variable, learning_rate):
        """One variable's step, at the learning rate of the part that it belongs to."""
        path = self._trainable_variables[self._get_variable_index(variable)].path
        of_part = learning_rate * self.factors.get(path, 1.0)
        if _has_kernels():
            from s_cnn_rnn.training import fused_steps

            if self.weight_decay and self._use_weight_decay(variable):
                fused_steps.decay(self, variable, learning_rate)
            getattr(fused_steps, self.fused_step)(self, gradient, variable, of_part)
        else:
            super().update_step(gradient, variable, of_part)

    def _apply_weight_decay(self, variables):
        """With kernels it is a part of `update_step`."""
        if not _has_kernels():
            super()._apply_weight_decay(variables)


def _has_kernels() -> bool:
    return keras.backend.backend() == "tensorflow"


def _added_up(gradient, variable):
    """Slices as one dense gradient; `keras.ops.convert_to_tensor` would leave them slices."""
    if not hasattr(gradient, "indices"):
        return gradient
    return keras.ops.segment_sum(gradient.values, gradient.indices, num_segments=variable.shape[0])


@contextlib.contextmanager
def averaged_weights(optimiser: keras.optimizers.Optimizer, variables: Sequence[keras.Variable]):
    """Within the context the variables hold their average, where the optimiser keeps one.

    Args:
        optimiser: with ``use_ema`` or without.
        variables: the trainable variables, in the optimiser's order.
    """
    if not optimiser.use_ema or keras.ops.convert_to_numpy(optimiser.iterations) == 0:
        yield
        return
    current = [keras.ops.convert_to_numpy(variable) for variable in variables]
    for variable, average in zip(variables, optimiser._model_variables_moving_average, strict=True):
        variable.assign(average)
    try:
        yield
    finally:
        for variable, value in zip(variables, current, strict=True):
            variable.assign(value)


class RMSProp(_Steps, keras.optimizers.RMSprop):
    """RMSProp as TensorFlow 1 has it: the mean square starts at one, decay .9, epsilon 1e-10.

    Keras starts it at zero, which makes the first steps of small gradients up to 316 times larger.
    """

    fused_step = "rms_prop"

    def __init__(self, learning_rate, **kwargs):
        super().__init__(learning_rate, rho=0.9, epsilon=1e-10, **kwargs)

    def build(self, variables):
        """Makes the slots."""
        if self.built:
            return
        keras.optimizers.Optimizer.build(self, variables)
        self._velocities = self.add_optimizer_variables(variables, "velocity", initializer="ones")
        # TensorFlow's kernel keeps a momentum, here always the last step.
        self._momentums = self.add_optimizer_variables(variables, "momentum")
        self._average_gradients = []


class AdamW(_Steps, keras.optimizers.AdamW):
    """Adam with decoupled weight decay."""

    fused_step = "adam"


OPTIMISERS = {"rmsprop": RMSProp, "adamw": AdamW}


class WarmUpThen(keras.optimizers.schedules.LearningRateSchedule):
    """Linear warm-up, then constant or falling along a half cosine to zero.

    Args:
        peak: the learning rate after the warm-up.
        warm_up: steps of the warm-up.
        steps: steps in all.
        shape: "constant" or "cosine".
    """

    def __init__(self, peak: float, *, warm_up: int, steps: int, shape: str):
        if shape not in ("constant", "cosine"):
            raise ValueError(f"learning-rate schedule {shape!r}: expected 'constant' or 'cosine'")
        self.peak, self.warm_up, self.steps, self.shape = peak, warm_up, steps, shape

    def __call__(self, step):
        """The learning rate of a step."""
        ops = keras.ops
        step = ops.cast(step, "float32")
        factor = ops.minimum((step + 1.0) / max(self.warm_up, 1), 1.0)
        if self.shape == "cosine":
            done = (step - self.warm_up) / max(self.steps - self.warm_up, 1)
            factor = factor * 0.5 * (1 + ops.cos(math.pi * ops.clip(done, 0.0, 1.0)))
        return self.peak * factor

    def get_config(self):
        """The arguments."""
        return {
            "peak": self.peak,
            "warm_up": self.warm_up,
            "steps": self.steps,
            "shape": self.shape,
        }


def build_optimiser(
    stage: StageSettings, encoder_variables: Sequence[keras.Variable] = ()
) -> keras.optimizers.Optimizer:
    """The optimiser of a stage.

    Args:
        stage: the stage's settings.
        encoder_variables: those that step at ``encoder_learning_rate_factor``.

    Raises:
        ValueError: an unknown optimiser or schedule.
    """
    if stage.optimiser not in OPTIMISERS:
        raise ValueError(f"optimiser {stage.optimiser!r}: expected one of {tuple(OPTIMISERS)}")
    rate = stage.learning_rate
    if stage.warm_up or stage.schedule != "constant":
        rate = WarmUpThen(rate, warm_up=stage.warm_up, steps=stage.steps, shape=stage.schedule)
    # The name is part of the slots' paths, which checkpoints go by; Keras would number it.
    arguments = {"global_clipnorm": stage.clip_norm, "name": "optimiser"}
    if stage.weight_average:
        arguments |= {"use_ema": True, "ema_momentum": stage.weight_average}
    if stage.optimiser == "adamw":
        arguments["weight_decay"] = stage.weight_decay
    elif stage.weight_decay:
        raise ValueError("weight_decay is a setting of adamw; rmsprop has none in the paper")
    optimiser = OPTIMISERS[stage.optimiser](rate, **arguments)
    factor = stage.encoder_learning_rate_factor
    optimiser.factors = {variable.path: factor for variable in encoder_variables}
    return optimiser
