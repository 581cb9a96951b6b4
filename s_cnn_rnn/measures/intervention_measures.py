"""What the decoder makes of better concepts, and of what s_hat says beyond its concepts.

**The intervention curve** (Koh et al. 2020, section 4.3): k concepts are set to the truth, and
captions written again: CIDEr against k. A decoder that understands its concepts writes better
captions for it. In the *informed* order those that s_hat is most wrong about come first.

**Leak** (Mahinpei et al. 2021): s_hat is soft, and a decoder may read from .12 and .17 more than
"no dog" twice. With each concept's photographs in bins by s_hat_j (two bins: absent and present,
as many present as there are true), the values are exchanged at random within their bins, concept by
concept. Each concept still says as much as its bin does, and no more. What CIDEr loses by that is
what the decoder knew beyond it.
"""

from collections.abc import Sequence

import numpy as np

from s_cnn_rnn.bootstrap import Ratios
from s_cnn_rnn.explaining.concept_switches import OFF, ON
from s_cnn_rnn.measures.concept_writer import ConceptWriter

STEPS = (0, 1, 2, 4, 8, 16, 32, 64)
BINS = (2, 10)


def orders(writer: ConceptWriter, seed: int = 0) -> dict[str, np.ndarray]:
    """In which order concepts are set to the truth: name -> places, int [N, k]."""
    random = np.random.default_rng(seed)
    photographs, k = writer.s_hat.shape
    shuffled = random.permuted(np.tile(np.arange(k), (photographs, 1)), axis=1)
    wrong = np.abs(writer.true - writer.s_hat)
    return {"random": shuffled, "informed": np.argsort(-wrong, axis=1, kind="stable")}


def set_to_truth(writer: ConceptWriter, places: np.ndarray, *, correlated: bool) -> np.ndarray:
    """s_hat with some concepts set to the truth, float32 [N, k].

    Args:
        writer: of a run and a part.
        places: which concepts, of each photograph, int [N, m].
        correlated: whether the others move along.
    """
    concepts = writer.s_hat.copy()
    values = np.where(np.take_along_axis(writer.true, places, axis=1), ON, OFF)
    if not places.shape[1]:
        return concepts
    if not correlated:
        np.put_along_axis(concepts, places, values.astype(np.float32), axis=1)
        return concepts
    return np.concatenate(
        [
            writer.statistics.realigned(concepts[n : n + 1], places[n], values[n])
            for n in range(len(concepts))
        ]
    )


def intervention_curve(
    writer: ConceptWriter, *, correlated: bool, steps: Sequence[int] = STEPS, seed: int = 0
) -> Ratios:
    """CIDEr with k concepts set to the truth, for each photograph.

    Args:
        writer: of a run and a part.
        correlated: whether the others move along.
        steps: the k.
        seed: of the random order.

    Returns:
        "CIDEr, 8 concepts true, informed" and so on.
    """
    everyone, figures = np.arange(len(writer.s_hat)), {}
    for name, order in orders(writer, seed).items():
        for k in steps:
            concepts = set_to_truth(writer, order[:, :k], correlated=correlated)
            captions = writer(everyone, concepts) if k else writer.before
            figures[f"CIDEr, {k} concepts true, {name}"] = writer.cider(captions)
    return Ratios.of_means(writer.image_ids, figures)


def leak_scores(writer: ConceptWriter, *, bins: Sequence[int] = BINS, seed: int = 0) -> Ratios:
    """CIDEr from s_hat as it is, and exchanged within bins, for each photograph.

    Args:
        writer: of a run and a part.
        bins: how many of each concept; 2 are absent and present.
        seed: of the exchange.

    Returns:
        "CIDEr", "CIDEr, exchanged within 2 bins", and the difference "leak beyond 2 bins", ...
    """
    everyone, soft = np.arange(len(writer.s_hat)), writer.cider(writer.before)
    figures = {"CIDEr": soft}
    for count in bins:
        exchanged = exchanged_within_bins(writer.s_hat, writer.true, count, seed)
        found = writer.cider(writer(everyone, exchanged))
        figures[f"CIDEr, exchanged within {count} bins"] = found
        figures[f"leak beyond {count} bins"] = soft - found
    return Ratios.of_means(writer.image_ids, figures)


def exchanged_within_bins(
    s_hat: np.ndarray, true: np.ndarray, bins: int, seed: int = 0
) -> np.ndarray:
    """s_hat with each concept's values exchanged among photographs of the same bin.

    Args:
        s_hat: float32 [N, k].
        true: the true s, bool [N, k].
        bins: 2: absent and present, as many present as have the concept; more: equally many
            photographs in each, by s_hat.
        seed: of the exchange.

    Returns:
        float32 [N, k]; every column holds the same values as before.
    """
    random = np.random.default_rng(seed)
    changed = s_hat.copy()
    for j, column in enumerate(s_hat.T):
        order = np.argsort(-column, kind="stable")
        cuts = [true[:, j].sum()] if bins == 2 else np.arange(1, bins) * len(order) // bins
        for group in np.split(order, cuts):
            changed[group, j] = column[random.permutation(group)]
    return changed
