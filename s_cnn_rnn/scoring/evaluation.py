"""Scores of finished runs on a split, of one run or of the mean over several training seeds."""

import dataclasses
import functools
import itertools
from collections.abc import Sequence
from typing import NamedTuple

from s_cnn_rnn.data.encoded_split import EncodedSplit
from s_cnn_rnn.data.prepared import PreparedData
from s_cnn_rnn.progress import Progress, no_progress
from s_cnn_rnn.runs.run_cost import RunCost, cost_of_run
from s_cnn_rnn.runs.run_folder import RunFolder
from s_cnn_rnn.runs.run_names import different_names, seed_of_run
from s_cnn_rnn.runs.seeds import check_seeds
from s_cnn_rnn.scoring.caption_evaluation import (
    PhotographScore,
    captioned_split,
    no_score,
    score_caption_run,
)
from s_cnn_rnn.scoring.label_evaluation import labelled_split, score_label_run
from s_cnn_rnn.scoring.predictions import Prediction, Predictions, predict
from s_cnn_rnn.scoring.protocol_scores import Difference, MeanScores, ProtocolScores, differences
from s_cnn_rnn.settings import RunSettings


@dataclasses.dataclass(frozen=True)
class HowScored:
    """What is scored beside the usual.

    Args:
        own_score: a further score of captions.
        s_hat_too: whether s_hat of a system that writes labels is scored as well, as if the
            labels were chosen by it; the train split is predicted for that.
    """

    own_score: PhotographScore = no_score
    s_hat_too: bool = False


@dataclasses.dataclass(frozen=True, eq=False)
class RunScores:
    """One run's scores on the annotated photographs of a split, N of them.

    Args:
        folder: of the run.
        settings: of the run.
        data: the annotated photographs (labels: all, since to have none is a truth as well).
        predictions: of all photographs of the split.
        protocols: its scores under each protocol, the main one first.
        text_only: those of the text-only baseline; None without a decoder.
        cost: what the training took.
    """

    folder: RunFolder
    settings: RunSettings
    data: EncodedSplit
    predictions: Predictions
    protocols: tuple[ProtocolScores, ...]
    text_only: ProtocolScores | None
    cost: RunCost

    @property
    def annotated(self) -> list[Prediction]:
        """The predictions of the annotated photographs, in their order."""
        return [self.predictions.photographs[row] for row in self.data.rows]


def score_run(
    folder: RunFolder,
    split: str,
    *,
    how: HowScored = HowScored(),
    progress: Progress = no_progress,
) -> RunScores:
    """Predicts a split with a finished run, saves that, and scores it.

    Args:
        folder: of the run.
        split: of the run's data set.
        how: what is scored beside the usual.
        progress: told of photographs encoded and annotated.

    Raises:
        FileNotFoundError, KeyError: as `predictions.predict`.
        ValueError: as there; or nobody annotated the split, which is told before it is predicted.
    """
    _require_annotated(folder, split)
    predictions = predict(folder, split, progress=progress)
    score = {"captions": _score_captions, "labels": _score_labels}[folder.settings().task]
    data, protocols, text_only = score(folder, split, predictions, how, progress)
    return RunScores(
        folder,
        folder.settings(),
        data,
        predictions,
        protocols,
        text_only,
        cost_of_run(folder),
    )


def _require_annotated(folder: RunFolder, split: str) -> None:
    settings = folder.settings()
    prepared = PreparedData(settings.data)
    if not any(getattr(annotation, settings.task) for annotation in prepared.annotations(split)):
        raise ValueError(
            f"{prepared.folder}: nobody annotated a photograph of {split} with {settings.task}, so "
            "that nothing can be scored; score another --split (experiments.coco_results writes "
            "captions of such photographs for the COCO server, which has annotations of them)"
        )


