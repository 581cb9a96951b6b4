"""Corpus figures from sums of per-photograph statistics, on any number of resamples at once.

BLEU and METEOR of a corpus are no means of the photographs' own scores: both are a formula on sums
over all photographs. A resample of the photographs therefore needs the sums alone.
"""

import numpy as np

METRICS = ("BLEU-1", "BLEU-2", "BLEU-3", "BLEU-4", "METEOR", "ROUGE-L", "CIDEr")

# The statistics that each metric's formula reads: metric -> key of CaptionScores.statistics.
STATISTICS_OF = {metric: metric.split("-")[0] for metric in METRICS}

LONGEST_NGRAM = 4
BLEU_COLUMNS = 2 + 2 * LONGEST_NGRAM
METEOR_STAGES = 4
METEOR_COLUMNS = 4 + 4 * METEOR_STAGES + 3

# METEOR 1.5's constants for English ("-l en", ranking task), as in its jar.
_ALPHA, _BETA, _GAMMA, _DELTA = 0.85, 0.2, 0.6, 0.75
_STAGE_WEIGHTS = np.array([1.0, 0.6, 0.8, 0.6])  # exact, stem, synonym, paraphrase


def bleu_from_sums(sums: np.ndarray) -> dict[str, np.ndarray]:
    """BLEU-1 to BLEU-4 as coco-caption's BleuScorer has them, its two small constants too.

    Args:
        sums: float64 [..., 10]: caption length, closest reference length, n-grams in the caption
            (n = 1..4), n-grams that match (n = 1..4), each summed over photographs.

    Returns:
        "BLEU-n" -> float64 [...], fractions.
    """
    small, tiny = 1e-9, 1e-15
    length, reference_length = sums[..., 0], sums[..., 1]
    written, matched = sums[..., 2 : 2 + LONGEST_NGRAM], sums[..., 2 + LONGEST_NGRAM :]
    precisions = (matched + tiny) / (written + small)
    orders = np.arange(1, LONGEST_NGRAM + 1)
    scores = np.cumprod(precisions, axis=-1) ** (1 / orders)
    ratio = (length + tiny) / (reference_length + small)
    brevity = np.exp(np.minimum(0.0, 1 - 1 / ratio))
    return {f"BLEU-{n}": scores[..., n - 1] * brevity for n in orders}


def meteor_statistics(printed: np.ndarray) -> np.ndarray:
    """Makes the numbers that METEOR prints for each photograph fit to be summed.

    A caption that matches its reference whole and in one piece is not fragmented at all: METEOR
    counts no chunk for it, though it prints one.

    Args:
        printed: float64 [N, 23]: words of the caption and of the best reference, function words of
            both, then for each of four stages the matched content words (caption, reference) and
            function words (caption, reference), then chunks and matched words (caption, reference).

    Returns:
        float64 [N, 23], the same but for the chunks.
    """
    content, function = _meteor_matches(printed)
    all_matched = np.all((content + function).sum(axis=-2) == printed[..., 0:2], axis=-1)
    statistics = printed.copy()
    statistics[all_matched & (printed[..., -3] == 1), -3] = 0
    return statistics


def _meteor_matches(numbers: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Matched content and function words, each [..., stage, caption or reference]."""
    columns = numbers[..., 4 : 4 + 4 * METEOR_STAGES]
    stages = columns.reshape((*numbers.shape[:-1], METEOR_STAGES, 2, 2))
    return stages[..., 0, :], stages[..., 1, :]


def meteor_from_sums(sums: np.ndarray) -> dict[str, np.ndarray]:
    """METEOR 1.5 (Denkowski & Lavie 2014) as its jar computes it.

    Args:
        sums: float64 [..., 23]: what `meteor_statistics` makes, summed over photographs.

    Returns:
        "METEOR" -> float64 [...], fractions.
    """
    lengths, function_words = sums[..., 0:2], sums[..., 2:4]
    content, function = _meteor_matches(sums)
    chunks, matched_words = sums[..., -3], sums[..., -2:]
    weighted = _DELTA * content + (1 - _DELTA) * function
    weighted_matches = np.einsum("...sc,s->...c", weighted, _STAGE_WEIGHTS)
    weighted_lengths = _DELTA * (lengths - function_words) + (1 - _DELTA) * function_words
    with np.errstate(divide="ignore", invalid="ignore"):
        precision, recall = np.moveaxis(weighted_matches / weighted_lengths, -1, 0)
        f_mean = 1 / ((1 - _ALPHA) / precision + _ALPHA / recall)
        fragmentation = chunks / matched_words.mean(axis=-1)
        score = f_mean * (1 - _GAMMA * fragmentation**_BETA)
    return {"METEOR": np.maximum(np.nan_to_num(score, nan=0.0), 0.0)}


def figures_from_sums(statistics: str, sums: np.ndarray, photographs: int) -> dict[str, np.ndarray]:
    """The corpus figures of the metrics that one kind of statistics serves.

    Args:
        statistics: "BLEU", "METEOR", "ROUGE" or "CIDEr" (the keys of CaptionScores.statistics).
        sums: float64 [..., columns], summed over photographs.
        photographs: how many photographs were summed.

    Returns:
        Metric -> float64 [...].
    """
    if statistics == "BLEU":
        return bleu_from_sums(sums)
    if statistics == "METEOR":
        return meteor_from_sums(sums)
    (metric,) = (m for m, kind in STATISTICS_OF.items() if kind == statistics)
    return {metric: sums[..., 0] / photographs}
