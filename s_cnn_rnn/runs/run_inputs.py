"""What a run's model sees of a split beside pixels, its encoder frozen."""

import pathlib
from collections.abc import Sequence

import keras

from s_cnn_rnn.data.encoded_split import EncodedSplit
from s_cnn_rnn.data.features import cached_features
from s_cnn_rnn.data.model_inputs import Encoded, ModelInputs, inputs_of_split
from s_cnn_rnn.data.views import AS_SEEN, View
from s_cnn_rnn.model.systems import find_system
from s_cnn_rnn.progress import Progress
from s_cnn_rnn.runs.run_folder import RunFolder


def frozen_inputs(
    folder: RunFolder,
    encoder: keras.Model | None,
    data: EncodedSplit,
    train: EncodedSplit,
    *,
    outputs: tuple[str, ...] = ("concepts", "words"),
    views: Sequence[View] = (AS_SEEN,),
    progress: Progress,
) -> ModelInputs:
    """What a run's model sees of a split beside pixels or true concepts.

    Args:
        folder: of the run.
        encoder: frozen; None where photographs go through it at every step.
        data: the split.
        train: the train split, in which neighbours are sought.
        outputs: what is wanted of the model.
        views: of each photograph, the first as it is.
        progress: told of photographs encoded.
    """
    settings = folder.settings()
    system = find_system(settings.system)

    def encoded(split: EncodedSplit) -> Encoded | None:
        if encoder is None:
            return None
        return cached_features(
            pathlib.Path(settings.feature_cache),
            encoder,
            settings.encoder.name,
            split,
            views=views,
            with_map="feature_map" in system.sees_for(outputs),
            progress=lambda done, total: progress(f"features of {split.split}", done, total, {}),
        )

    return inputs_of_split(system, data, tag_words=folder.tag_words(), train=train, encoded=encoded)


def inputs_of_members(
    folder: RunFolder,
    encoders: Sequence[keras.Model | None],
    data: EncodedSplit,
    train: EncodedSplit,
    *,
    progress: Progress,
) -> list[ModelInputs]:
    """What each member of an ensemble (or the one run) sees of a split.

    Args:
        folder: of the ensemble, or of a run.
        encoders: of the members, in order.
        data: the split.
        train: the train split.
        progress: told of photographs encoded.
    """
    runs = folder.members() or (folder,)
    return [
        frozen_inputs(run, encoder, data, train, progress=progress)
        for run, encoder in zip(runs, encoders, strict=True)
    ]
