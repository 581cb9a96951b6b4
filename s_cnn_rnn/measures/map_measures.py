"""Whether word maps show what the model looks at.

**Deletion and insertion** (Petsiuk et al. 2018): the places of a photograph are blurred one after
the other, those that a word's map names first before the others; or a blurred photograph becomes
clear in that order. The area under the word's probability is small for deletion and large for
insertion where the map is right. Beside it the same with places in random order, and from the
centre outwards, since photographers put things there.

**Randomisation** (Adebayo et al. 2018): a part's weights are shuffled, and the maps of the same
words made again. Maps that stay as they were would show the photograph's edges, not what the model
has learnt.
"""

import contextlib
import dataclasses
from collections.abc import Iterator, Sequence

import numpy as np
from keras import ops
from PIL import Image, ImageFilter

from s_cnn_rnn.bootstrap import Ratios
from s_cnn_rnn.data.photographs import read_photograph
from s_cnn_rnn.explaining.attribution import WordLikelihoods
from s_cnn_rnn.explaining.explanation import Explainer
from s_cnn_rnn.measures.concept_writer import ConceptWriter
from s_cnn_rnn.measures.contribution_measures import rank_correlation
from s_cnn_rnn.measures.what_if_measures import places_of_concepts, written_about
from s_cnn_rnn.model.annotation_model import AnnotationModel

ASKED = 2  # words of each photograph
STEPS = 7
BATCH = 32
BLUR = 0.06  # of the photograph's side, standard deviation


@dataclasses.dataclass(frozen=True, eq=False)
class Subject:
    """A photograph with what was written for it.

    Args:
        row: its place in the part.
        pixels: uint8 [S, S, 3], at the encoder's size.
        words: the text.
        asked: which of its words maps are asked for, int [m].
    """

    row: int
    pixels: np.ndarray
    words: tuple[str, ...]
    asked: np.ndarray


def subjects(writer: ConceptWriter, explainer: Explainer, asked: int = ASKED) -> list[Subject]:
    """The photographs with the words that concepts make most likelier, of those written about."""
    chosen, found = set(written_about(writer)), []
    side = writer.model.encoder.input_shape[1]
    for row, words in enumerate(writer.before.words):
        [jpeg] = writer.data.photographs([row])
        pixels = read_photograph(jpeg, image_size=side)
        about = places_of_concepts(writer, words, chosen)
        if about:
            ids = writer.model.vocabulary.encode(words)
            likelihoods = WordLikelihoods(writer.model, _inputs(writer.model, pixels[None]), ids)
            now, usual = likelihoods.of_all(np.stack([writer.s_hat[row], explainer.usual]))
            gained = (now - usual)[about]
            surest = np.array(about)[np.argsort(-gained)[:asked]]
            found.append(Subject(row, pixels, tuple(words), surest))
    return found


def area_scores(writer: ConceptWriter, *, seed: int = 0) -> Ratios:
    """Deletion and insertion, for each photograph.

    Args:
        writer: of a run and a part.
        seed: of the random order.

    Returns:
        "deletion, map", "insertion, map" and the same with "random" and "centre".
    """
    random, explainer = np.random.default_rng(seed), Explainer(writer.model)
    rows, figures = [], []
    for subject in subjects(writer, explainer):
        for t, values in zip(subject.asked, maps_of(explainer, subject), strict=True):
            orders = {
                "map": values,
                "random": random.permuted(np.arange(values.size)).reshape(values.shape),
                "centre": from_centre(values.shape),
            }
            rows.append(subject.row)
            figures.append(areas(writer.model, subject, t, orders))
    return _means(writer, rows, figures)


def randomisation_scores(writer: ConceptWriter) -> Ratios:
    """Rank correlation of maps with those of shuffled weights, for each photograph.

    Args:
        writer: of a run and a part.

    Returns:
        "similarity, decoder shuffled" and so on for each part behind the feature map.
    """
    explainer = Explainer(writer.model)
    known = subjects(writer, explainer)
    before = [maps_of(explainer, subject) for subject in known]
    figures = [{} for _ in known]
    for part in ("semantic", "interface", "decoder"):
        with shuffled(writer.model, part):
            for subject, maps, figure in zip(known, before, figures, strict=True):
                similarity = map_similarity(maps, maps_of(explainer, subject))
                figure[f"similarity, {part} shuffled"] = similarity
    return _means(writer, [subject.row for subject in known], figures)


def _means(writer: ConceptWriter, rows: list[int], figures: list[dict[str, float]]) -> Ratios:
    if not rows:
        raise ValueError("no caption has a word that the run writes about; take more photographs")
    by_name = {name: [each[name] for each in figures] for name in figures[0]}
    return Ratios.of_means(writer.image_ids, writer.means(np.array(rows), by_name))


