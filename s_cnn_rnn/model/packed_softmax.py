"""The last layer and its loss over packed words with a gradient of its own: a fast path.

A matrix of R real words times all outputs is the largest thing that a training step makes, and
each way through it counts. TensorFlow's cross entropy takes six times as long as its softmax (on
two cores), and the gradient of the bias, a sum over words, several times as long as the product
with a row of ones that it is. Label smoothing changes numbers that are written anyway.
`tests/model/test_packed_softmax.py` holds it equal to what Keras derives from `next_word`.
"""

import keras
import tensorflow as tf

LEAST = 1e-30  # the logarithm of a smaller probability is made of the logits


def log_likelihood(output_layer: keras.layers.Dense, seen, outputs, smoothing: float):
    """Log p of the true words; with smoothed targets, minus eps (logit - mean logit).

    Args:
        output_layer: [R, U] -> logits [R, V], built: a kernel and a bias, no activation.
        seen: float32 or bfloat16 [R, U].
        outputs: the true words as outputs, int32 [R], 0 to V - 1.
        smoothing: eps, the part of a word's probability that the target spreads evenly.

    Returns:
        float32 [R].
    """
    dtype = output_layer.compute_dtype
    kernel, bias = (tf.cast(tf.convert_to_tensor(w), dtype) for w in output_layer.weights)

    @tf.custom_gradient
    def likelihood_of(seen, kernel, bias):
        logits = tf.cast(tf.nn.bias_add(tf.matmul(seen, kernel), bias), "float32")  # [R, V]
        p = tf.nn.softmax(logits)
        logit = tf.gather(logits, outputs, batch_dims=1)
        likelihood = _logarithm(tf.gather(p, outputs, batch_dims=1), logits, logit)
        if smoothing:
            likelihood -= smoothing * (logit - _mean_logit(seen, kernel, bias))

        def gradient(upstream):  # [R]
            at_logits = upstream[:, None] * (smoothing / p.shape[1] - p)
            places = tf.stack([tf.range(tf.size(outputs)), outputs], axis=1)
            at_logits = tf.tensor_scatter_nd_add(at_logits, places, (1 - smoothing) * upstream)
            at_logits = tf.cast(at_logits, dtype)
            ones = tf.ones([1, tf.size(outputs)], dtype)
            return (
                tf.matmul(at_logits, kernel, transpose_b=True),
                tf.matmul(seen, at_logits, transpose_a=True),
                tf.matmul(ones, at_logits)[0],
            )

        return likelihood, gradient

    return likelihood_of(tf.cast(seen, dtype), kernel, bias)


def _logarithm(p, logits, logit):
    """Log p of the true words [R]: of p itself, unless one is nearly 0."""
    return tf.cond(
        tf.reduce_all(p > LEAST),
        lambda: tf.math.log(p),
        lambda: logit - tf.reduce_logsumexp(logits, axis=-1),
    )


def _mean_logit(seen, kernel, bias):
    """[R], float32; the mean over all outputs is linear in what is seen."""
    seen, kernel, bias = (tf.cast(value, "float32") for value in (seen, kernel, bias))
    return tf.linalg.matvec(seen, tf.reduce_mean(kernel, axis=1)) + tf.reduce_mean(bias)
