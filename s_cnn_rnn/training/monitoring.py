"""Looks at a model during training: losses and scores on the validation part."""

import dataclasses

import numpy as np

from s_cnn_rnn.caption_metrics import quick_scores
from s_cnn_rnn.data.features import encode_photographs
from s_cnn_rnn.data.model_inputs import ModelInputs
from s_cnn_rnn.decoding.hypotheses import FIXED_LENGTH, Hypothesis
from s_cnn_rnn.decoding.writing import Writer, look, predict_concepts, write
from s_cnn_rnn.label_metrics import (
    label_scores,
    mean_average_precision,
    predicted_top,
    written_sets,
)
from s_cnn_rnn.training.logs import Sample, StageLog

SAMPLES = 6


class Monitor:
    """Evaluates a stage under way and logs what it sees.

    Args:
        training: the stage under way.
        log: where the numbers and samples go.
    """

    def __init__(self, training, log: StageLog):
        self.training, self.log = training, log
        self.model, self.data = training.model, training.data.validation
        self.likelihoods = training.likelihoods()
        self.writer = None
        if "words" in training.stage.outputs:
            settings = training.settings
            self.writer = Writer(self.model, settings.decoding, settings.model.longest)

    def look(self, step: int) -> dict[str, float]:
        """Evaluates the model as it is; returns and logs the numbers."""
        data, stage = self.data, self.training.stage
        inputs = self._inputs()
        truth = data.concepts.astype(np.float32) if stage.source == "concepts" else None
        given = inputs.as_seen() | ({} if truth is None else {"concepts": truth})
        losses = self.likelihoods(given, data.concepts, data.words)
        values = {f"validation/{name}": value for name, value in losses.items()}
        if "concepts" in stage.outputs:
            values |= self._concepts(predict_concepts(self.model, inputs))
        if self.writer is not None:
            values |= self._written(step, look(self.model, inputs, truth))
        self.log.scalars(step, values)
        return values

    def _inputs(self) -> ModelInputs:
        inputs = self.training.validation_inputs
        if self.training.stage.source != "image":
            return inputs
        with_map = "feature_map" in self.model.system.side_information
        encoded = encode_photographs(self.model.encoder, self.data, with_map=with_map)
        return dataclasses.replace(inputs, **encoded._asdict())

    def _concepts(self, predicted: np.ndarray) -> dict[str, float]:
        """Scores of s_hat [N, k]; where labels are read from it, those of the highest as well."""
        truth = self.data.concepts
        values = {"validation/concept_mAP": mean_average_precision(predicted, truth)}
        if self.model.vocabulary.kind == "labels" and self.writer is None:
            count = min(FIXED_LENGTH, predicted.shape[1])
            scores = label_scores(predicted_top(predicted, count), truth).values
            values[f"validation/O-F1_top_{count}"] = scores["O-F1"]
        return values

    def _written(self, step: int, seen: dict[str, np.ndarray]) -> dict[str, float]:
        """Scores of what is written from `seen` [N, ...]; the first few are logged."""
        kind, data = self.model.vocabulary.kind, self.data
        words = write(self.writer, seen).annotations
        annotations = [Hypothesis.of_words(each, kind).annotation for each in words]
        photographs = data.photographs(np.arange(min(SAMPLES, len(data))))
        people = {
            "captions": lambda references: references[0],
            "labels": lambda references: Hypothesis.of_words(references, kind).annotation,
        }
        references = map(people[kind], data.references)
        names = [annotation.file_name for annotation in data.annotations]
        shown = zip(names, photographs, annotations, references, strict=False)  # the first few
        self.log.samples(step, [Sample(*sample) for sample in shown])
        scores = {"captions": self._caption_scores, "labels": self._label_scores}[kind](words)
        distinct = len(set(annotations)) / len(annotations)
        return {"validation/distinct": distinct} | {
            f"validation/{name}": value for name, value in scores.items()
        }

    def _caption_scores(self, words: list[list[str]]) -> dict[str, float]:
        written = {n: " ".join(each) for n, each in enumerate(words)}
        return quick_scores(written, dict(enumerate(self.data.references)))

    def _label_scores(self, words: list[list[str]]) -> dict[str, float]:
        predicted = written_sets(words, self.model.vocabulary.concepts)
        scores = label_scores(predicted, self.data.concepts).values
        return {name: scores[name] for name in ("O-F1", "C-F1")}
