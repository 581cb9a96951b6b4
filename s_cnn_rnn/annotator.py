"""A finished run -> annotations of photographs that no data set knows.

Such as::

    annotator = Annotator.from_run("runs/ours_0")
    for annotation in annotator.annotate(["dog.jpg", "beach.png"]):
        print(annotation.file_name, annotation.text)
"""

import dataclasses
import math
import os
import pathlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
from absl import logging

from s_cnn_rnn.annotation_model import AnnotationModel
from s_cnn_rnn.ensemble import Ensemble
from s_cnn_rnn.handover import load_model
from s_cnn_rnn.hypotheses import Hypothesis, highest_scores, hypotheses
from s_cnn_rnn.model_inputs import ModelInputs
from s_cnn_rnn.photograph_batches import Photograph, ReadPhotograph, read_batches
from s_cnn_rnn.photographs import DamagedPhotograph
from s_cnn_rnn.progress import no_progress
from s_cnn_rnn.reranking import Reranker, reranked, reranker_of, searched
from s_cnn_rnn.run_folder import RunFolder
from s_cnn_rnn.settings import RunSettings
from s_cnn_rnn.systems import find_system
from s_cnn_rnn.user_tags import OwnTags, known_tags
from s_cnn_rnn.vocabulary import Vocabulary
from s_cnn_rnn.writing import Writer, look_together, write


class PredictedConcept(NamedTuple):
    """A concept as the CNN predicts it.

    Args:
        word: the concept.
        probability: how sure the CNN is of it, 0 to 1 (one of s_hat).
        usual: about how many of the training photographs have it, 0 to 1; None if unknown.
    """

    word: str
    probability: float
    usual: float | None

    @property
    def tells(self) -> float:
        """How much surer of it the CNN is than of any photograph: p log(p / usual), in nats."""
        if not self.usual or not self.probability:
            return self.probability
        return self.probability * math.log(self.probability / self.usual)


@dataclasses.dataclass(frozen=True)
class Annotation:
    """What was written for one photograph.

    Args:
        file_name: the path as it was given; "photograph 3" for the third one, given as bytes.
        kind: "captions" or "labels".
        beams: the best hypotheses, best first; as many as were asked for, if there are so many.
        concepts: all k concepts (or labels), the surest first; none where the system learns none.
    """

    file_name: str
    kind: str
    beams: tuple[Hypothesis, ...]
    concepts: tuple[PredictedConcept, ...]

    @property
    def text(self) -> str:
        """The caption, or the labels joined by commas."""
        return self.beams[0].annotation

    @property
    def words(self) -> tuple[str, ...]:
        """The words of the caption, or the labels in the order in which they were written."""
        return self.beams[0].words

    @property
    def log_probability(self) -> float | None:
        """Of the text, in nats, by the decoder; None where labels were taken by their scores."""
        return self.beams[0].log_probability

    def probability(self, word: str) -> float | None:
        """How sure the CNN is of a concept (or label); None where it does not learn it."""
        found = (concept.probability for concept in self.concepts if concept.word == word)
        return next(found, None)

    def other_concepts(self, count: int) -> list[PredictedConcept]:
        """The surest concepts (or labels) that were not written."""
        return [concept for concept in self.concepts if concept.word not in self.words][:count]

    def telling_concepts(self, count: int) -> list[PredictedConcept]:
        """The concepts that tell this photograph from others: "dog" before "a" and "the"."""
        return sorted(self.concepts, key=lambda concept: -concept.tells)[:count]


def log_damaged(damaged: DamagedPhotograph) -> None:
    """Warns of a photograph that was skipped."""
    logging.warning("skipped %s", damaged)


