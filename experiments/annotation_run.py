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
from s_cnn_rnn.metadata.exiv2_library import UnreadableMetadata
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
        output: a file in place of standard output; what is in it already is not written again.
        write: "sidecar" or "embedded" to write metadata, and say what was added in place of the
            annotations; beside them, where a form or an output is named.
        dry_run: say what would be written to metadata, and write nothing there.
        again: write metadata anew where they carry the mark of an earlier annotation.
        skipped: a file that lists the photographs that were skipped.

    Returns:
        How many photographs were skipped.

    Raises:
        FileNotFoundError: no finished run, or no photograph in the places.
        ValueError: more beams than the run has, and the like.
        MetadataUnavailable: metadata are to be written, and the library is missing.
    """
    total = places.count()
    group = how.load()
    metadata = rows = None
    if write:
        metadata = MetadataOutput(write, model_name(how), dry_run=dry_run, again=again)
    if not write or output or form:
        rows = Rows(form_of(form, output), concepts, output)
    job = _Job(Skipped(skipped), rows, metadata)
    shown = _progress(total, output, write)
    try:
        with shown as progress:
            photographs = job.still_to_do(places.photographs())
            for annotations in how.annotate(group, photographs, job.skipped):
                job.write(annotations)
                job.told(progress, total)
    finally:
        job.close()
    job.sum_up()
    return job.skipped.count


def model_name(how: How) -> str:
    """What the mark in metadata says: the runs' names."""
    names = [os.path.basename(os.path.normpath(run)) for run in how.runs]
    return f"s-cnn-rnn {', '.join(names) or 'box'}"


def into_metadata(
    metadata: MetadataOutput | None, annotations: Sequence[Annotation], skipped
) -> tuple[bool, str | None]:
    """Writes a photograph's metadata, where any are to be written.

    Args:
        metadata: takes them; None where none are written.
        annotations: of the photograph.
        skipped: is told where they cannot be written.

    Returns:
        Whether all that was to be written is, and a line that says what was added, if anything.
    """
    if metadata is None:
        return True, None
    told, whole = None, False
    with skipping(annotations[0].file_name, skipped, NOT_WRITTEN):
        told = metadata.write(annotations)
        whole = True
    return whole, told


def _progress(total: int, output, write):
    """A bar where it does not run through what is printed, and only for more than a few."""
    free = output or not sys.stdout.isatty() or write
    return ProgressBar(" photographs") if free and not 0 < total < SHORT else _NoBar()


class _NoBar:
    def __enter__(self):
        return no_progress

    def __exit__(self, *exception):
        """Nothing was opened."""


class Rows:
    """The annotations that are printed, or written to a file.

    Args:
        form: a name of `annotation_forms.FORMS`.
        concepts: how many are printed.
        output: the file; None for standard output.

    Raises:
        ValueError, OSError: as `Output` has it.
    """

    def __init__(self, form: str, concepts: int, output: str | None):
        self._form, self._concepts = form, concepts
        self._output = Output(output, form)
        # What metadata take is told where no annotations are: they may be read by a program.
        self.beside = sys.stdout if output else sys.stderr
        self.has, self.close = self._output.has, self._output.close

    def write(self, annotations: Sequence[Annotation]) -> None:
        """Writes those of a photograph, unless the file had them already."""
        if not self.has(annotations[0].file_name):
            self._output.write(FORMS[self._form](annotations, self._concepts))


class _Job:
    """What is done with each photograph, and how many there were."""

    def __init__(self, skipped: Skipped, rows: Rows | None, metadata: MetadataOutput | None):
        self.skipped, self.rows, self.metadata = skipped, rows, metadata
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
        named = isinstance(photograph, NamedContent)
        if named and self.metadata is not None:
            raise UnreadableMetadata(photograph.name, "is no file that metadata fit into")
        marked = self.metadata is None or self.metadata.is_done(photograph)
        name = photograph.name if named else photograph
        return marked and (self.rows is None or self.rows.has(name))

    def write(self, annotations: Sequence[Annotation]) -> None:
        """Into metadata first: a row stands for a photograph of which all is done."""
        whole, told = into_metadata(self.metadata, annotations, self.skipped)
        if not whole:
            return
        if told is not None:
            print(told, file=self.rows.beside if self.rows else sys.stdout, flush=True)
        if self.rows is not None:
            self.rows.write(annotations)
        self.done += 1

    def told(self, progress, total: int) -> None:
        progress("annotating", self.earlier + self.skipped.count + self.done, total, {})

    def close(self) -> None:
        if self.rows is not None:
            self.rows.close()
        self.skipped.close()

    def sum_up(self) -> None:
        """What a person wants to know at the end, on standard error."""
        if self.earlier:
            why = ["are in the output already"] if self.rows else []
            if self.metadata is not None:
                why.append("carry the mark already (--again annotates them anew)")
            print(f"{self.earlier} photographs {' and '.join(why)}", file=sys.stderr)
        if self.skipped.count:
            total = self.earlier + self.skipped.count + self.done
            print(f"{self.skipped.count} of {total} photographs were skipped", file=sys.stderr)
