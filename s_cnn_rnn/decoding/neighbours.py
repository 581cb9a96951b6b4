"""Similar photographs of the train split, whose captions vote on what a beam finds.

The neighbours of a photograph are those of the train split whose features F point the way its own
do (Mao et al. 2015, section 8, and Devlin et al. 2015 choose captions so). Their vote for a caption
is the CIDEr-D that it would have if it were one of theirs:

    vote(c) = sum_j w_j CIDEr-D(c, captions of j) / 10,   w_j proportional to exp(SHARPNESS cos_j),

cos_j the cosine of both F, each less the mean of the train split (of an ensemble: its mean over
members). SHARPNESS was chosen on the validation part of Flickr8k.

Departures: the originals take a caption of the neighbours itself (Devlin), or find neighbours by
features that a network of its own refines, and the mean over the most like captions (Mao).
"""

import dataclasses
from collections.abc import Sequence

import numpy as np

from s_cnn_rnn.caption_metrics.fast_cider import FastScorer
from s_cnn_rnn.data.encoded_split import encode_split
from s_cnn_rnn.data.prepared import PreparedData
from s_cnn_rnn.model.annotation_model import AnnotationModel
from s_cnn_rnn.model.ensemble import Ensemble
from s_cnn_rnn.model.self_critical import reference_ids
from s_cnn_rnn.progress import Progress
from s_cnn_rnn.runs.run_folder import RunFolder
from s_cnn_rnn.runs.run_inputs import inputs_of_members
from s_cnn_rnn.whole_files import whole_file

SHARPNESS = 10.0


@dataclasses.dataclass(frozen=True, eq=False)
class Described:
    """The photographs of a train split, as a run sees them and as people described them.

    Args:
        features: F of each member's encoder, float16, [N, D] each.
        captions: word ids of each photograph's C captions, closed by END, int32 [N, C, T], padded
            with 0; rare words have ids of their own.
    """

    features: tuple[np.ndarray, ...]
    captions: np.ndarray

    def save(self, folder: RunFolder) -> None:
        """Writes ``neighbours.npz``."""
        features = {f"features_{n}": each for n, each in enumerate(self.features)}
        with whole_file(folder.neighbours) as unfinished, unfinished.open("wb") as file:
            np.savez(file, weights=folder.weights_digest(), captions=self.captions, **features)

    @classmethod
    def load(cls, folder: RunFolder) -> "Described | None":
        """Reads what `save` wrote; None where there is nothing, or other weights made it."""
        if not folder.neighbours.exists():
            return None
        with np.load(folder.neighbours) as arrays:
            if str(arrays["weights"]) != folder.weights_digest():
                return None
            members = sum(name.startswith("features_") for name in arrays.files)
            features = tuple(arrays[f"features_{n}"] for n in range(members))
            return cls(features, arrays["captions"])


class Neighbours:
    """The photographs of a train split, from which those similar to any photograph are found.

    Args:
        described: the train split.
        count: how many photographs vote, at most all.
    """

    def __init__(self, described: Described, count: int):
        self.count = min(count, len(described.captions))
        self.scorer = FastScorer(
            [[c[c > 0] for c in captions if c.any()] for captions in described.captions]
        )
        self.means = [each.mean(axis=0, dtype=np.float32) for each in described.features]
        self.directions = [
            _directions(each, mean)
            for each, mean in zip(described.features, self.means, strict=True)
        ]

    def nearest(self, features: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
        """The neighbours of B photographs.

        Args:
            features: F of each member's encoder, float [B, D] each.

        Returns:
            Their places in the train split, int64 [B, count], nearest first, and what each counts,
            float64 [B, count], 1 in all.
        """
        each = [
            _directions(own, mean) @ theirs.T
            for own, mean, theirs in zip(features, self.means, self.directions, strict=True)
        ]
        cosines = np.mean(each, axis=0)
        found = np.argsort(-cosines, axis=1, kind="stable")[:, : self.count]
        near = np.take_along_axis(cosines, found, axis=1).astype(np.float64)
        counts = np.exp(SHARPNESS * (near - near[:, :1]))
        return found, counts / counts.sum(axis=1, keepdims=True)

    def votes(self, words: np.ndarray, features: Sequence[np.ndarray]) -> np.ndarray:
        """The vote for each hypothesis, float64 [B, R], 0 to 1.

        Args:
            words: word ids, int32 [B, R, T], closed by END.
            features: F of each member's encoder, float [B, D] each.
        """
        rows = []
        for captions, photographs, counts in zip(words, *self.nearest(features), strict=True):
            same = np.broadcast_to(captions, (len(photographs), *captions.shape))  # [count, R, T]
            rows.append(counts @ self.scorer.score(photographs, same).cider / 10)
        return np.stack(rows)


def _directions(features: np.ndarray, mean: np.ndarray) -> np.ndarray:
    """Unit vectors from the mean, float32 [N, D]."""
    from_mean = features.astype(np.float32) - mean
    return from_mean / np.maximum(np.linalg.norm(from_mean, axis=1, keepdims=True), 1e-9)


def neighbours_of(
    folder: RunFolder, model: AnnotationModel | Ensemble, *, progress: Progress
) -> Neighbours | None:
    """The neighbours that vote on what a finished run writes, kept in its folder; None if none do.

    Args:
        folder: of the run, or of an ensemble.
        model: trained.
        progress: told of photographs encoded.

    Raises:
        FileNotFoundError: the run's folder has no neighbours yet, and the data set is missing.
    """
    settings = folder.settings()
    count = settings.decoding.neighbours
    if not count:
        return None
    described = Described.load(folder)
    if described is None:
        described = _describe(folder, model, PreparedData(settings.data), progress)
        described.save(folder)
    return Neighbours(described, count)


def _describe(folder, model, prepared: PreparedData, progress) -> Described:
    longest = folder.settings().model.longest
    train = encode_split(prepared, "train", model.vocabulary, longest=longest)
    encoders = [member.encoder for member in model.members]
    inputs = inputs_of_members(folder, encoders, train, train, progress=progress)
    ids = reference_ids(train.references, model.vocabulary)
    most, longest = max(map(len, ids)), max(len(c) for captions in ids for c in captions)
    captions = np.zeros((len(ids), most, longest), np.int32)
    for row, texts in zip(captions, ids, strict=True):
        for place, text in zip(row, texts, strict=False):
            place[: len(text)] = text
    return Described(tuple(each.features[:, 0].astype(np.float16) for each in inputs), captions)
