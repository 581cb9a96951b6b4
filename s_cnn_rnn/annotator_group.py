"""Several runs that annotate together, such as one for captions and one for labels."""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence

from s_cnn_rnn.annotating.annotation import Annotation
from s_cnn_rnn.annotating.looking import image_sizes, log_damaged
from s_cnn_rnn.annotating.photograph_batches import Photograph, read_batches
from s_cnn_rnn.annotator import Annotator
from s_cnn_rnn.box import box_runs
from s_cnn_rnn.data.photographs import DamagedPhotograph


class AnnotatorGroup:
    """Annotators that go over photographs together: each photograph is read once.

    Such as::

        group = AnnotatorGroup.from_box()
        for caption, labels in group.annotate(["dog.jpg", "beach.png"]):
            print(caption.file_name, caption.text, labels.words)

    Args:
        annotators: any number, at most one for captions and one for labels.

    Raises:
        ValueError: two of them write the same.
    """

    def __init__(self, annotators: Sequence[Annotator]):
        self.annotators = tuple(annotators)
        kinds = self.kinds
        if len(set(kinds)) != len(kinds):
            raise ValueError(
                f"the runs write {', '.join(kinds)}; take at most one that writes captions and one "
                "that writes labels (to join runs that write the same: experiments.ensemble)"
            )

    @classmethod
    def from_runs(cls, paths: Iterable[str | os.PathLike]) -> "AnnotatorGroup":
        """Loads finished runs.

        Raises:
            FileNotFoundError, ValueError: as `Annotator.from_run`.
        """
        return cls([Annotator.from_run(path) for path in paths])

    @classmethod
    def from_box(cls) -> "AnnotatorGroup":
        """Loads the models that come with the package: one for captions, one for labels.

        Raises:
            FileNotFoundError: this installation has none.
        """
        return cls.from_runs(box_runs())

    @property
    def kinds(self) -> tuple[str, ...]:
        """What each writes: "captions" or "labels"."""
        return tuple(annotator.model.vocabulary.kind for annotator in self.annotators)

    def annotate(
        self,
        photographs: Iterable[Photograph],
        *,
        tags: Iterable[Iterable[str]] | None = None,
        batch: int = 32,
        beams: int = 1,
        on_damaged: Callable[[DamagedPhotograph], None] = log_damaged,
    ) -> Iterator[tuple[Annotation, ...]]:
        """Annotates photographs in order; arguments as `Annotator.annotate` has them.

        Args:
            photographs: files, or their content.
            tags: user tags of each.
            batch: photographs that go through the models at once.
            beams: hypotheses of each photograph by the run that writes captions; of others one.
            on_damaged: called with each photograph that cannot be read; it is skipped.

        Yields:
            For each photograph that can be read its annotations, one by each annotator.
        """
        wanted = [beams if kind == "captions" or len(self.kinds) == 1 else 1 for kind in self.kinds]
        for annotator, count in zip(self.annotators, wanted, strict=True):
            annotator.require_range(batch, count)
        sizes = set().union(*(image_sizes(annotator.model) for annotator in self.annotators))
        options = {"sizes": sizes, "batch": batch, "tags": tags, "on_damaged": on_damaged}
        for size, read in read_batches(photographs, **options):
            written = [
                annotator.annotate_read(read, size=size, beams=count)
                for annotator, count in zip(self.annotators, wanted, strict=True)
            ]
            yield from zip(*written, strict=True)
