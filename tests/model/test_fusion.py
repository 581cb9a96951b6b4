"""What a decoder sees beside its state, against NumPy."""

import numpy as np
import pytest

from s_cnn_rnn.model.fusion import Multimodal, MultimodalWithWords, Widths

UNITS = 6
RANDOM = np.random.default_rng(0)
WORDS = RANDOM.normal(size=(3, UNITS)).astype("float32")
STATE = RANDOM.normal(size=(3, UNITS)).astype("float32")


@pytest.mark.parametrize("sees_words", [False, True])
def test_the_multimodal_layer_joins_image_state_and_word(sees_words):
    layer = (MultimodalWithWords if sees_words else Multimodal)()
    layer.build_for(Widths(UNITS, UNITS))
    image = np.random.default_rng(3).normal(size=(3, UNITS)).astype("float32")
    kernel, bias = (np.asarray(w) for w in layer.of_state.weights)
    joined = STATE @ kernel + bias + image
    if sees_words:
        joined = joined + WORDS @ np.asarray(layer.of_word.kernel)
    found = layer.after(STATE, WORDS, {"image": image})
    np.testing.assert_allclose(found, np.maximum(joined, 0), rtol=1e-4, atol=1e-5)
