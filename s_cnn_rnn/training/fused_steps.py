"""An optimiser's step on one variable as one TensorFlow kernel: the fast path of `optimisers`.

Keras makes a step of some twelve operations, each of which reads and writes a tensor of the
variable's size; for a vocabulary of 12,000 that is a tenth of the training step and more. These
kernels go over variable, slots and gradient once. `tests/training/test_fused_steps.py` holds them
equal to Keras's own steps.
"""

import tensorflow as tf


def adam(optimiser, gradient, variable, learning_rate) -> None:
    """Adam's step (Kingma and Ba 2015, before section 2.1), as `keras.optimizers.Adam` takes it."""
    index = optimiser._get_variable_index(variable)
    done = tf.cast(optimiser.iterations.value + 1, variable.dtype)
    beta_1, beta_2 = (tf.constant(b, variable.dtype) for b in (optimiser.beta_1, optimiser.beta_2))
    tf.raw_ops.ResourceApplyAdam(
        var=variable.handle,
        m=optimiser._momentums[index].value.handle,
        v=optimiser._velocities[index].value.handle,
        beta1_power=tf.pow(beta_1, done),
        beta2_power=tf.pow(beta_2, done),
        lr=tf.cast(learning_rate, variable.dtype),
        beta1=beta_1,
        beta2=beta_2,
        epsilon=tf.constant(optimiser.epsilon, variable.dtype),
        grad=tf.cast(gradient, variable.dtype),
    )


def rms_prop(optimiser, gradient, variable, learning_rate) -> None:
    """RMSProp's step without momentum, as TensorFlow 1 takes it."""
    index = optimiser._get_variable_index(variable)
    tf.raw_ops.ResourceApplyRMSProp(
        var=variable.handle,
        ms=optimiser._velocities[index].value.handle,
        mom=optimiser._momentums[index].value.handle,
        lr=tf.cast(learning_rate, variable.dtype),
        rho=tf.constant(optimiser.rho, variable.dtype),
        momentum=tf.constant(0.0, variable.dtype),
        epsilon=tf.constant(optimiser.epsilon, variable.dtype),
        grad=tf.cast(gradient, variable.dtype),
    )


def decay(optimiser, variable, learning_rate) -> None:
    """Decoupled weight decay (Loshchilov and Hutter 2019): w - learning_rate * weight_decay * w."""
    tf.raw_ops.ResourceApplyGradientDescent(
        var=variable.handle,
        alpha=tf.cast(learning_rate * optimiser.weight_decay, variable.dtype),
        delta=variable,
    )
