"""What all stages of a run learn from and are looked at with."""

import dataclasses
import functools

import numpy as np
from absl import logging

from s_cnn_rnn.data.encoded_split import EncodedSplit, encode_split
from s_cnn_rnn.data.prepared import PreparedData
from s_cnn_rnn.model.label_alignment import PREDICTED_ORDER
from s_cnn_rnn.model.systems import find_system
from s_cnn_rnn.settings import RunSettings
from s_cnn_rnn.vocabulary import Vocabulary


@dataclasses.dataclass(frozen=True)
class TrainingData:
    """What all stages of a run learn from and are looked at with.

    Args:
        train: the train split.
        validation: the part of the validation split that is looked at during training.
    """

    train: EncodedSplit
    validation: EncodedSplit

    @property
    def prior(self) -> np.ndarray:
        """How often each concept occurs in the train split, float [k], 0 to 1."""
        return self.train.concepts.mean(axis=0)


def open_data(settings: RunSettings) -> tuple[Vocabulary, TrainingData]:
    """The vocabulary of the prepared data set, and its encoded parts.

    Photographs that nobody annotated (captioned, labelled) are left out of both parts, and
    annotations longer than ``model.longest`` are cut; warnings count them.

    Raises:
        ValueError: the set has no validation split, or fewer concepts than the system.
    """
    prepared = PreparedData(settings.data)
    if "validation" not in prepared.splits:
        raise ValueError(
            f"{prepared.folder}: no split 'validation', which training looks at; it has "
            f"{', '.join(prepared.splits)}. Prepare the set again with a part held back "
            "(--validation_photographs, --validation_part, or a split of your own)"
        )
    system = find_system(settings.system)
    vocabulary, wanted = prepared.vocabulary(settings.task), system.most_concepts
    if wanted and wanted > len(vocabulary.concepts):
        raise ValueError(
            f"{prepared.folder}: {system.name} has {wanted} concepts by definition, this data set "
            f"has {len(vocabulary.concepts)} (of {len(vocabulary.words)} words); prepare it with "
            f"--concepts={wanted} if it has the words, or choose another --system"
        )
    vocabulary = vocabulary.with_concepts(wanted)
    encode = functools.partial(
        encode_split,
        prepared,
        vocabulary=vocabulary,
        longest=settings.model.longest,
        label_order=_taught_order(settings),
    )
    train, validation = encode("train"), encode("validation")
    for split in (train, validation):
        _tell_what_is_not_learnt(split, settings)
    return vocabulary, TrainingData(train, validation.first(settings.evaluation_photographs))


def _tell_what_is_not_learnt(data: EncodedSplit, settings: RunSettings) -> None:
    where = f"{data.prepared.folder}, {data.split}"
    photographs, longest = len(data.prepared.annotations(data.split)), settings.model.longest
    if len(data) < photographs:
        logging.warning(
            "%s: %d of %d photographs have no %s; training leaves them out",
            where,
            photographs - len(data),
            photographs,
            settings.task,
        )
    if data.cut:
        logging.warning(
            "%s: %d of the %s are longer than model.longest (%d words); the decoder learns, and "
            "writes, no more of them; set it higher to have them whole",
            where,
            data.cut,
            {"captions": "captions", "labels": "label lists"}[settings.task],
            longest,
        )


def _taught_order(settings: RunSettings) -> str:
    order = settings.label_order or find_system(settings.system).label_order
    return "rare_first" if order == PREDICTED_ORDER else order  # the decoder changes it itself
