"""Where in a photograph a concept, or a word, was seen: a number for each place of the feature map.

A map says how much each place adds to a sum z, by gradient times activation at the encoder's layer
"feature_map" (Draelos and Carin 2020), phi_p . dz/dphi_p at place p. Where the features are the
mean over places and concepts are linear in them, as with EfficientNet-Lite and Inception v3, that
is the class activation map (Zhou et al. 2016) and exact: places add up to the logit but for its
bias. What the places do not account for (the bias, and z of a usual photograph) is spread evenly,
so that a map always sums to z - z0.

A word's map is that of its concepts, each with its share. With C_tj what concept j contributes to
word t, and z_j the logit of concept j,

    M_t(p) = sum_j C_tj / (z_j - z0_j) m_j(p),    sum_p m_j(p) = z_j - z0_j,

so that sum_p M_t(p) = sum_j C_tj, the word's gain over a usual photograph. What a decoder sees of
the photograph beside s_hat is added: the gradient of the word's log probability itself.
"""

import functools

import keras
import numpy as np
from PIL import Image

from s_cnn_rnn.explaining.attribution import Contributions, WordLikelihoods
from s_cnn_rnn.explaining.concept_statistics import log_odds
from s_cnn_rnn.explaining.gradients import values_and_gradient
from s_cnn_rnn.model.annotation_model import AnnotationModel
from s_cnn_rnn.model.system import EMBEDDINGS

ROWS = 64
"""Feature maps that are looked at at once."""


class PhotographPlaces:
    """What a model makes of photographs' feature maps.

    Args:
        model: with an encoder.
    """

    def __init__(self, model: AnnotationModel):
        self.model = model
        layer = model.encoder.get_layer("feature_map").output
        self.maps = keras.Model(model.encoder.input, layer)
        self.head = keras.Model(layer, model.encoder.output)

    def of(self, pixels: np.ndarray) -> np.ndarray:
        """The feature maps of photographs, uint8 [B, H, W, 3] -> float32 [B, h, w, channels]."""
        return np.asarray(self.maps.predict_on_batch(pixels), np.float32)

    def inputs(self, feature_map) -> dict:
        """What the model sees of a photograph, from its feature map [R, h, w, channels]."""
        shape = keras.ops.shape(feature_map)
        by_position = keras.ops.reshape(feature_map, (shape[0], -1, shape[-1]))
        return {
            "features": self.head(feature_map, training=False),
            "feature_map": keras.ops.cast(by_position, "float32"),
        }

    def of_sums(
        self, feature_map: np.ndarray, weights: np.ndarray, beside: dict[str, np.ndarray]
    ) -> np.ndarray:
        """Maps of weighted sums of one photograph's concept logits, without what is spread.

        Args:
            feature_map: float32 [h, w, channels].
            weights: float32 [R, k], a sum a row.
            beside: what else the model sees of the photograph, such as tags, [1, ...] each.

        Returns:
            float64 [R, h, w].
        """

        def sums(maps, rows):
            other = {name: np.repeat(value, len(rows), axis=0) for name, value in beside.items()}
            logits = self.model.concept_logits(other | self.inputs(maps))
            return keras.ops.sum(logits * rows, axis=-1)

        return _by_rows(feature_map, weights.astype(np.float32), sums)

    def of_words(self, feature_map: np.ndarray, likelihoods: WordLikelihoods, concepts):
        """Maps of the words, as far as the decoder sees the photograph beside s_hat.

        Args:
            feature_map: float32 [h, w, channels].
            likelihoods: of the text.
            concepts: s_hat, float32 [k], which stays; None where the system learns none.

        Returns:
            float64 [T, h, w].
        """

        def of_row(maps, inputs, words):
            rows = len(words)
            s_hat = None if concepts is None else np.repeat(concepts[None], rows, axis=0)
            opening = self.model.opening(self.model.seen(inputs | self.inputs(maps), s_hat))
            return self.model.decoder(words, opening)[:, 0]

        maps = np.repeat(feature_map[None], likelihoods.count, axis=0)
        places = np.arange(likelihoods.count)
        gradient = likelihoods.per_word(of_row, maps, places)
        return (gradient * feature_map).sum(axis=-1)

    @functools.cached_property
    def seen_directly(self) -> bool:
        """Whether the decoder sees the photograph beside s_hat."""
        system = self.model.system
        seen = {*EMBEDDINGS[system.embedding], *system.decoder_sees}
        return bool(seen & {"features", "feature_map"})


