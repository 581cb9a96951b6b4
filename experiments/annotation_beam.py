"""The annotation program on Apache Beam: photographs beyond what one machine does in time.

Each job annotates some hundred photographs and writes a part of the output; the program that
started the pipeline joins the parts in order, so that the output is the same as without Beam. Parts
that are there, whole, are not done again.
"""

import dataclasses
import functools
import hashlib
import itertools
import json
import pathlib
import shutil
import threading
from collections.abc import Iterator, Sequence

from data_prep import beam_pipeline
from experiments.annotation_forms import CSV_COLUMNS, FORMS, csv_line
from experiments.annotation_output import form_of
from experiments.annotation_run import How, model_name
from experiments.metadata_output import MetadataOutput
from experiments.photograph_sources import Places
from experiments.skipped_photographs import NOT_WRITTEN, Skipped, skipping
from s_cnn_rnn.annotating.photograph_batches import NamedContent
from s_cnn_rnn.annotator_group import AnnotatorGroup
from s_cnn_rnn.data.photographs import DamagedPhotograph
from s_cnn_rnn.metadata.metadata_writing import write_atomically
from s_cnn_rnn.metadata.photograph_metadata import UnreadableMetadata
from s_cnn_rnn.whole_files import whole_file

JOB = 256  # photographs
_LOCK = threading.Lock()  # some runners share a process between threads; a model is for one


def annotate(
    how: How,
    places: Places,
    *,
    output: str | None,
    options: Sequence[str],
    form: str | None = None,
    concepts: int = 8,
    write: str | None = None,
    again: bool = False,
    skipped: str | None = None,
) -> int:
    """Annotates photographs; see `annotation_run.annotate`.

    Args:
        how: they are annotated.
        places: where they are; files alone.
        output: a file; its parts lie in OUTPUT.parts until it is whole.
        options: of the pipeline, as NAME=VALUE.
        form: of the output.
        concepts: how many concepts to print.
        write: "sidecar" or "embedded" to write metadata as well.
        again: annotate also photographs that carry the mark.
        skipped: a file that lists the photographs that were skipped.

    Returns:
        How many photographs were skipped.

    Raises:
        ValueError: there is no output, or a photograph that is no file.
        BadData: Apache Beam is not installed.
    """
    if not output:
        raise ValueError("--beam needs --output=FILE, which all workers see")
    parts = pathlib.Path(f"{output}.parts")
    parts.mkdir(parents=True, exist_ok=True)
    work = _Work(how, str(parts), form_of(form, output), concepts, write, again)
    jobs = list(_jobs(places))
    waiting = [job for job in jobs if not work.is_done(*job)]
    beam_pipeline.run(work, waiting, options)
    count = _join(pathlib.Path(output), [work.path(number) for number, _ in jobs], work, skipped)
    shutil.rmtree(parts)
    return count


def _jobs(places: Places) -> Iterator[tuple[int, tuple[str, ...]]]:
    paths = places.photographs()
    for number in itertools.count():
        chunk = tuple(itertools.islice(paths, JOB))
        if not chunk:
            return
        if any(isinstance(photograph, NamedContent) for photograph in chunk):
            raise ValueError("--beam: photographs on standard input or of a camera cannot be sent")
        yield number, tuple(map(str, chunk))


@dataclasses.dataclass(frozen=True)
class _Work:
    """Annotates the photographs of a job; it can travel to any machine."""

    how: How
    parts: str
    form: str
    concepts: int
    write: str | None
    again: bool

    def path(self, number: int) -> pathlib.Path:
        return pathlib.Path(self.parts, f"{number:08d}")

    def made_by(self, paths: Sequence[str]) -> str:
        """Tells the parts of this work on these photographs from all others."""
        asked = (self.how, self.form, self.concepts, self.write, self.again, tuple(paths))
        return hashlib.sha256(repr(asked).encode("utf-8", "surrogateescape")).hexdigest()

    def is_done(self, number: int, paths: Sequence[str]) -> bool:
        """Whether an interrupted run of the same work has left the part of this job."""
        if not self.path(number).exists():
            return False
        return json.loads(self.path(number).read_bytes())["made_by"] == self.made_by(paths)

    def __call__(self, job: tuple[int, tuple[str, ...]]) -> None:
        number, paths = job
        skipped: list[DamagedPhotograph | UnreadableMetadata] = []
        with _LOCK:
            lines = list(self._lines(paths, skipped))
        told = [{"file_name": each.name, "reason": each.reason} for each in skipped]
        made_by = self.made_by(paths)
        content = json.dumps(
            {"made_by": made_by, "lines": lines, "skipped": told}, ensure_ascii=False
        )
        write_atomically(self.path(number), content.encode())

    def _lines(self, paths: Sequence[str], skipped: list) -> Iterator[str]:
        metadata = MetadataOutput(self.write, model_name(self.how)) if self.write else None
        todo = [path for path in paths if not self._is_done(path, metadata, skipped)]
        for annotations in self.how.annotate(_loaded(self.how), todo, skipped.append):
            if metadata is None:
                yield FORMS[self.form](annotations, self.concepts)
                continue
            line = None
            with skipping(annotations[0].file_name, skipped.append, NOT_WRITTEN):
                line = metadata.write(annotations)
            if line is not None:
                yield line

    def _is_done(self, path: str, metadata: MetadataOutput | None, skipped: list) -> bool:
        if metadata is None or self.again:
            return False
        with skipping(path, skipped.append):
            return metadata.carries_mark(path)
        return True


@functools.lru_cache(maxsize=1)
def _loaded(how: How) -> AnnotatorGroup:
    """Loaded once in each process."""
    return how.load()


def _join(output: pathlib.Path, parts: Sequence[pathlib.Path], work: _Work, skipped) -> int:
    """Writes the output and the list of skipped photographs; returns how many these are."""
    told = Skipped(skipped)
    with (
        whole_file(output) as unfinished,
        unfinished.open("w", encoding="utf-8", newline="\n") as file,
    ):
        if work.form == "csv" and not work.write:
            print(csv_line(CSV_COLUMNS), file=file)
        for path in parts:
            content = json.loads(path.read_text("utf-8"))
            for line in content["lines"]:
                print(line, file=file)
            for each in content["skipped"]:
                told(DamagedPhotograph(each["file_name"], each["reason"]))
    told.close()
    return told.count
