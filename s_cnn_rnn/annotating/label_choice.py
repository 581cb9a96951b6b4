"""Which labels of an annotation are taken: those written, or those that are sure enough."""

import dataclasses

from s_cnn_rnn.annotating.annotation import Annotation
from s_cnn_rnn.decoding.hypotheses import Hypothesis

LABELS_FROM = ("system", "threshold")
"""The system's own way (its decoder writes them, or the highest scores are taken), or all labels
whose probability reaches a threshold."""


def chosen_labels(
    annotation: Annotation, labels_from: str = "system", minimum: float = 0.0
) -> Annotation:
    """The annotation with the labels so chosen; captions stay as they are.

    Args:
        annotation: of a photograph.
        labels_from: one of `LABELS_FROM`.
        minimum: the smallest probability of a label, 0 to 1.

    Raises:
        ValueError: the labels are to be chosen by their probabilities, and the system that wrote
            them gives none.
    """
    if annotation.kind != "labels" or (labels_from == "system" and not minimum):
        return annotation
    if not annotation.concepts:
        raise ValueError(
            "this run's system gives its labels no probabilities (it learns no concepts), so that "
            "none can be chosen by them; leave --labels_from and --min_probability out, or take "
            "the run of another system (ours, cnn-logistic)"
        )
    if labels_from == "threshold":
        words = tuple(c.word for c in annotation.concepts if c.probability >= minimum)
        beams = (Hypothesis.of_words(words, "labels"),)
    else:
        beams = tuple(_without_unsure(beam, annotation, minimum) for beam in annotation.beams)
    return dataclasses.replace(annotation, beams=beams)


def _without_unsure(beam: Hypothesis, annotation: Annotation, minimum: float) -> Hypothesis:
    words = [word for word in beam.words if (annotation.probability(word) or 0) >= minimum]
    return Hypothesis.of_words(words, "labels", beam.log_probability)