def _by_rows(feature_map: np.ndarray, rows: np.ndarray, sums) -> np.ndarray:
    """Gradient times activation of each row's sum, summed over channels, float64 [R, h, w]."""
    parts = []
    for start in range(0, len(rows), ROWS):
        part = rows[start : start + ROWS]
        maps = np.repeat(feature_map[None], len(part), axis=0)
        _, gradient = values_and_gradient(lambda values, part=part: sums(values, part), maps)
        parts.append((gradient.astype(np.float64) * feature_map).sum(axis=-1))
    return np.concatenate(parts)


def concept_maps(
    places: PhotographPlaces,
    feature_map: np.ndarray,
    beside: dict[str, np.ndarray],
    concepts: np.ndarray,
    usual: np.ndarray,
    numbers: np.ndarray,
) -> np.ndarray:
    """Where concepts were seen: how much each place adds to a concept's log-odds over the usual.

    Args:
        places: of the model.
        feature_map: of the photograph, float32 [h, w, channels].
        beside: what else the model sees of it, [1, ...] each.
        concepts: s_hat, float32 [k].
        usual: s0, float32 [k].
        numbers: which concepts, int [m].

    Returns:
        float64 [m, h, w]; each map sums to log-odds(s_hat_j) - log-odds(s0_j).
    """
    weights = np.eye(len(concepts), dtype=np.float32)[numbers]
    maps = places.of_sums(feature_map, weights, beside)
    return _spread(maps, (log_odds(concepts) - log_odds(usual))[numbers])


def word_maps(
    places: PhotographPlaces,
    feature_map: np.ndarray,
    beside: dict[str, np.ndarray],
    concepts: np.ndarray,
    usual: np.ndarray,
    found: Contributions,
) -> np.ndarray:
    """Where a text's words come from, through their concepts.

    Args:
        places: of the model.
        feature_map: of the photograph, float32 [h, w, channels].
        beside: what else the model sees of it, [1, ...] each.
        concepts: s_hat, float32 [k].
        usual: s0, float32 [k].
        found: what each concept contributes to each of the T words.

    Returns:
        float64 [T, h, w], in nats; each map sums to the word's contributions.
    """
    moved = log_odds(concepts) - log_odds(usual)  # z - z0
    differ = np.abs(moved) > 1e-4
    steepness = concepts.astype(np.float64) * (1 - concepts)  # ds/dz, where they do not differ
    difference = concepts.astype(np.float64) - usual
    steepness[differ] = difference[differ] / moved[differ]
    maps = places.of_sums(feature_map, found.slopes * steepness, beside)
    return _spread(maps, found.values.sum(axis=1))


def _spread(maps: np.ndarray, sums: np.ndarray) -> np.ndarray:
    """What a map's sum lacks, on all its places alike."""
    lacking = sums - maps.sum(axis=(1, 2))
    return maps + (lacking / maps[0].size)[:, None, None]


def enlarge(values: np.ndarray, height: int, width: int) -> np.ndarray:
    """A map at the size of its photograph, bilinear; a place covers its own part of it.

    Args:
        values: float [places_y, places_x].
        height: in pixels.
        width: in pixels.

    Returns:
        float32 [height, width].

    >>> enlarge(np.array([[0.0, 1.0]]), 2, 4).round(2).tolist()
    [[0.0, 0.25, 0.75, 1.0], [0.0, 0.25, 0.75, 1.0]]
    """
    picture = Image.fromarray(np.asarray(values, np.float32))
    return np.asarray(picture.resize((width, height), Image.Resampling.BILINEAR))
