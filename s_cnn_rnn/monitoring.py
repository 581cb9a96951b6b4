"""Looks at a model during training: losses, concept scores and captions on the validation part."""

import dataclasses

import numpy as np

from s_cnn_rnn.caption_metrics import quick_scores
from s_cnn_rnn.features import encode_photographs
from s_cnn_rnn.label_metrics import mean_average_precision
from s_cnn_rnn.logs import Sample, StageLog
from s_cnn_rnn.model_inputs import ModelInputs
from s_cnn_rnn.writing import Writer, embed, predict_concepts, write

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
        if stage.source == "concepts":
            inputs = None
            given = {"concepts": data.concepts.astype(np.float32)}
        else:
            inputs = self._inputs()
            given = inputs.read(slice(None))
        losses = self.likelihoods(given, data.concepts, data.words)
        values = {f"validation/{name}": value for name, value in losses.items()}
        if "concepts" in stage.outputs:
            predicted = predict_concepts(self.model, inputs)
            values["validation/concept_mAP"] = mean_average_precision(predicted, data.concepts)
        if self.writer is not None:
            embedding = given["concepts"] if inputs is None else embed(self.model, inputs)
            values |= self._written(step, embedding)
        self.log.scalars(step, values)
        return values

    def _inputs(self) -> ModelInputs:
        inputs = self.training.validation_inputs
        if self.training.stage.source != "image":
            return inputs
        features = encode_photographs(self.model.encoder, self.data)
        return dataclasses.replace(inputs, features=features[:, None])

    def _written(self, step: int, embedding: np.ndarray) -> dict[str, float]:
        is_list = self.model.vocabulary.kind == "labels"
        separator = ", " if is_list else " "
        words = write(self.writer, embedding).annotations
        annotations = [separator.join(each) for each in words]
        photographs = self.data.photographs(np.arange(min(SAMPLES, len(self.data))))
        people = [", ".join(r) if is_list else r[0] for r in self.data.references]
        names = [annotation.file_name for annotation in self.data.annotations]
        shown = zip(names, photographs, annotations, people, strict=False)  # the first few
        self.log.samples(step, [Sample(*sample) for sample in shown])
        values = {"validation/distinct": len(set(annotations)) / len(annotations)}
        if not is_list:
            written = dict(enumerate(annotations))
            scores = quick_scores(written, dict(enumerate(self.data.references)))
            values |= {f"validation/{name}": value for name, value in scores.items()}
        return values
