"""Whether contributions foretell what really happens when concepts are switched."""

import numpy as np

from s_cnn_rnn.bootstrap import Ratios
from s_cnn_rnn.explaining.attribution import (
    WordLikelihoods,
    by_leaving_out,
    contributions,
    usual_s_hat,
)
from s_cnn_rnn.measures.concept_writer import ConceptWriter
from s_cnn_rnn.measures.what_if_measures import places_of_concepts, written_about

DIFFERS = 0.01  # from the usual, in probability: other concepts cannot contribute
REMOVED = 5


def agreement_scores(writer: ConceptWriter, *, seed: int = 0) -> Ratios:
    """How well contributions agree with switching, for each photograph.

    Asked of the words that are concepts the run writes about (`written_about`).

    Args:
        writer: of a run and a part.
        seed: of the concepts that are set to their usual values for comparison.

    Returns:
        "rank correlation": Spearman's, over the concepts that differ from the usual by `DIFFERS`
        or more, between their contributions to a word and what the word really loses when each
        alone is set to its usual value. "word gone, largest": share of words that are not written
        any more when the `REMOVED` concepts that contribute most are set to their usual values,
        and "word gone, random" when as many others are, drawn from those that differ.
    """
    random = np.random.default_rng(seed)
    usual, chosen = usual_s_hat(writer.model), set(written_about(writer))
    asked, agreed, largest, drawn = [], [], [], []
    for row, words in enumerate(writer.before.words):
        places = places_of_concepts(writer, words, chosen)
        concepts = writer.s_hat[row]
        differ = np.flatnonzero(np.abs(concepts - usual) >= DIFFERS)
        if not places or len(differ) < 2 * REMOVED:
            continue
        likelihoods = _likelihoods(writer, row, words)
        values = contributions(likelihoods, concepts, usual).values[places][:, differ]
        really = by_leaving_out(likelihoods, concepts, usual, differ)[places]
        for t, value, loss in zip(places, values, really, strict=True):
            order = np.argsort(-value)
            asked.append((row, words[t]))
            agreed.append(rank_correlation(value, loss))
            largest.append(differ[order[:REMOVED]])
            drawn.append(random.choice(differ[order[REMOVED:]], REMOVED, replace=False))
    rows = np.array([row for row, _ in asked])
    figures = {
        "rank correlation": agreed,
        "word gone, largest": _gone(writer, asked, largest, usual),
        "word gone, random": _gone(writer, asked, drawn, usual),
    }
    return Ratios.of_means(writer.image_ids, writer.means(rows, figures))


def _likelihoods(writer: ConceptWriter, row: int, words: list[str]) -> WordLikelihoods:
    inputs = {
        name: values[row : row + 1].astype(np.float32) for name, values in writer.given.items()
    }
    return WordLikelihoods(writer.model, inputs, writer.model.vocabulary.encode(words))


def _gone(writer, asked, places, usual) -> list[bool]:
    """Whether each word is gone when those concepts of its photograph are as usual."""
    rows = np.array([row for row, _ in asked])
    concepts = writer.s_hat[rows].copy()
    for changed, which in zip(concepts, places, strict=True):
        changed[which] = usual[which]
    after = writer(rows, concepts)
    return [word not in found for (_, word), found in zip(asked, after.sets, strict=True)]


def rank_correlation(first: np.ndarray, second: np.ndarray) -> float:
    """Spearman's rank correlation of two float [m] without many ties; nan of a constant.

    >>> round(rank_correlation(np.array([1.0, 2.0, 9.0]), np.array([0.1, 0.3, 0.2])), 3)
    0.5
    """
    ranks = [np.argsort(np.argsort(values, kind="stable")) for values in (first, second)]
    if np.ptp(first) == 0 or np.ptp(second) == 0:
        return float("nan")
    return float(np.corrcoef(*ranks)[0, 1])
