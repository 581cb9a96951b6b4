"""Semantic attention: at every step the decoder looks at those detected concepts that it needs."""

import keras
import numpy as np
from keras import ops

from s_cnn_rnn.model.fusion import Fusion

ALL_BUT_ONE, AT_ONCE = 2.0, 0.5
"""p and q of `attention_penalty`, a choice of ours within the original's p > 1 and 0 < q < 1."""


@keras.saving.register_keras_serializable(package="s_cnn_rnn")
class ConceptAttention(Fusion):
    """Semantic attention, at input and output, over detected concepts.

    You, Jin, Wang, Fang and Luo: Image Captioning with Semantic Attention, CVPR 2016, sections 3.2
    and 3.3. With y_i the word embeddings of the detected concepts and w_t the word read:

        alpha_i ~ exp(w_t . U y_i),        x_t = W_x (w_t + v_x * sum_i alpha_i y_i)
        beta_i ~ exp(h_t . V sigma(y_i)),  o_t = W_h (h_t + v_h * sum_i beta_i sigma(y_i))

    The next word is predicted from o_t. Section 3.4 there adds `attention_penalty` of alpha and of
    beta to the loss; here it is added times a setting of the model (``attention_penalty``; theirs
    is 1, the default is 0).

    Departures: the original predicts with the transposed word embedding; here the softmax has
    weights of its own, as in every system. Its concepts come from detectors of their own (nearest
    neighbours, a ranking loss or a fully convolutional network, section 4), and the surest are
    attended to; here they come from the linear layer that all systems have, whose k words include
    "a" and "the". Those are the surest of every photograph, so attended to are the concepts whose
    s_hat is most above their frequency.

    Args:
        attended: how many concepts are attended to; the original's is 10.
        kwargs: see `Fusion`; sigma is the cell's activation.
    """

    sees = ("concepts",)
    constants = ("attributes",)

    def __init__(self, *, attended: int = 10, **kwargs):
        super().__init__(**kwargs)
        self.attended = min(attended, len(self.concept_ids))

    def build_for(self, widths):
        """See `Fusion.build_for`.

        Raises:
            ValueError: the widths differ; attributes could not be added to the state.
        """
        units, word_embedding = widths.units, widths.word_embedding
        if units != word_embedding:
            raise ValueError(
                "semantic attention adds word embeddings to the decoder's state: set "
                f"model.word_embedding ({word_embedding}) and model.units ({units}) to one width"
            )
        square = {"shape": (units, units), "initializer": "glorot_uniform"}
        self.input_scores = self.add_weight(**square, name="input_scores")  # U
        self.output_scores = self.add_weight(**square, name="output_scores")  # V
        self.input_weight = self.add_weight(shape=(units,), initializer="ones", name="input_weight")
        self.output_weight = self.add_weight(
            shape=(units,), initializer="ones", name="output_weight"
        )
        # W_h; W_x is the cell's.
        self.output_map = keras.layers.Dense(units, dtype=self.dtype_policy, name="output_map")
        self.output_map.build((None, units))
        k = len(self.concept_ids)
        usual = np.zeros(k) if self.prior is None else np.asarray(self.prior)
        self.usual = self.add_weight(
            shape=(k,),
            initializer=lambda shape, dtype=None: ops.convert_to_tensor(usual, dtype),
            trainable=False,
            dtype="float32",
            name="usual",
        )
        self.built = True

    def prepare(self, opening, embedding):
        """The embeddings of the concepts that are surer than usual, [B, attended, E]."""
        surer = ops.cast(opening["concepts"], "float32") - self.usual
        _, chosen = ops.top_k(surer, self.attended)
        ids = ops.take(ops.convert_to_tensor(self.concept_ids, "int32"), chosen)
        return {"attributes": embedding(ids)}

    def before(self, words, constants):
        """See `Fusion.before`."""
        words, attributes = self._as_computed(words, constants["attributes"])
        weights = ops.softmax(_scores(words, attributes, self.input_scores))
        return words + ops.cast(self.input_weight, words.dtype) * _weighed(weights, attributes)

    def after(self, h, words, constants):
        """See `Fusion.after`."""
        h, attributes = self._as_computed(h, self.activation(constants["attributes"]))
        weights = ops.softmax(_scores(h, attributes, self.output_scores))
        joined = h + ops.cast(self.output_weight, h.dtype) * _weighed(weights, attributes)
        return self.output_map(joined)

    def log_attention(self, h, words, constants):
        """See `Fusion.log_attention`: log alpha and log beta."""
        words, h, attributes = self._as_computed(words, h, constants["attributes"])
        asked = (
            _scores(words, attributes, self.input_scores),
            _scores(h, self.activation(attributes), self.output_scores),
        )
        return tuple(ops.log_softmax(ops.cast(scores, "float32")) for scores in asked)

    def _as_computed(self, *values):
        return [ops.cast(value, self.compute_dtype) for value in values]


def _scores(query, attributes, matrix):
    """How the query [..., E] scores the attributes [..., A, E] by the matrix [E, E]: [..., A]."""
    asked = ops.matmul(query, ops.cast(matrix, query.dtype))[..., None, :]
    return ops.sum(asked * attributes, axis=-1)


def _weighed(weights, attributes):
    """Their mean by weights [..., A]: [..., A, E] -> [..., E]."""
    return ops.sum(weights[..., None] * attributes, axis=-2)


def attention_penalty(log_attention, real):
    """What uneven use of concepts costs a sequence (You et al. 2016, section 3.4).

        g(alpha) = (sum_i (sum_t alpha_ti)^p)^(1/p) + sum_t (sum_i alpha_ti^q)^(1/q)

    The first term asks for all concepts in the course of a sequence, the second for few at once.

    Args:
        log_attention: log alpha, float32 [N, T, A].
        real: [N, T], 1 where a step is one, 0 where it is padding.

    Returns:
        float32 [N]; a sequence of padding alone costs next to nothing.
    """
    at_once = real * ops.exp(ops.logsumexp(AT_ONCE * log_attention, axis=-1) / AT_ONCE)
    used = ops.sum(real[..., None] * ops.exp(log_attention), axis=1)  # [N, A]
    # Not 0 where nothing is real: a root has no gradient there.
    over_all = (ops.sum(used**ALL_BUT_ONE, axis=-1) + 1e-12) ** (1 / ALL_BUT_ONE)
    return over_all + ops.sum(at_once, axis=1)
