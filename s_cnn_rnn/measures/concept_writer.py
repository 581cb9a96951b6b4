"""A finished run and a split, for experiments with s_hat: other concepts in, captions out."""

import dataclasses
import functools
from collections.abc import Mapping, Sequence

import numpy as np
from keras import ops

from s_cnn_rnn.annotating.annotation import usual_concepts
from s_cnn_rnn.caption_metrics.scoring import quick_cider
from s_cnn_rnn.data.encoded_split import EncodedSplit
from s_cnn_rnn.decoding.writing import Writer, predict_concepts, write
from s_cnn_rnn.explaining.concept_statistics import ConceptStatistics
from s_cnn_rnn.explaining.concept_switches import require_steerable
from s_cnn_rnn.explaining.run_concepts import concept_statistics
from s_cnn_rnn.model.annotation_model import AnnotationModel
from s_cnn_rnn.progress import Progress, no_progress
from s_cnn_rnn.runs.handover import load_model
from s_cnn_rnn.runs.run_folder import RunFolder
from s_cnn_rnn.runs.run_inputs import frozen_inputs
from s_cnn_rnn.scoring.caption_evaluation import captioned_split

ROWS = 512  # photographs whose openings are computed at once


@dataclasses.dataclass(frozen=True, eq=False)
class Captions:
    """What was written for R rows.

    Args:
        words: of each row.
        cost: minus the mean log probability of a word (END is one), float64 [R], in nats.
    """

    words: list[list[str]]
    cost: np.ndarray

    @functools.cached_property
    def sets(self) -> list[set[str]]:
        """The words of each row, without their order."""
        return [set(words) for words in self.words]


@dataclasses.dataclass(frozen=True, eq=False)
class ConceptWriter:
    """Writes captions of a split's photographs from any s_hat.

    Args:
        folder: of the run.
        model: trained; writes from concepts.
        data: N photographs with human captions.
        given: what the model sees of them, [N, ...] each.
        s_hat: as the CNN predicts it, float32 [N, k].
    """

    folder: RunFolder
    model: AnnotationModel
    data: EncodedSplit
    given: dict[str, np.ndarray]
    s_hat: np.ndarray

    @classmethod
    def of_run(
        cls,
        folder: RunFolder,
        split: str,
        photographs: int | None = None,
        *,
        progress: Progress = no_progress,
    ) -> "ConceptWriter":
        """Loads a run and looks at a split.

        Args:
            folder: of a finished run that writes captions.
            split: of its data.
            photographs: how many, the first ones; None: all.
            progress: told of photographs encoded.

        Raises:
            ValueError: labels, an ensemble, or a system that does not write from concepts.
            FileNotFoundError: no finished run, or its data is missing.
        """
        settings = folder.settings()
        if settings.task != "captions" or folder.members():
            raise ValueError(f"{folder.path}: expected a run that writes captions")
        model = load_model(folder)
        require_steerable(model)
        data = captioned_split(folder, split)
        train = captioned_split(folder, "train")
        inputs = frozen_inputs(folder, model.encoder, data, train, progress=progress)
        count = min(photographs or len(data), len(data))
        inputs, data = inputs.first(count), data.first(count)
        return cls(folder, model, data, inputs.as_seen(), predict_concepts(model, inputs))

    @property
    def true(self) -> np.ndarray:
        """The true s, bool [N, k]."""
        return self.data.concepts.astype(bool)

    @property
    def image_ids(self) -> tuple[int, ...]:
        """Of the N photographs."""
        return tuple(annotation.image_id for annotation in self.data.annotations)

    @functools.cached_property
    def before(self) -> Captions:
        """What is written as it is, for all N."""
        return self(np.arange(len(self.s_hat)), self.s_hat)

    @functools.cached_property
    def statistics(self) -> ConceptStatistics:
        """Of s_hat on the train split."""
        return concept_statistics(self.folder, self.model)

    @functools.cached_property
    def usual(self) -> np.ndarray:
        """About how many training photographs have each concept, float64 [k]."""
        usual = usual_concepts(self.model.vocabulary)
        return np.array([usual.get(word, 0.0) for word in self.model.vocabulary.concepts])

    def __call__(self, rows: np.ndarray, concepts: np.ndarray) -> Captions:
        """Writes.

        Args:
            rows: which photograph each row is, int [R].
            concepts: s_hat that the decoder is told, float32 [R, k].
        """
        parts = []
        for start in range(0, len(rows), ROWS):
            part = slice(start, start + ROWS)
            given = {name: values[rows[part]] for name, values in self.given.items()}
            seen = self.model.seen(given, concepts[part].astype(np.float32))
            parts.append({name: ops.convert_to_numpy(value) for name, value in seen.items()})
        seen = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
        written = write(self._writer, seen)
        lengths = np.array([len(words) + 1 for words in written.annotations])
        return Captions(written.annotations, -written.log_probabilities[:, 0] / lengths)

    def cider(self, captions: Captions) -> np.ndarray:
        """CIDEr of each of the N photographs' captions (`quick_cider`), float64 [N]."""
        texts = [[" ".join(words)] for words in captions.words]
        return np.concatenate(quick_cider(texts, self.data.references))

    def means(
        self, rows: np.ndarray, figures: Mapping[str, Sequence[float]]
    ) -> dict[str, np.ndarray]:
        """The mean of each figure over each photograph's rows, float64 [N] (`mean_of_photograph`).

        Args:
            rows: which photograph each row is, int [R].
            figures: of each row, [R] each.
        """
        count = len(self.s_hat)
        return {name: mean_of_photograph(rows, row, count) for name, row in figures.items()}

    @functools.cached_property
    def _writer(self) -> Writer:
        settings = self.folder.settings()
        return Writer(self.model, settings.decoding, settings.model.longest, settled=True)


def mean_of_photograph(rows: np.ndarray, values: Sequence[float], photographs: int) -> np.ndarray:
    """The mean over each photograph's rows, float64 [photographs]; nan where it has none."""
    counts = np.bincount(rows, minlength=photographs)
    sums = np.bincount(rows, np.asarray(values, np.float64), photographs)
    return np.divide(sums, counts, out=np.full(photographs, np.nan), where=counts > 0)
