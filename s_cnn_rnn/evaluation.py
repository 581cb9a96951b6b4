"""Scores of finished runs on a split, of one run or of the mean over several training seeds."""

import dataclasses
import functools
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from s_cnn_rnn.bootstrap import (
    Interval,
    bootstrap,
    bootstrap_difference,
    draw_counts,
    interval,
    mean_values,
)
from s_cnn_rnn.caption_metrics import CaptionScores, caption_statistics, score_captions
from s_cnn_rnn.data import EncodedSplit, encode_split
from s_cnn_rnn.label_metrics import mean_average_precision
from s_cnn_rnn.predictions import Prediction, Predictions, predict
from s_cnn_rnn.prepared import PreparedData
from s_cnn_rnn.progress import Progress, no_progress
from s_cnn_rnn.run_cost import RunCost, cost_of_run
from s_cnn_rnn.run_folder import RunFolder
from s_cnn_rnn.seeds import check_seeds
from s_cnn_rnn.settings import RunSettings

METRICS = ("CIDEr", "BLEU-4", "METEOR", "ROUGE-L", "BLEU-1", "BLEU-2", "BLEU-3")
RESAMPLES = 1000

PhotographScore = Callable[[str, str], Mapping[str, float]]
"""A score of one's own: (file name, annotation) -> its figures for this photograph, by name.

A figure that a photograph does not count for is left out; the others are meaned.
"""


def no_score(file_name: str, annotation: str) -> Mapping[str, float]:
    """Scores nothing of one's own."""
    return {}


@dataclasses.dataclass(frozen=True, eq=False)
class RunScores:
    """One run's scores on the annotated photographs of a split, N of them.

    Args:
        folder: of the run.
        settings: of the run.
        data: the annotated photographs.
        predictions: of all photographs of the split.
        captions: the official scores.
        text_only: those of the text-only baseline, without METEOR.
        own: figure -> each photograph's, float64 [N] in the order of ``captions.image_ids``; nan
            where it does not count. See `PhotographScore`.
        figures: "concept mAP" (where the system learns concepts), "vocabulary used",
            "distinct captions", "mean length".
        cost: what the training took.
    """

    folder: RunFolder
    settings: RunSettings
    data: EncodedSplit
    predictions: Predictions
    captions: CaptionScores
    text_only: CaptionScores
    own: Mapping[str, np.ndarray]
    figures: Mapping[str, float]
    cost: RunCost

    @property
    def annotated(self) -> list[Prediction]:
        """The predictions of the annotated photographs, in their order."""
        return [self.predictions.photographs[row] for row in self.data.rows]


def score_run(
    folder: RunFolder,
    split: str,
    *,
    own_score: PhotographScore = no_score,
    progress: Progress = no_progress,
) -> RunScores:
    """Predicts a split with a finished run, saves that, and scores it.

    Args:
        folder: of the run.
        split: of the run's data set.
        own_score: a further score.
        progress: told of photographs encoded and annotated.

    Raises:
        FileNotFoundError, KeyError: as `predictions.predict`.
        ValueError: as there; or the run writes labels, or nobody captioned the split.
    """
    settings = folder.settings()
    if settings.task != "captions":
        raise ValueError(
            f"{folder.path}: writes {settings.task}; only runs with task captions can be scored"
        )
    predictions = predict(folder, split, progress=progress)
    vocabulary = folder.vocabulary()
    prepared = PreparedData(settings.data)
    data = encode_split(prepared, split, vocabulary, longest=settings.model.longest)
    annotated = [predictions.photographs[row] for row in data.rows]
    written = {p.image_id: p.annotation for p in annotated}
    references = {p.image_id: r for p, r in zip(annotated, data.references, strict=True)}
    progress(f"scoring {folder.path.name}", 0, len(data), {})
    captions = score_captions(written, references)
    text_only = dict.fromkeys(written, predictions.text_only.annotation)
    text_only_scores = score_captions(text_only, references, meteor=False)
    progress(f"scoring {folder.path.name}", len(data), len(data), {})
    figures = caption_statistics(written)
    if predictions.concepts is not None:
        mean = mean_average_precision(predictions.concepts[data.rows], data.concepts)
        figures = {"concept mAP": mean, **figures}
    own = _own_figures(annotated, captions.image_ids, own_score)
    cost = cost_of_run(folder)
    return RunScores(
        folder, settings, data, predictions, captions, text_only_scores, own, figures, cost
    )


def _own_figures(annotated, image_ids, own_score: PhotographScore) -> dict[str, np.ndarray]:
    by_id = {p.image_id: own_score(p.file_name, p.annotation) for p in annotated}
    names = dict.fromkeys(name for figures in by_id.values() for name in figures)
    return {
        name: np.array([by_id[i].get(name, np.nan) for i in image_ids], np.float64)
        for name in names
    }