def _score_captions(folder, split, predictions, how, progress):
    data = captioned_split(folder, split)
    progress(f"scoring {folder.path.name}", 0, len(data), {})
    scores, text_only = score_caption_run(folder, data, predictions, own_score=how.own_score)
    progress(f"scoring {folder.path.name}", len(data), len(data), {})
    return data, (scores,), text_only


def _score_labels(folder, split, predictions, how, progress):
    data = labelled_split(folder, split)
    protocols, text_only = score_label_run(
        folder,
        data,
        predictions,
        predict_train=lambda: predict(folder, "train", progress=progress),
        s_hat_too=how.s_hat_too,
    )
    return data, protocols, text_only


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
        return " ".join(seed_of_run(run.folder) for run in self.runs)

    @functools.cached_property
    def protocols(self) -> tuple[MeanScores, ...]:
        """Its scores under each protocol, the main one first."""
        by_protocol = zip(*(run.protocols for run in self.runs), strict=True)
        return tuple(MeanScores(scores) for scores in by_protocol)

    @property
    def main(self) -> MeanScores:
        """Its scores under the main protocol."""
        return self.protocols[0]

    @functools.cached_property
    def text_only(self) -> MeanScores | None:
        """The scores of the text-only baseline; None without a decoder."""
        if self.runs[0].text_only is None:
            return None
        return MeanScores(tuple(run.text_only for run in self.runs))


class Compared(NamedTuple):
    """Differences between two systems under a protocol each.

    Args:
        first: the one's scores.
        second: the other's.
        differences: first minus second.
    """

    first: MeanScores
    second: MeanScores
    differences: list[Difference]


class Comparison(NamedTuple):
    """How a system differs from another.

    Args:
        other: the other system.
        protocols: differences under each pair of protocols, the main ones first.
    """

    other: SystemScores
    protocols: list[Compared]


def compare_systems(system: SystemScores, other: SystemScores) -> Comparison:
    """A system minus another, under the protocols that both have.

    Where they share none, one of them stops by itself and the other does not, or they decode in
    two ways: then the main protocol of each that stops by itself is compared with the other's, so
    "own stop" with the top 3 and with each threshold, whichever of the two comes first.

    Raises:
        ValueError: the scores are not of the same photographs.
    """
    of_other = {scores.protocol: scores for scores in other.protocols}
    pairs = [(s, of_other[s.protocol]) for s in system.protocols if s.protocol in of_other]
    pairs = pairs or list(itertools.product(_compared_apart(system), _compared_apart(other)))
    return Comparison(other, [Compared(*pair, differences(*pair)) for pair in pairs])


def _compared_apart(system: SystemScores) -> tuple[MeanScores, ...]:
    """The protocols under which a system is compared with one that shares none of them."""
    stops_by_itself = system.runs[0].predictions.stops_by_itself
    return (system.main,) if stops_by_itself else system.protocols


def score_systems(
    groups: Sequence[Sequence[RunFolder]],
    split: str,
    *,
    how: HowScored = HowScored(),
    progress: Progress = no_progress,
) -> list[SystemScores]:
    """Scores several systems on the same photographs.

    Args:
        groups: for each system its runs, which must differ in their seed alone.
        split: of their data set.
        how: what is scored beside the usual.
        progress: told of photographs encoded and annotated.

    Raises:
        FileNotFoundError, KeyError, ValueError: as `score_run`.
        ValueError: the runs of a system differ in more than the seed; or the data sets or tasks
            differ.
    """
    for group in groups:
        check_seeds(group)
    _check_same_task([group[0] for group in groups])
    scored = [
        tuple(score_run(run, split, how=how, progress=progress) for run in group)
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
        SystemScores(name, runs) for name, runs in zip(different_names(groups), scored, strict=True)
    ]


def _check_same_task(folders: Sequence[RunFolder]) -> None:
    tasks = [folder.settings().task for folder in folders]
    for folder, task in zip(folders, tasks, strict=True):
        if task != tasks[0]:
            raise ValueError(
                f"{folders[0].path} writes {tasks[0]}, {folder.path} {task}; score them apart"
            )
