"""A finished run -> annotations of photographs that no data set knows.

Such as:

>>> annotator = Annotator.from_box()  # or Annotator.from_run("runs/ours_0")
>>> for annotation in annotator.annotate(["beach.jpg", "dog.png"]):
...     print(f"{annotation.file_name}: {annotation.text}")
beach.jpg: a ...
dog.png: a ...
"""

import functools
import itertools
import os
import pathlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import overload

import numpy as np

from s_cnn_rnn.annotating.annotation import Annotation, PredictedConcept, usual_concepts
from s_cnn_rnn.annotating.looking import Looked, log_damaged, look_at, looks
from s_cnn_rnn.annotating.photograph_batches import Photograph, ReadPhotograph
from s_cnn_rnn.annotating.user_tags import TagInputs
from s_cnn_rnn.box import box_runs
from s_cnn_rnn.data.photographs import DamagedPhotograph
from s_cnn_rnn.decoding.hypotheses import highest_scores, hypotheses
from s_cnn_rnn.decoding.reranking import Reranker, reranked, reranker_of, searched
from s_cnn_rnn.decoding.voting import Voters, voters_of
from s_cnn_rnn.decoding.writing import Writer, look_together, write
from s_cnn_rnn.explaining.concept_statistics import ConceptStatistics
from s_cnn_rnn.explaining.concept_switches import Switches, require_steerable, switched
from s_cnn_rnn.explaining.explanation import Explainer, Explanation
from s_cnn_rnn.explaining.kept_photograph import KeptPhotograph
from s_cnn_rnn.explaining.run_concepts import concept_statistics
from s_cnn_rnn.explaining.what_if import ChangedConcept, WhatIf
from s_cnn_rnn.model.annotation_model import AnnotationModel
from s_cnn_rnn.model.ensemble import Ensemble
from s_cnn_rnn.model.systems import find_system
from s_cnn_rnn.progress import no_progress
from s_cnn_rnn.runs.handover import load_model
from s_cnn_rnn.runs.run_folder import RunFolder
from s_cnn_rnn.settings import RunSettings


