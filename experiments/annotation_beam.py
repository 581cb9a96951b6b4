"""The annotation program on Apache Beam: photographs beyond what one machine does in time.

Each job annotates some hundred photographs and writes a part of the output; the program that
started the pipeline joins the parts in order, so that the output is the same as without Beam. Parts
that are there, whole, are not done again. File names travel as bytes: not all are UTF-8.
"""

import dataclasses
import functools
import hashlib
import itertools
import json
import os
import pathlib
import shutil
import threading
from collections.abc import Iterable, Iterator, Sequence

from data_prep import beam_pipeline
from experiments.annotation_forms import CSV_COLUMNS, FORMS, csv_line
from experiments.annotation_output import form_of
from experiments.annotation_run import How, into_metadata, model_name
from experiments.metadata_output import MetadataOutput
from experiments.photograph_sources import Places
from experiments.skipped_photographs import Skipped
from s_cnn_rnn.annotating.photograph_batches import NamedContent
from s_cnn_rnn.annotator_group import AnnotatorGroup
from s_cnn_rnn.data.photographs import DamagedPhotograph
from s_cnn_rnn.metadata.exiv2_library import UnreadableMetadata
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


def _jobs(places: Places) -> Iterator[tuple[int, tuple[bytes, ...]]]:
    paths = places.photographs()
    for number in itertools.count():
        chunk = tuple(itertools.islice(paths, JOB))
        if not chunk:
            return
        if any(isinstance(photograph, NamedContent) for photograph in chunk):
            raise ValueError("--beam: photographs on standard input or of a camera cannot be sent")
        yield number, tuple(map(os.fsencode, chunk))


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

    def made_by(self, paths: Sequence[bytes]) -> str:
        """Tells the parts of this work on these photographs from all others."""
        asked = (self.how, self.form, self.concepts, self.write, self.again, tuple(paths))
        return hashlib.sha256(repr(asked).encode()).hexdigest()

    def is_done(self, number: int, paths: Sequence[bytes]) -> bool:
        """Whether an interrupted run of the same work has left the part of this job."""
        if not self.path(number).exists():
            return False
        return json.loads(self.path(number).read_bytes())["made_by"] == self.made_by(paths)

    def __call__(self, job: tuple[int, tuple[bytes, ...]]) -> None:
        number, paths = job
        part = {"made_by": self.made_by(paths), "rows": [], "added": [], "skipped": []}

        def skipped(damaged: DamagedPhotograph | UnreadableMetadata) -> None:
            part["skipped"].append({"file_name": damaged.name, "reason": damaged.reason})

        with _LOCK:
            self._annotate(map(os.fsdecode, paths), part, skipped)
        with whole_file(self.path(number)) as unfinished:
            unfinished.write_text(json.dumps(part), "utf-8")

    def _annotate(self, paths: Iterable[str], part: dict, skipped) -> None:
        metadata = None
        if self.write:
            metadata = MetadataOutput(self.write, model_name(self.how), again=self.again)
        for annotations in self.how.annotate(_loaded(self.how), paths, skipped):
            whole, told = into_metadata(metadata, annotations, skipped)
            if whole:
                part["rows"].append(FORMS[self.form](annotations, self.concepts))
            if told is not None:
                part["added"].append(told)


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
        if work.form == "csv":
            print(csv_line(CSV_COLUMNS), file=file)
        for path in parts:
            part = json.loads(path.read_text("utf-8"))
            for row in part["rows"]:
                print(row, file=file)
            for line in part["added"]:
                print(line)
            for each in part["skipped"]:
                told(DamagedPhotograph(each["file_name"], each["reason"]))
    told.close()
    return told.count
