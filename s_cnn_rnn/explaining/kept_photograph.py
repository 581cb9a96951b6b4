"""A photograph that went through the encoder once, to be written of with ever other concepts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from s_cnn_rnn.annotating.annotation import Annotation
from s_cnn_rnn.annotating.looking import Looked
from s_cnn_rnn.explaining.concept_switches import Switches, require_steerable, switched
from s_cnn_rnn.explaining.explanation import Explanation

if TYPE_CHECKING:
    from s_cnn_rnn.annotator import Annotator


class KeptPhotograph:
    """What a model saw of one photograph: another caption then takes no more than decoding.

    Such as::

        kept = annotator.keep("beach.jpg")
        for probability in (0.0, 0.5, 1.0):
            print(kept.annotation({"dog": probability}).text)

    Args:
        annotator: of the model; `Annotator.keep` makes these.
        looked: what the model saw of the photograph.
    """

    def __init__(self, annotator: Annotator, looked: Looked):
        self.annotator, self.looked = annotator, looked

    def annotation(
        self,
        probabilities: Mapping[str, float] | None = None,
        *,
        correlated: bool = True,
        beams: int = 1,
    ) -> Annotation:
        """What is written, with some concepts set; as `Annotator.what_if` does.

        Args:
            probabilities: concept -> its probability, 0 to 1; none for the photograph as it is.
            correlated: whether other concepts move along.
            beams: hypotheses, 1 to the run's beam width.

        Raises:
            ValueError: an unknown concept or a value out of range; a system that does not write
                from concepts.
            FileNotFoundError: correlated, and what that needs is not there.
        """
        concepts = self._concepts(probabilities, correlated)
        [annotation] = self.annotator.annotations_of(self.looked, beams, concepts)
        return annotation

    def explanation(
        self, probabilities: Mapping[str, float] | None = None, *, correlated: bool = True
    ) -> Explanation:
        """Why that is written; maps tell where the photograph itself speaks for a word.

        Args:
            probabilities: as for `annotation`.
            correlated: as for `annotation`.

        Raises:
            ValueError: as for `annotation`; or an ensemble, which has no one reason.
            FileNotFoundError: as for `annotation`.
        """
        concepts = self._concepts(probabilities, correlated)
        annotations = list(self.annotator.annotations_of(self.looked, 1, concepts))
        looked = self.looked if concepts is None else self.looked._replace(concepts=concepts)
        [explanation] = self.annotator.explainer.explain(looked, annotations)
        return explanation

    def _concepts(self, probabilities, correlated: bool) -> np.ndarray | None:
        """s_hat with concepts set, float32 [1, k]; None where none is set."""
        if not probabilities:
            return None
        model = self.annotator.model
        require_steerable(model)
        switches = Switches.of(probabilities=probabilities).spelt_as(model.vocabulary)
        numbered = switches.numbered(model.vocabulary)
        statistics = self.annotator.concept_statistics if correlated else None
        return switched(self.looked.concepts, numbered, statistics)