class Annotator:
    """Annotates photographs with a trained model, and tells why it writes what it does.

    Args:
        model: trained; or an ensemble.
        settings: of its run.
        reranker: puts what the beam finds in another order, where the system does so.
        voters: beside the hypotheses that the beam finds, where the run has any.
        folder: the run's; correlated concepts and systems that see user tags need it.
        one_by_one: photographs come singly, again and again, as on a page: compiling takes some
            seconds longer, and each caption then takes half the processor time. Elsewhere leave it.
    """

    def __init__(
        self,
        model: AnnotationModel | Ensemble,
        settings: RunSettings,
        reranker: Reranker | None = None,
        folder: RunFolder | None = None,
        *,
        voters: Voters | None = None,
        one_by_one: bool = False,
    ):
        self.model, self.settings, self.folder = model, settings, folder
        self.reranker, self.voters = reranker, voters
        # Photographs speak for what this one shows, and would vote down what is asked for.
        heard = voters is not None and settings.decoding.concepts_vote
        self._voters_on_what_is_asked_for = Voters(model, True, None) if heard else None
        self._tag_inputs = TagInputs.of_run(folder) if folder else TagInputs(settings.system)
        self.one_by_one = one_by_one
        self._writers: dict[int, Writer] = {}
        self.usual = usual_concepts(model.vocabulary)

    @classmethod
    def from_run(cls, path: str | os.PathLike, *, one_by_one: bool = False) -> "Annotator":
        """Loads a finished run, or an ensemble; the folder (with the members') is enough.

        Args:
            path: the folder.
            one_by_one: see the class.

        Raises:
            FileNotFoundError: this is no run folder, or the run is not trained to the end.
            ValueError: its system cannot do with a photograph alone.
        """
        folder = RunFolder(pathlib.Path(path))
        for run in folder.members() or (folder,):
            system = find_system(run.settings().system)
            if "encoder" not in system.parts or "neighbours" in system.side_information:
                raise ValueError(
                    f"{run.path}: {system.name} labels photographs by what a data set knows of "
                    f"them ({system.summary}); use experiments.evaluate, or another system's run"
                )
        model = load_model(folder)
        reranker = reranker_of(folder, model, progress=no_progress)
        voters = voters_of(folder, model, progress=no_progress)
        return cls(
            model,
            folder.settings(),
            reranker,
            folder,
            voters=voters,
            one_by_one=one_by_one,
        )

    @classmethod
    def from_box(cls) -> "Annotator":
        """Loads the model that comes with the package and writes captions (docs/model_card.md).

        Raises:
            FileNotFoundError: this installation comes without one.
        """
        return cls.from_run(box_runs()[0])

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
                keywords (XMP, IPTC, sidecar), but those that a model added.
            batch: photographs that go through the model at once.
            beams: hypotheses of each photograph, 1 to the run's beam width; 1 without a decoder.
            on_damaged: called with each photograph that cannot be read; it is skipped.

        Yields:
            An `Annotation` for each photograph that can be read.

        Raises:
            ValueError: batch or beams is out of range.
        """
        self.require_range(batch, beams)
        for looked in self._looks(photographs, batch, on_damaged, tags):
            yield from self.annotations_of(looked, beams)

    def annotate_read(
        self, read: Sequence[ReadPhotograph], *, size: int, beams: int = 1
    ) -> list[Annotation]:
        """Annotates photographs that are read already (`photograph_batches`), in one batch.

        Args:
            read: at least one.
            size: to which the batch is filled up: another size is compiled anew.
            beams: hypotheses of each photograph.
        """
        looked = look_at(self.model, read, size, self._tag_inputs)
        return list(self.annotations_of(looked, beams))

    def _looks(self, photographs, batch, on_damaged, tags=None) -> Iterator[Looked]:
        options = {"tag_inputs": self._tag_inputs, "tags": tags}
        return looks(self.model, photographs, batch, on_damaged, **options)

    @overload
    def what_if(
        self,
        photographs: Photograph,
        *,
        with_concepts: Iterable[str] = (),
        without_concepts: Iterable[str] = (),
        probabilities: Mapping[str, float] | None = None,
        correlated: bool = True,
        beams: int = 1,
        batch: int = 32,
        on_damaged: Callable[[DamagedPhotograph], None] = log_damaged,
    ) -> WhatIf: ...

    @overload
    def what_if(
        self,
        photographs: Iterable[Photograph],
        *,
        with_concepts: Iterable[str] = (),
        without_concepts: Iterable[str] = (),
        probabilities: Mapping[str, float] | None = None,
        correlated: bool = True,
        beams: int = 1,
        batch: int = 32,
        on_damaged: Callable[[DamagedPhotograph], None] = log_damaged,
    ) -> Iterator[WhatIf]: ...

    def what_if(
        self,
        photographs: Photograph | Iterable[Photograph],
        *,
        with_concepts: Iterable[str] = (),
        without_concepts: Iterable[str] = (),
        probabilities: Mapping[str, float] | None = None,
        correlated: bool = True,
        beams: int = 1,
        batch: int = 32,
        on_damaged: Callable[[DamagedPhotograph], None] = log_damaged,
    ) -> WhatIf | Iterator[WhatIf]:
        """What would be written if the photographs had other concepts.

        Examples:
            >>> changed = annotator.what_if("beach.jpg", with_concepts=["dog"])
            >>> [concept.word for concept in changed.switched]
            ['dog']
            >>> print(changed.before.text, "->", changed.after.text)
            a ... -> ... dog ...

        Args:
            photographs: one, or several, as for `annotate`.
            with_concepts: concepts that are switched on (`concept_switches.ON`).
            without_concepts: concepts that are switched off (`concept_switches.OFF`).
            probabilities: concept -> its probability, 0 to 1, as a slider would set it.
            correlated: whether other concepts move along as they do in training photographs
                (`ConceptStatistics.realigned`); without it the decoder, which has never seen a
                concept alone, seldom follows. The first time it takes as long as encoding these
                photographs, unless the run folder has ``concept_statistics.npz``.
            beams: hypotheses before and after, as for `annotate`.
            batch: as for `annotate`.
            on_damaged: as for `annotate`; where only one photograph is given it is not called.

        Returns:
            A `WhatIf`; of several photographs one each, as an iterator, a batch at a time.

        Raises:
            ValueError: an unknown concept or a value out of range; a system that does not write
                from concepts; batch or beams is out of range.
            TypeError: a text in the place of several concepts.
            FileNotFoundError: correlated, and neither the file nor the data to make it is there.
            DamagedPhotograph: the one photograph cannot be read.
        """
        self.require_range(batch, beams)
        require_steerable(self.model)
        vocabulary = self.model.vocabulary
        switches = Switches.of(with_concepts, without_concepts, probabilities).spelt_as(vocabulary)
        numbered = switches.numbered(vocabulary)
        statistics = self.concept_statistics if correlated else None

        def change(looked: Looked) -> Iterator[WhatIf]:
            concepts = switched(looked.concepts, numbered, statistics)
            # With the same votes as after the change: without photographs.
            own = None if self.voters is None else looked.concepts
            before = self.annotations_of(looked, beams, own)
            after = self.annotations_of(looked, beams, concepts)
            for one, other in zip(before, after, strict=True):
                changes = [
                    ChangedConcept(word, one.probability(word), other.probability(word))
                    for word in switches.values
                ]
                yield WhatIf(one, other, tuple(changes))

        return self._one_or_all(photographs, change, batch, on_damaged)

    @overload
    def why(
        self,
        photographs: Photograph,
        *,
        batch: int = 8,
        on_damaged: Callable[[DamagedPhotograph], None] = log_damaged,
    ) -> Explanation: ...

    @overload
    def why(
        self,
        photographs: Iterable[Photograph],
        *,
        batch: int = 8,
        on_damaged: Callable[[DamagedPhotograph], None] = log_damaged,
    ) -> Iterator[Explanation]: ...

    def why(
        self,
        photographs: Photograph | Iterable[Photograph],
        *,
        batch: int = 8,
        on_damaged: Callable[[DamagedPhotograph], None] = log_damaged,
    ) -> Explanation | Iterator[Explanation]:
        """Why is written what is written: concepts and places behind every word.

        Examples:
            >>> explanation = annotator.why("beach.jpg")
            >>> " ".join(word.word for word in explanation.words) == explanation.annotation.text
            True
            >>> first = explanation.words[0]
            >>> len(first.largest(3)), first.map.shape  # concepts that speak for it; places, 7 by 7
            (3, (7, 7))

        Args:
            photographs: one, or several, as for `annotate`.
            batch: as for `annotate`.
            on_damaged: as for `annotate`; where only one photograph is given it is not called.

        Returns:
            An `Explanation`; of several photographs one each, as an iterator, a batch at a time.

        Raises:
            ValueError: the run is an ensemble; batch is out of range.
            DamagedPhotograph: the one photograph cannot be read.
        """
        self.require_range(batch, 1)
        explainer = self.explainer

        def explain(looked: Looked) -> list[Explanation]:
            return explainer.explain(looked, list(self.annotations_of(looked, 1)))

        return self._one_or_all(photographs, explain, batch, on_damaged)

    def keep(self, photograph: Photograph) -> KeptPhotograph:
        """A photograph that is looked at once and then written of again and again.

        Args:
            photograph: as for `annotate`.

        Raises:
            DamagedPhotograph: it cannot be read.
        """

        def refuse(damaged: DamagedPhotograph) -> None:
            raise damaged

        [looked] = self._looks([photograph], 1, refuse)
        return KeptPhotograph(self, looked)

    @functools.cached_property
    def explainer(self) -> Explainer:
        """Tells why the model writes what it does.

        Raises:
            ValueError: an ensemble.
        """
        return Explainer(self.model)

    @functools.cached_property
    def concept_statistics(self) -> ConceptStatistics:
        """How s_hat is distributed over training photographs (`run_concepts`)."""
        if self.folder is None:
            raise ValueError("correlated concepts need a run folder; use Annotator.from_run")
        return concept_statistics(self.folder, self.model)

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

    def _one_or_all(self, photographs, make, batch, on_damaged):
        """What is made of one photograph, or an iterator over what is made of each of several."""
        if not isinstance(photographs, Photograph):
            looked = self._looks(photographs, batch, on_damaged)
            return itertools.chain.from_iterable(map(make, looked))

        [result] = make(self.keep(photographs).looked)
        return result

    def annotations_of(
        self, looked: Looked, beams: int, concepts: np.ndarray | None = None
    ) -> Iterator[Annotation]:
        """Annotations of photographs that the model has seen already.

        Args:
            looked: what it saw of them.
            beams: as for `annotate`.
            concepts: s_hat in the place of the photographs' own, float32 [size, k]; photographs
                then do not vote.
        """
        seen, own = looked.seen, concepts is None
        if own:
            concepts = looked.concepts
        else:
            seen, _ = look_together(self.model, looked.inputs, concepts)
        if self.model.decoder is None:
            found = highest_scores(concepts, self.model.vocabulary)
        else:
            written = write(self.writer(beams), seen, batch=looked.size)
            voters = self.voters if own else self._voters_on_what_is_asked_for
            if voters is not None:
                written = voters.ordered(written, looked.inputs, None if own else concepts)
            found = hypotheses(written, self.model.vocabulary)
            if self.reranker is not None:
                found = reranked(self.reranker, found, concepts, self.model.vocabulary)
            found = [each[:beams] for each in found]
        for n, name in enumerate(looked.names):
            ranked = () if concepts is None else self._ranked(concepts[n])
            yield Annotation(name, self.model.vocabulary.kind, found[n], ranked)

    def writer(self, beams: int) -> Writer:
        """Writes so many hypotheses, or all that the reranker or voters choose from."""
        if beams not in self._writers:
            decoding = searched(self.model, self.settings.decoding)
            chosen_from = self.reranker is not None or self.voters is not None
            returned = decoding.searched_width if chosen_from else beams
            self._writers[beams] = Writer(
                self.model,
                decoding,
                self.settings.model.longest,
                returned=returned,
                settled=self.one_by_one,
                alone=self.one_by_one,
            )
        return self._writers[beams]

    def _ranked(self, probabilities: np.ndarray) -> tuple[PredictedConcept, ...]:
        words = self.model.vocabulary.concepts
        order = np.argsort(-probabilities, kind="stable")
        return tuple(
            PredictedConcept(words[i], float(probabilities[i]), self.usual.get(words[i]))
            for i in order
        )
