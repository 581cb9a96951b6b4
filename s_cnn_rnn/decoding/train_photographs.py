"""What people wrote of the train split's photographs votes on what a beam finds.

How good would a caption be for a photograph that nobody described? Of the train split's photographs
it is known: the CIDEr-D against their captions. From them it is estimated for others by what F they
have (kernel ridge regression, Saunders, Gammerman and Vovk 1998; it is linear in what it learns, so
that one solution does for all captions):

    vote(c) = sum_j w_j CIDEr-D(c, captions of j) / 10,   w = (K + RIDGE I)^-1 k,
    K_ij = kernel(i, j),   k_j = kernel(photograph, j),   kernel = exp(SHARPNESS (cos - 1)),

cos the cosine of both F, each less the mean of the train split (of an ensemble: its mean over
members). Photographs that are alike share a weight, and some speak against a caption (w_j < 0).
The constants were chosen on the validation part of Flickr8k, with one run of `ours`.

Beside it: Devlin et al. 2015 and Mao et al. 2015, section 8, take the captions that those of the
nearest photographs are most like. With the 60 nearest, weighed by exp(10 cos), for w the votes
choose worse (on captions of one run of `ours` by .03 of CIDEr).
"""

import dataclasses
from collections.abc import Sequence

import numpy as np
from scipy import linalg

from s_cnn_rnn.caption_metrics.fast_cider import FastScorer, padded
from s_cnn_rnn.caption_metrics.weighed_cider import WeighedCider
from s_cnn_rnn.data.encoded_split import encode_split
from s_cnn_rnn.data.prepared import PreparedData
from s_cnn_rnn.model.annotation_model import AnnotationModel
from s_cnn_rnn.model.ensemble import Ensemble
from s_cnn_rnn.model.self_critical import reference_ids
from s_cnn_rnn.progress import Progress
from s_cnn_rnn.runs.run_folder import RunFolder
from s_cnn_rnn.runs.run_inputs import inputs_of_members
from s_cnn_rnn.whole_files import whole_file

SHARPNESS = 3.0
RIDGE = 0.1
MOST = 10_000
"""Photographs of the train split that vote; of more, so many are drawn (the same ones always)."""


@dataclasses.dataclass(frozen=True, eq=False)
class Described:
    """Photographs of a train split, as a run sees them and as people described them.

    Args:
        features: F of each member's encoder, float16, [N, D] each.
        captions: word ids of each photograph's C captions, closed by END, int32 [N, C, T], padded
            with 0; rare words have ids of their own.
    """

    features: tuple[np.ndarray, ...]
    captions: np.ndarray

    def save(self, folder: RunFolder) -> None:
        """Writes ``train_photographs.npz``."""
        features = {f"features_{n}": each for n, each in enumerate(self.features)}
        with whole_file(folder.train_photographs) as unfinished, unfinished.open("wb") as file:
            np.savez(file, weights=folder.weights_digest(), captions=self.captions, **features)

    @classmethod
    def load(cls, folder: RunFolder) -> "Described | None":
        """Reads what `save` wrote; None where there is nothing, or other weights made it."""
        if not folder.train_photographs.exists():
            return None
        with np.load(folder.train_photographs) as arrays:
            if str(arrays["weights"]) != folder.weights_digest():
                return None
            members = sum(name.startswith("features_") for name in arrays.files)
            features = tuple(arrays[f"features_{n}"] for n in range(members))
            return cls(features, arrays["captions"])


class TrainPhotographs:
    """Photographs of a train split, which vote on captions of others.

    Args:
        described: N photographs.
    """

    def __init__(self, described: Described):
        self.scorer = WeighedCider(
            FastScorer([[c[c > 0] for c in each if c.any()] for each in described.captions])
        )
        self.means = [each.mean(axis=0, dtype=np.float32) for each in described.features]
        self.directions = [
            _directions(each, mean)
            for each, mean in zip(described.features, self.means, strict=True)
        ]
        kernel = self._kernel(self.directions)  # [N, N]
        kernel[np.diag_indices(len(kernel))] += RIDGE
        self.factor = linalg.cho_factor(kernel, lower=True, overwrite_a=True, check_finite=False)

    def weights(self, features: Sequence[np.ndarray]) -> np.ndarray:
        """What each photograph of the train split counts for B others, float32 [B, N].

        Args:
            features: F of each member's encoder, float [B, D] each.
        """
        own = [_directions(each, mean) for each, mean in zip(features, self.means, strict=True)]
        return linalg.cho_solve(self.factor, self._kernel(own).T, check_finite=False).T

    def votes(self, words: np.ndarray, features: Sequence[np.ndarray]) -> np.ndarray:
        """The vote for each hypothesis, float64 [B, R], about 0 to 1.

        Args:
            words: word ids, int32 [B, R, T], closed by END.
            features: F of each member's encoder, float [B, D] each.
        """
        weights = self.weights(features)
        return np.stack(
            [self.scorer.score(each, own) / 10 for each, own in zip(words, weights, strict=True)]
        )

    def _kernel(self, directions: Sequence[np.ndarray]) -> np.ndarray:
        """With each photograph of the train split, float32 [B, N]; of members' unit vectors."""
        cosines = sum(
            own @ theirs.T for own, theirs in zip(directions, self.directions, strict=True)
        )
        cosines /= len(directions)
        return np.exp(SHARPNESS * (cosines - 1))


def _directions(features: np.ndarray, mean: np.ndarray) -> np.ndarray:
    """Unit vectors from the mean, float32 [N, D]."""
    from_mean = features.astype(np.float32) - mean
    return from_mean / np.maximum(np.linalg.norm(from_mean, axis=1, keepdims=True), 1e-9)


def train_photographs_of(
    folder: RunFolder, model: AnnotationModel | Ensemble, *, progress: Progress
) -> TrainPhotographs | None:
    """Those that vote on what a finished run writes, kept in its folder; None if none do.

    Args:
        folder: of the run, or of an ensemble.
        model: trained.
        progress: told of photographs encoded.

    Raises:
        FileNotFoundError: the run's folder has none yet, and the data set is missing.
    """
    settings = folder.settings()
    if not settings.decoding.photographs_vote:
        return None
    described = Described.load(folder)
    if described is None:
        described = _describe(folder, model, PreparedData(settings.data), progress)
        described.save(folder)
    return TrainPhotographs(described)


def _describe(folder, model, prepared: PreparedData, progress) -> Described:
    longest = folder.settings().model.longest
    train = encode_split(prepared, "train", model.vocabulary, longest=longest)
    encoders = [member.encoder for member in model.members]
    inputs = inputs_of_members(folder, encoders, train, train, progress=progress)
    voting = np.arange(len(train))
    if len(train) > MOST:
        voting = np.sort(np.random.default_rng(0).choice(len(train), MOST, replace=False))
    ids = reference_ids([train.references[n] for n in voting], model.vocabulary)
    features = tuple(each.features[voting, 0].astype(np.float16) for each in inputs)
    return Described(features, padded(ids, max(map(len, ids))).astype(np.int32))
