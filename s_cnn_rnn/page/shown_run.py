"""A run on the page: its model, and what can be done with it."""

import io

import numpy as np
from PIL import Image

from s_cnn_rnn.annotator import Annotator
from s_cnn_rnn.explaining.concept_switches import require_steerable
from s_cnn_rnn.model.ensemble import Ensemble

MOST_BEAMS = 5


class ShownRun:
    """A loaded run.

    Args:
        name: what the page calls it.
        annotator: of the run.
        correlated: whether to ask how concepts go together; the first time that may take as long
            as encoding the training photographs.
    """

    def __init__(self, name: str, annotator: Annotator, *, correlated: bool = True):
        self.name, self.annotator = name, annotator
        model = annotator.model
        width = 1 if model.decoder is None else annotator.settings.decoding.width
        self.beams = min(width, MOST_BEAMS)
        self.not_steerable = self._why_not_steerable()
        self.not_explainable = (
            "An ensemble has no one reason for a word; show a member's run folder."
            if isinstance(model, Ensemble)
            else ""
        )
        self.not_correlated = "Not asked for: the page was started with --nocorrelated."
        if correlated and not self.not_steerable:
            self.not_correlated = self._why_not_correlated()

    def warm_up(self) -> None:
        """Has the model compiled, so that the first visitor does not wait for that."""
        grey = io.BytesIO()
        Image.fromarray(np.full((32, 32, 3), 128, np.uint8)).save(grey, "PNG")
        self.annotator.keep(grey.getvalue()).annotation(beams=self.beams)

    def described(self) -> dict:
        """What the page must know of it, as JSON."""
        usual = self.annotator.usual
        concepts = self.annotator.model.learnt_concepts
        return {
            "name": self.name,
            "system": self.annotator.settings.system,
            "kind": self.annotator.model.vocabulary.kind,
            "concepts": list(concepts),
            "usual": [usual.get(word) for word in concepts],
            "not_steerable": self.not_steerable,
            "not_explainable": self.not_explainable,
            "not_correlated": self.not_correlated,
        }

    def _why_not_steerable(self) -> str:
        try:
            require_steerable(self.annotator.model)
        except ValueError as reason:
            return str(reason)
        return ""

    def _why_not_correlated(self) -> str:
        """Computes the statistics, where they are not there."""
        try:
            _ = self.annotator.concept_statistics  # it is kept there
        except (FileNotFoundError, ValueError) as reason:
            return str(reason)
        return ""
