"""What the annotation program does: finds photographs, annotates them, prints or writes."""

import dataclasses
import os
import sys
from collections.abc import Iterable, Iterator, Sequence

from experiments.annotation_forms import FORMS
from experiments.annotation_output import Output, form_of
from experiments.metadata_output import MetadataOutput
from experiments.photograph_sources import Places
from experiments.skipped_photographs import NOT_WRITTEN, Skipped, skipping
from s_cnn_rnn.annotating.annotation import Annotation
from s_cnn_rnn.annotating.label_choice import chosen_labels
from s_cnn_rnn.annotating.photograph_batches import NamedContent, Photograph
from s_cnn_rnn.annotator_group import AnnotatorGroup
from s_cnn_rnn.metadata.photograph_metadata import UnreadableMetadata
from s_cnn_rnn.progress import ProgressBar, no_progress

SHORT = 33  # so many photographs are done before a bar says anything


@dataclasses.dataclass(frozen=True)
class How:
    """How photographs are annotated.

    Args:
        runs: run folders; none for the models in the box.
        labels_from: one of `label_choice.LABELS_FROM`.
        minimum: the smallest probability of a label.
        beams: captions of each photograph.
        batch: photographs at once.
    """

    runs: tuple[str, ...] = ()
    labels_from: str = "system"
    minimum: float = 0.0
    beams: int = 1
    batch: int = 32

    def load(self) -> AnnotatorGroup:
        """The annotators.

        Raises:
            FileNotFoundError, ValueError: as `AnnotatorGroup` has it.
        """
        return AnnotatorGroup.from_runs(self.runs) if self.runs else AnnotatorGroup.from_box()

    def annotate(
        self, group: AnnotatorGroup, photographs: Iterable[Photograph], on_damaged
    ) -> Iterator[tuple[Annotation, ...]]:
        """Annotations of each photograph, labels chosen as is asked for."""
        options = {"batch": self.batch, "beams": self.beams, "on_damaged": on_damaged}
        for annotations in group.annotate(photographs, **options):
            yield tuple(chosen_labels(each, self.labels_from, self.minimum) for each in annotations)


def annotate(
    how: How,
    places: Places,
    *,
    form: str | None = None,
    concepts: int = 8,
    output: str | None = None,
    write: str | None = None,
    dry_run: bool = False,
    again: bool = False,
    skipped: str | None = None,
) -> int:
    """Annotates photographs; each is printed or written as soon as its batch is done.

    Args:
        how: they are annotated.
        places: where they come from.
        form: "text", "json" or "csv"; None: as the output's ending says.
        concepts: how many concepts to print.
        output: a file in place of standard output; what is in it already is not done again.
        write: "sidecar" or "embedded" to write metadata as well.
        dry_run: say what would be written to metadata, and write nothing.
        again: annotate also photographs whose metadata carry the mark of an earlier annotation.
        skipped: a file that lists the photographs that were skipped.

    Returns:
        How many photographs were skipped.

    Raises:
        FileNotFoundError: no finished run, or no photograph in the places.
        ValueError: more beams than the run has, and the like.
        MetadataUnavailable: metadata are to be written, and the library is missing.
    """
    form = form_of(form, output)
    total = places.count()
    group = how.load()
    metadata = MetadataOutput(write, model_name(how), dry_run=dry_run) if write else None
    job = _Job(Skipped(skipped), Output(output, form), metadata, again)
    shown = _progress(total, output, write)
    try:
        with shown as progress:
            photographs = job.still_to_do(places.photographs())
            for annotations in how.annotate(group, photographs, job.skipped):
                if metadata is None:
                    job.write(FORMS[form](annotations, concepts))
                else:
                    job.write_metadata(annotations)
                job.told(progress, total)
    finally:
        job.close()
    job.sum_up()
    return job.skipped.count


def model_name(how: How) -> str:
    """What the mark in metadata says: the runs' names."""
    names = [os.path.basename(os.path.normpath(run)) for run in how.runs]
    return f"s-cnn-rnn {', '.join(names) or 'box'}"


def _progress(total: int, output, write):
    """A bar where it does not run through what is printed, and only for more than a few."""
    free = output or not sys.stdout.isatty() or write
    return ProgressBar(" photographs") if free and not 0 < total < SHORT else _NoBar()


class _NoBar:
    def __enter__(self):
        return no_progress

    def __exit__(self, *exception):
        """Nothing was opened."""


class _Job:
    """What is done with each photograph, and how many there were."""

    def __init__(self, skipped: Skipped, output: Output, metadata, again: bool):
        self.skipped, self.output, self.metadata, self.again = skipped, output, metadata, again
        self.done = self.earlier = 0

    def still_to_do(self, photographs: Iterable[Photograph]) -> Iterator[Photograph]:
        for photograph in photographs:
            done = None
            with skipping(photograph, self.skipped):
                done = self._is_done(photograph)
            if done:
                self.earlier += 1
            elif done is not None:
                yield photograph

    def _is_done(self, photograph: Photograph) -> bool:
        if isinstance(photograph, NamedContent):
            if self.metadata is not None:
                raise UnreadableMetadata(photograph.name, "is no file that metadata fit into")
            return photograph.name in self.output.done
        if self.metadata is None:
            return os.fspath(photograph) in self.output.done
        return not self.again and self.metadata.carries_mark(photograph)

    def write(self, line: str) -> None:
        self.output.write(line)
        self.done += 1

    def write_metadata(self, annotations: Sequence[Annotation]) -> None:
        line = None
        with skipping(annotations[0].file_name, self.skipped, NOT_WRITTEN):
            line = self.metadata.write(annotations)
        # Outside: where the output cannot be written to, no photograph is at fault.
        if line is not None:
            self.write(line)

    def told(self, progress, total: int) -> None:
        progress("annotating", self.earlier + self.skipped.count + self.done, total, {})

    def close(self) -> None:
        self.output.close()
        self.skipped.close()

    def sum_up(self) -> None:
        """What a person wants to know at the end, on standard error."""
        if self.earlier:
            why = "are in the output already"
            if self.metadata is not None:
                why = "carry the mark already (--again annotates them anew)"
            print(f"{self.earlier} photographs {why}", file=sys.stderr)
        if self.skipped.count:
            total = self.earlier + self.skipped.count + self.done
            print(f"{self.skipped.count} of {total} photographs were skipped", file=sys.stderr)