def maps_of(explainer: Explainer, subject: Subject) -> np.ndarray:
    """The maps of the words that are asked for, float64 [m, places_y, places_x]."""
    model, images = explainer.model, subject.pixels[None]
    inputs = _inputs(model, images)
    concepts = model.concepts(inputs)
    s_hat = None if concepts is None else ops.convert_to_numpy(concepts)[0]
    feature_map = explainer.places.of(images)[0]
    return explainer.reasons(subject.words, inputs, s_hat, feature_map)[1][subject.asked]


def areas(
    model: AnnotationModel, subject: Subject, t: int, orders: dict[str, np.ndarray]
) -> dict[str, float]:
    """Deletion and insertion of one word, by several orders of places.

    Args:
        model: has a decoder.
        subject: the photograph and its text.
        t: the word's place in the text.
        orders: name -> a value for each place, [places_y, places_x]; the highest go first.

    Returns:
        "deletion, NAME" and "insertion, NAME": the mean probability of the word, from all places
        to none.
    """
    blurred, found = _blurred(subject.pixels), {}
    for name, values in orders.items():
        masks = masks_of(values, subject.pixels.shape[0])  # [steps + 1, S, S, 1]
        deleted = np.where(masks, blurred, subject.pixels)
        inserted = np.where(masks, subject.pixels, blurred)
        images = np.concatenate([deleted, inserted])
        likely = word_probabilities(model, images, subject.words, t)
        found[f"deletion, {name}"], found[f"insertion, {name}"] = (
            float(half.mean()) for half in np.split(likely, 2)
        )
    return found


def masks_of(values: np.ndarray, side: int) -> np.ndarray:
    """The highest places, more and more of them: none, then all in `STEPS` equal parts.

    Args:
        values: [places_y, places_x].
        side: of the photograph, in pixels.

    Returns:
        bool [STEPS + 1, side, side, 1].
    """
    order = np.argsort(-values.ravel(), kind="stable")
    rank = np.empty(len(order), int)
    rank[order] = np.arange(len(order))
    rank = rank.reshape(values.shape)
    rows, columns = (np.arange(side) * length // side for length in values.shape)
    at_pixels = rank[rows][:, columns]
    cuts = np.round(np.linspace(0, len(order), STEPS + 1)).astype(int)
    return (at_pixels < cuts[:, None, None])[..., None]


def word_probabilities(
    model: AnnotationModel, images: np.ndarray, words: Sequence[str], t: int
) -> np.ndarray:
    """Of a text's word, given the words before it and each of several photographs.

    Args:
        model: has a decoder.
        images: uint8 [R, S, S, 3].
        words: the text.
        t: the word's place.

    Returns:
        float64 [R], 0 to 1.
    """
    ids = np.array(model.vocabulary.encode(words[: t + 1])[:-1], np.int32)  # START ... w_t
    parts = []
    for start in range(0, len(images), BATCH):
        inputs = _inputs(model, images[start : start + BATCH])
        opening = model.opening(model.seen(inputs))
        rows = np.tile(ids, (len(images[start : start + BATCH]), 1, 1))
        parts.append(ops.convert_to_numpy(model.decoder(rows, opening))[:, 0, t])
    return np.exp(np.concatenate(parts).astype(np.float64))


def from_centre(shape: tuple[int, int]) -> np.ndarray:
    """A map that is highest in the middle, float64 [places_y, places_x]."""
    y, x = (np.linspace(-1, 1, length) for length in shape)
    return -np.hypot(y[:, None], x[None])


@contextlib.contextmanager
def shuffled(model: AnnotationModel, part: str, seed: int = 0) -> Iterator[None]:
    """Shuffles the weights of a part, each variable's values among themselves; undone at the end.

    Args:
        model: the system.
        part: one of `system.PARTS`.
        seed: of the shuffling.
    """
    random = np.random.default_rng(seed)
    variables = model.part(part).trainable_variables
    values = [ops.convert_to_numpy(variable) for variable in variables]
    try:
        for variable, value in zip(variables, values, strict=True):
            variable.assign(random.permuted(value.ravel()).reshape(value.shape))
        yield
    finally:
        for variable, value in zip(variables, values, strict=True):
            variable.assign(value)


def map_similarity(first: np.ndarray, second: np.ndarray) -> float:
    """Mean rank correlation of maps [m, places_y, places_x] of the same words."""
    pairs = zip(first, second, strict=True)
    return float(np.mean([rank_correlation(a.ravel(), b.ravel()) for a, b in pairs]))


def _inputs(model: AnnotationModel, images: np.ndarray) -> dict[str, np.ndarray]:
    found = model.encoded.predict_on_batch(images)
    return {name: np.asarray(value, np.float32) for name, value in found.items()}


def _blurred(pixels: np.ndarray) -> np.ndarray:
    radius = BLUR * pixels.shape[0]
    return np.asarray(Image.fromarray(pixels).filter(ImageFilter.GaussianBlur(radius)))