@dataclasses.dataclass(frozen=True, eq=False)
class SystemScores:
    """The scores of a system: one run's, or the means over runs that differ in their seed alone.

    Args:
        name: what tables call it.
        runs: one of each seed.
    """

    name: str
    runs: tuple[RunScores, ...]

    @property
    def seeds(self) -> str:
        """The training seeds, such as "0 1 2"."""
        return " ".join(str(run.settings.seed) for run in self.runs)

    @property
    def captions(self) -> list[CaptionScores]:
        """The official scores of each run."""
        return [run.captions for run in self.runs]

    @functools.cached_property
    def values(self) -> dict[str, float | None]:
        """Metric -> its mean over the runs; None where it is missing."""
        official = mean_values(self.captions)
        values = {metric: official[metric] for metric in METRICS}
        values |= {name: float(np.nanmean(rows)) for name, rows in self._own().items()}
        for name in self.runs[0].figures:
            values[name] = float(np.mean([run.figures[name] for run in self.runs]))
        return values

    @functools.cached_property
    def intervals(self) -> dict[str, Interval]:
        """Metric -> 95% bootstrap interval over photographs of the mean over the runs."""
        intervals = bootstrap(self.captions, RESAMPLES)
        drawn = _resampled_own(self._own())
        return intervals | {name: interval(figures) for name, figures in drawn.items()}

    @functools.cached_property
    def text_only_values(self) -> dict[str, float | None]:
        """The official scores of the text-only baseline, meaned over the runs."""
        return mean_values([run.text_only for run in self.runs])

    @functools.cached_property
    def text_only_intervals(self) -> dict[str, Interval]:
        """Their intervals."""
        return bootstrap([run.text_only for run in self.runs], RESAMPLES)

    def _own(self) -> dict[str, np.ndarray]:
        """Figure -> float64 [N]: means over the runs; a photograph counts for all runs or none."""
        names = self.runs[0].own
        return {name: np.mean([run.own[name] for run in self.runs], axis=0) for name in names}


def _resampled_own(own: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Figure -> its mean over each resample of the photographs, float64 [resamples]."""
    drawn = {}
    for name, rows in own.items():
        counts = np.concatenate(list(draw_counts(len(rows), RESAMPLES, seed=0)))
        counted = np.isfinite(rows)
        # A resample without any photograph that counts says nothing: it is passed over.
        weights = counts[:, counted]
        weights = weights[weights.sum(axis=1) > 0]
        drawn[name] = weights @ rows[counted] / weights.sum(axis=1)
    return drawn


@dataclasses.dataclass(frozen=True)
class Difference:
    """A metric's difference between two systems, with its paired 95% interval."""

    metric: str
    value: float
    low: float
    high: float


def differences(first: SystemScores, second: SystemScores) -> list[Difference]:
    """``first`` minus ``second``, both on the same photographs in each resample.

    Raises:
        ValueError: the scores are not of the same photographs.
    """
    left, right = first.values, second.values
    intervals = bootstrap_difference(first.captions, second.captions, RESAMPLES)
    own = {n: a - second._own()[n] for n, a in first._own().items() if n in second.runs[0].own}
    intervals |= {name: interval(figures) for name, figures in _resampled_own(own).items()}
    return [
        Difference(name, left[name] - right[name], *intervals[name])
        for name in left
        if name in intervals
    ]


def score_systems(
    groups: Sequence[Sequence[RunFolder]],
    split: str,
    *,
    own_score: PhotographScore = no_score,
    progress: Progress = no_progress,
) -> list[SystemScores]:
    """Scores several systems on the same photographs.

    Args:
        groups: for each system its runs, which must differ in their seed alone.
        split: of their data set.
        own_score: a further score.
        progress: told of photographs encoded and annotated.

    Raises:
        FileNotFoundError, KeyError, ValueError: as `score_run`.
        ValueError: the runs of a system differ in more than the seed; or the data sets differ.
    """
    for group in groups:
        check_seeds(group)
    scored = [
        tuple(score_run(run, split, own_score=own_score, progress=progress) for run in group)
        for group in groups
    ]
    first = scored[0][0]
    for run in (run for runs in scored for run in runs):
        if run.data.prepared.digest != first.data.prepared.digest:
            raise ValueError(
                f"{first.folder.path} and {run.folder.path} were trained on different data "
                f"({first.data.prepared.folder}, {run.data.prepared.folder}); score them apart"
            )
    return [
        SystemScores(name, runs)
        for name, runs in zip(_different_names(scored), scored, strict=True)
    ]


def _different_names(scored: Sequence[Sequence[RunScores]]) -> list[str]:
    """The systems' names; where two are the same, what tells them apart beside it."""
    names = [runs[0].settings.system for runs in scored]
    if len(set(names)) < len(names):
        frozen = ["" if runs[0].cost.trained_through else ", frozen CNN" for runs in scored]
        names = [name + how for name, how in zip(names, frozen, strict=True)]
    if len(set(names)) < len(names):
        folders = [runs[0].folder.path.name for runs in scored]
        names = [f"{name} ({folder})" for name, folder in zip(names, folders, strict=True)]
    return names