class Annotator:
    """Annotates photographs with a trained model.

    Args:
        model: trained; or an ensemble.
        settings: of its run.
        reranker: puts what the beam finds in another order, where the system does so.
        tag_words: the tags that each member of the model sees; None where it sees none.
    """

    def __init__(
        self,
        model: AnnotationModel | Ensemble,
        settings: RunSettings,
        reranker: Reranker | None = None,
        tag_words: Sequence[Vocabulary | None] = (),
    ):
        self.model, self.settings, self.reranker = model, settings, reranker
        self._tag_words = tuple(tag_words) or (None,) * len(model.members)
        self._own_tags = OwnTags(settings.system)
        self._writers: dict[int, Writer] = {}
        self._usual = usual_concepts(model.vocabulary)

    @classmethod
    def from_run(cls, path: str | os.PathLike) -> "Annotator":
        """Loads a finished run, or an ensemble; the folder (with the members') is enough.

        Raises:
            FileNotFoundError: this is no run folder, or the run is not trained to the end.
            ValueError: its system cannot do with a photograph alone.
        """
        folder = RunFolder(pathlib.Path(path))
        runs = folder.members() or (folder,)
        for run in runs:
            system = find_system(run.settings().system)
            if "encoder" not in system.parts or "neighbours" in system.side_information:
                raise ValueError(
                    f"{run.path}: {system.name} labels photographs by what a data set knows of "
                    f"them ({system.summary}); use experiments.evaluate, or another system's run"
                )
        model = load_model(folder)
        reranker = reranker_of(folder, model, progress=no_progress)
        return cls(model, folder.settings(), reranker, [run.tag_words() for run in runs])

    @property
    def image_sizes(self) -> set[int]:
        """The sides of the pictures that the model's encoders take, in pixels."""
        return {member.encoder.input_shape[1] for member in self.model.members}

    def annotate(
        self,
        photographs: Iterable[Photograph],
        *,
        tags: Iterable[Iterable[str]] | None = None,
        batch: int = 32,
        beams: int = 1,
        on_damaged: Callable[[DamagedPhotograph], None] = log_damaged,
    ) -> Iterator[Annotation]:
        """Annotates photographs in order, a batch at a time.

        Args:
            photographs: files of any kind that Pillow knows, or their content.
            tags: the user tags of each photograph, for systems that see them; None: its own
                keywords (XMP, IPTC, sidecar), but those that a model added. Of tags that the model
                does not know nothing is seen.
            batch: photographs that go through the model at once.
            beams: hypotheses of each photograph, 1 to the run's beam width; 1 without a decoder.
            on_damaged: called with each photograph that cannot be read; it is skipped.

        Yields:
            An `Annotation` for each photograph that can be read.

        Raises:
            ValueError: batch or beams is out of range.
        """
        self.require_range(batch, beams)
        size = 0
        options = {"batch": batch, "tags": tags, "on_damaged": on_damaged}
        for asked, read in read_batches(photographs, sizes=self.image_sizes, **options):
            size = size or asked
            if read:
                yield from self.annotate_read(read, size=size, beams=beams)

    def require_range(self, batch: int, beams: int) -> None:
        """Refuses a batch of none, and more beams than the run has.

        Raises:
            ValueError: the message says what is possible.
        """
        width = 1 if self.model.decoder is None else self.settings.decoding.width
        if batch < 1 or not 1 <= beams <= width:
            raise ValueError(
                f"expected batch >= 1 and beams 1 to {width} (the run's beam width); got batch "
                f"{batch} and beams {beams}"
            )

    def annotate_read(
        self, read: Sequence[ReadPhotograph], *, size: int, beams: int = 1
    ) -> list[Annotation]:
        """Annotates photographs that are read already, in one batch.

        Args:
            read: at least one.
            size: to which the batch is filled up: another size is compiled anew.
            beams: hypotheses of each photograph.
        """
        members = zip(self.model.members, self._tag_words, strict=True)
        inputs = [self._inputs(member, words, read, size) for member, words in members]
        seen, concepts = look_together(self.model, inputs)
        if self.model.decoder is None:
            found = highest_scores(concepts, self.model.vocabulary)
        else:
            written = write(self._writer(beams), seen, batch=size)
            found = hypotheses(written, self.model.vocabulary)
            if self.reranker is not None:
                found = reranked(self.reranker, found, concepts, self.model.vocabulary)
            found = [each[:beams] for each in found]
        kind = self.model.vocabulary.kind
        return [
            Annotation(
                each.name, kind, found[n], () if concepts is None else self._ranked(concepts[n])
            )
            for n, each in enumerate(read)
        ]

    def _inputs(
        self,
        member: AnnotationModel,
        tag_words: Vocabulary | None,
        read: Sequence[ReadPhotograph],
        size: int,
    ) -> ModelInputs:
        """What a model sees of photographs, filled up to so many."""
        side = member.encoder.input_shape[1]
        images = np.zeros((size, side, side, 3), np.uint8)
        images[: len(read)] = [each.pixels[side] for each in read]
        encoded = member.encoded.predict_on_batch(images)
        maps = (encoded["feature_map"],) if "feature_map" in encoded else None
        tags = None
        if "tags" in member.shapes:
            tags = np.zeros((size, *member.shapes["tags"]), np.uint8)
            own = [known_tags(self._own_tags(each), tag_words) for each in read]
            tags[: len(read)] = tag_words.indicators(own)
        return ModelInputs(encoded["features"][:, None], maps, tags=tags)

    def _writer(self, beams: int) -> Writer:
        if beams not in self._writers:
            decoding = searched(self.model, self.settings.decoding)
            returned = beams if self.reranker is None else decoding.width
            self._writers[beams] = Writer(
                self.model, decoding, self.settings.model.longest, returned=returned
            )
        return self._writers[beams]

    def _ranked(self, probabilities: np.ndarray) -> tuple[PredictedConcept, ...]:
        words = self.model.vocabulary.concepts
        order = np.argsort(-probabilities, kind="stable")
        return tuple(
            PredictedConcept(words[i], float(probabilities[i]), self._usual.get(words[i]))
            for i in order
        )


def usual_concepts(vocabulary: Vocabulary) -> dict[str, float]:
    """About which share of the training photographs each concept belongs to, 0 to 1.

    Estimated from the words' counts, as if the captions of a photograph were independent; exact
    for labels. Empty where the vocabulary does not tell how many photographs it was made from.
    """
    photographs = vocabulary.made_from.get("photographs")
    captions = vocabulary.made_from.get("captions", photographs)
    if not photographs or not captions:
        return {}
    counts = dict(zip(vocabulary.words, vocabulary.counts, strict=True))
    absent = {word: 1 - min(counts[word] / captions, 1) for word in vocabulary.concepts}
    return {word: 1 - part ** (captions / photographs) for word, part in absent.items()}
