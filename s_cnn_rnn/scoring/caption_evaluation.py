"""What a run wrote for a split -> its caption scores."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from s_cnn_rnn.bootstrap import PhotographScores, Ratios
from s_cnn_rnn.caption_metrics import CaptionScores, caption_statistics, score_captions
from s_cnn_rnn.caption_metrics.scoring import OFFICIAL_TOKENISER
from s_cnn_rnn.data.encoded_split import EncodedSplit, encode_split
from s_cnn_rnn.data.prepared import PreparedData
from s_cnn_rnn.decoding.reranking import with_candidates
from s_cnn_rnn.label_metrics import mean_average_precision
from s_cnn_rnn.model.systems import find_system
from s_cnn_rnn.runs.run_folder import RunFolder
from s_cnn_rnn.scoring.predictions import Prediction, Predictions
from s_cnn_rnn.scoring.protocol_scores import ProtocolScores
from s_cnn_rnn.settings import DecodingSettings

METRICS = ("CIDEr", "BLEU-4", "METEOR", "ROUGE-L", "BLEU-1", "BLEU-2", "BLEU-3")
HEADLINE = "CIDEr"

PhotographScore = Callable[[str, str], Mapping[str, float]]
"""A score of one's own: (file name, annotation) -> its figures for this photograph, by name.

A figure that a photograph does not count for is left out; the others are meaned.
"""

GREEDY = "greedy"


def no_score(file_name: str, annotation: str) -> Mapping[str, float]:
    """Scores nothing of one's own."""
    return {}


def captioned_split(folder: RunFolder, split: str) -> EncodedSplit:
    """The photographs of a split that somebody captioned.

    Raises:
        ValueError: nobody captioned any.
    """
    settings = folder.settings()
    prepared = PreparedData(settings.data)
    return encode_split(prepared, split, folder.vocabulary(), longest=settings.model.longest)


def score_caption_run(
    folder: RunFolder,
    data: EncodedSplit,
    predictions: Predictions,
    *,
    own_score: PhotographScore = no_score,
) -> tuple[ProtocolScores, ProtocolScores]:
    """Scores captions: (what the run wrote, its text-only baseline).

    Args:
        folder: of the run.
        data: the captioned photographs of the split, of N.
        predictions: of all photographs of the split.
        own_score: a further score.
    """
    annotated = [predictions.photographs[row] for row in data.rows]
    written = {p.image_id: p.annotation for p in annotated}
    references = {p.image_id: r for p, r in zip(annotated, data.references, strict=True)}
    captions = score_captions(written, references)
    text_only = dict.fromkeys(written, predictions.text_only.annotation)
    text_only_captions = score_captions(text_only, references, meteor=False)
    beside = caption_statistics(written)
    if predictions.s_hat is not None:
        mean = mean_average_precision(predictions.s_hat[data.rows], data.concepts)
        beside = {"concept mAP": mean, **beside}
    own = Ratios.of_means(captions.image_ids, _own_rows(annotated, captions.image_ids, own_score))
    protocol = caption_protocol(
        folder.settings().decoding,
        data.references,
        tokeniser=captions.tokeniser,
        candidates=_candidates(folder),
    )
    return (
        scores_under(protocol, captions, own, beside=beside),
        scores_under(protocol, text_only_captions),
    )


def _candidates(folder: RunFolder) -> int:
    """How many candidates a run re-ranks; an ensemble of several re-ranks none."""
    if len(folder.members()) > 1:
        return 0
    return find_system(folder.settings().system).candidates


def caption_protocol(
    decoding: DecodingSettings,
    references: Sequence[Sequence[str]],
    *,
    tokeniser: str,
    candidates: int = 0,
) -> str:
    """How captions were decoded and scored, such as "beam 3, 5 references, PTB tokeniser".

    Args:
        decoding: of the run.
        references: of each photograph.
        tokeniser: of both.
        candidates: of its system: how many are put in another order (`reranking`).
    """
    decoded = how_decoded(with_candidates(decoding, candidates))
    ranked = ", re-ranked" if candidates else ""
    return f"{decoded}{ranked}, {how_scored(references, tokeniser=tokeniser)}"


def how_scored(references: Sequence[Sequence[str]], *, tokeniser: str) -> str:
    """Such as "5 references, PTB tokeniser"."""
    counts = [len(captions) for captions in references]
    few, many = min(counts), max(counts)
    counted = f"{many} references" if few == many else f"{few} to {many} references"
    official = tokeniser == OFFICIAL_TOKENISER
    return f"{counted}, {'PTB tokeniser' if official else 'imitated PTB tokeniser'}"


def how_decoded(decoding: DecodingSettings) -> str:
    """Such as "greedy", "beam 3", "beam 3, length normalisation 0.7" or "consensus of 20"."""
    if decoding.searched_width == 1:
        return GREEDY + (f", stop bias {decoding.stop_bias:g}" if decoding.stop_bias else "")
    beam = f"{'consensus of' if decoding.consensus else 'beam'} {decoding.searched_width}"
    voters = ["concepts"] * decoding.concepts_vote
    voters += ["photographs"] * decoding.photographs_vote
    beam = " and ".join([beam, *voters])
    if not decoding.length_normalisation:
        return beam
    return f"{beam}, length normalisation {decoding.length_normalisation:g}"


def scores_under(
    protocol: str, captions: CaptionScores, *parts: PhotographScores, **options
) -> ProtocolScores:
    """Scores of captions as those of a protocol.

    Args:
        protocol: its name.
        captions: the official metrics.
        parts: further scores on the same photographs.
        options: of `ProtocolScores`, such as ``beside``.
    """
    return ProtocolScores(
        protocol,
        (captions, *parts),
        headline=HEADLINE,
        photograph_metric=HEADLINE,
        per_photograph=captions.per_photograph[HEADLINE],
        leading=METRICS,
        missing=captions.missing,
        **options,
    )


def _own_rows(
    annotated: Sequence[Prediction], image_ids, own_score: PhotographScore
) -> dict[str, np.ndarray]:
    by_id = {p.image_id: own_score(p.file_name, p.annotation) for p in annotated}
    names = dict.fromkeys(name for figures in by_id.values() for name in figures)
    return {
        name: np.array([by_id[i].get(name, np.nan) for i in image_ids], np.float64)
        for name in names
    }
