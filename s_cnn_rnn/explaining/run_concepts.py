"""The concept statistics of a finished run: computed when first asked for, then kept beside it."""

import numpy as np
from absl import logging

from s_cnn_rnn.data.prepared import PreparedData
from s_cnn_rnn.decoding.writing import predict_concepts
from s_cnn_rnn.explaining.concept_statistics import ConceptStatistics
from s_cnn_rnn.model.annotation_model import AnnotationModel
from s_cnn_rnn.model.ensemble import Ensemble
from s_cnn_rnn.progress import Progress, no_progress
from s_cnn_rnn.runs.run_folder import RunFolder
from s_cnn_rnn.runs.run_inputs import inputs_of_members
from s_cnn_rnn.scoring.predictions import whole_split


def concept_statistics(
    folder: RunFolder,
    model: AnnotationModel | Ensemble,
    *,
    progress: Progress = no_progress,
) -> ConceptStatistics:
    """How s_hat is distributed over the photographs that a run was trained on.

    They are read from ``concept_statistics.npz`` in the run folder. Where that is missing, or
    the weights are others, the train split goes through the encoder (or comes from the cache of
    features), and the file is written: two bytes for each pair of concepts, before compression.

    Args:
        folder: of a finished run, or an ensemble.
        model: loaded from it; every member learns the same concepts.
        progress: told of photographs encoded.

    Raises:
        FileNotFoundError: the file is missing, and so is the data; it says what to do.
    """
    digest = folder.weights_digest()
    found = ConceptStatistics.load(folder.concept_statistics, digest)
    if found is not None:
        return found
    found = ConceptStatistics.of(_train_concepts(folder, model, progress))
    try:
        found.save(folder.concept_statistics, digest)
    except OSError as error:
        logging.warning("concept statistics are not kept, so next time takes as long: %s", error)
    return found


def _train_concepts(folder: RunFolder, model, progress: Progress) -> np.ndarray:
    """s_hat on the train split, [N, k]."""
    settings = folder.settings()
    try:
        prepared = PreparedData(settings.data)
    except FileNotFoundError as error:
        raise FileNotFoundError(
            f"{folder.concept_statistics}: correlated concepts need this file, and to make it the "
            f"data that the run was trained on; {error}. Copy the file from where the run was "
            "trained (a first what-if there makes it), or switch concepts alone (correlated=False)"
        ) from error
    folder.require_data(prepared.digest)
    train = whole_split(prepared, "train", model.vocabulary)
    encoders = [member.encoder for member in model.members]
    inputs = inputs_of_members(folder, encoders, train, train, progress=progress)
    concepts = [
        predict_concepts(member, given) for member, given in zip(model.members, inputs, strict=True)
    ]
    return np.mean(concepts, axis=0)
