"""A finished run -> one artefact that needs nothing of this package, compared before it counts."""

import dataclasses
import importlib.metadata
import itertools
import json
import os
import pathlib
from collections.abc import Iterable, Iterator

from s_cnn_rnn.annotating.looking import log_damaged
from s_cnn_rnn.annotator import Annotator
from s_cnn_rnn.data.photographs import DamagedPhotograph, as_stored
from s_cnn_rnn.data.prepared import Annotation as Truth
from s_cnn_rnn.data.prepared import PreparedData
from s_cnn_rnn.export.comparing import Comparison, compare, megabytes
from s_cnn_rnn.export.formats import Format, find_format
from s_cnn_rnn.export.label_choice import TOP, label_choice
from s_cnn_rnn.export.whole_model import WholeModel
from s_cnn_rnn.progress import Progress, no_progress
from s_cnn_rnn.runs.run_folder import RunFolder

PHOTOGRAPHS = 200
LOST = 0.005  # of CIDEr or O-F1: the most that weights of fewer bits may cost
DISTRIBUTIONS = ("tensorflow", "keras", "onnx", "tf2onnx", "onnxruntime", "ai-edge-litert")
_OWN = "compare on photographs of your own with --compare_on=FOLDER"


class ExportDiffers(ValueError):
    """An artefact does not write what its run writes."""


@dataclasses.dataclass(frozen=True)
class Gate:
    """What an artefact must keep.

    Args:
        tolerance: part of the texts, 0 to 1, that may differ; None for the format's own.
        lost: by how much CIDEr (labels: O-F1) may be lower, where photographs are annotated.
        photographs: how many are compared, at most; one at least.
        split: of the run's data set, from its beginning.
        own_photographs: picture files in the place of the split, where the data set is not at
            hand. Nobody annotated them: only texts are compared.
    """

    tolerance: float | None = None
    lost: float = LOST
    photographs: int = PHOTOGRAPHS
    split: str = "validation"
    own_photographs: tuple[str | os.PathLike, ...] = ()

    def for_format(self, form: Format, precision: str) -> "Gate":
        """With the format's tolerance for a precision, where it names none."""
        if self.tolerance is not None:
            return self
        return dataclasses.replace(self, tolerance=form.tolerances[precision])

    def why_not(self, comparison: Comparison) -> str:
        """Why an artefact must not pass; "" if it may."""
        total = len(comparison.original)
        differing = total - comparison.same
        if differing > self.tolerance * total:
            return (
                f"{differing} of {total} texts differ from the run's; at most "
                f"{int(self.tolerance * total)} may (tolerance {self.tolerance:g})"
            )
        if comparison.lost > self.lost:
            return (
                f"{comparison.metric} falls from {comparison.original_score:.4f} to "
                f"{comparison.exported_score:.4f}, by more than {self.lost:g}"
            )
        return ""


def export_run(
    run: str | os.PathLike,
    format_name: str,
    output: str | os.PathLike,
    *,
    precision: str = "",
    labels: str = TOP,
    gate: Gate = Gate(),
    progress: Progress = no_progress,
) -> dict:
    """Exports a run, compares the artefact with it, and writes a report beside it.

    Args:
        run: folder of a finished run, or of an ensemble.
        format_name: one of `formats.FORMATS`.
        output: path of the artefact: a folder for a SavedModel, else a file.
        precision: of the stored weights, one that the format has; "" for its first.
        labels: where no decoder writes, how labels are chosen (`label_choice.CHOICES`).
        gate: what the artefact must keep.
        progress: told of photographs annotated.

    Returns:
        The report, as in the file ``OUTPUT.report.json``.

    Raises:
        ExportDiffers: the artefact fails the gate; it is kept, with its report, as
            ``OUTPUT.failed``.
        FileExistsError: there is something at the output already.
        FileNotFoundError: no finished run, or its data set is missing and no photographs of one's
            own are named.
        ModuleNotFoundError: the format needs packages that are not installed.
        ValueError: the run cannot be exported so; or there is no photograph to compare on.
    """
    folder, output = RunFolder(pathlib.Path(run)), pathlib.Path(output)
    form = find_format(format_name)
    precision = precision or form.precisions[0]
    form.require(precision)
    gate = gate.for_format(form, precision)
    failed = output.with_name(f"{output.name}.failed")
    _require_absent(output, failed)
    annotator = _annotator(folder)
    compared_on, jpegs, truth = _compared_on(folder, gate)
    choice = None if annotator.model.decoder else label_choice(folder, labels)
    output.parent.mkdir(parents=True, exist_ok=True)
    # It bears the name of a failed one until it has passed.
    form.write(WholeModel(annotator, choice), failed, precision)
    compared = compare(annotator, choice, form.read(failed), jpegs, truth, progress=progress)
    why_not = gate.why_not(compared)
    report = {
        "passed": not why_not,
        "why_not": why_not,
        **_about(form, precision, folder),
        "compared_on": compared_on,
        "gate": {"tolerance": gate.tolerance, "lost": gate.lost},
        "megabytes": megabytes(failed),
        **compared.as_json(),
    }
    if choice is not None:
        report["labels"] = choice.name
    if why_not:
        _write_report(failed, report)
        raise ExportDiffers(f"{failed}: {why_not}; {_report_path(failed)} shows some of them")
    failed.rename(output)
    _write_report(output, report)
    return report


def _annotator(folder: RunFolder) -> Annotator:
    try:
        return Annotator.from_run(folder.path)
    except ValueError as error:
        raise ValueError(f"cannot be exported: {error}") from error


def _compared_on(folder: RunFolder, gate: Gate) -> tuple[dict[str, str], list[bytes], list[Truth]]:
    """What the gate looks at: what a report says of it, the JPEGs, and what people wrote.

    Raises:
        FileNotFoundError: the data set is missing.
        ValueError: there is no photograph.
    """
    if gate.own_photographs:
        jpegs = list(itertools.islice(_readable(gate.own_photographs), gate.photographs))
        if not jpegs:
            raise ValueError(f"none of {len(gate.own_photographs)} photographs can be read")
        return {"data": "photographs of one's own"}, jpegs, []
    try:
        prepared = PreparedData(folder.settings().data)
    except FileNotFoundError as error:
        raise FileNotFoundError(f"{error}; or {_OWN}") from error
    truth = prepared.annotations(gate.split)[: gate.photographs]
    if not truth:
        raise ValueError(
            f"{prepared.folder}: no photograph in its {gate.split} part, so that nothing could be "
            f"compared; name another --split, or {_OWN}"
        )
    jpegs = prepared.photographs(gate.split, range(len(truth)))
    return {"data": f"{prepared.name} {prepared.version}", "split": gate.split}, jpegs, truth


def _readable(files: Iterable[str | os.PathLike]) -> Iterator[bytes]:
    """The JPEGs of picture files; one that cannot be read is told and left out."""
    for file in files:
        try:
            yield as_stored(file, name=os.fspath(file)).jpeg
        except DamagedPhotograph as damaged:
            log_damaged(damaged)


def _about(form: Format, precision: str, folder: RunFolder) -> dict:
    settings = folder.settings()
    versions = {}
    for name in DISTRIBUTIONS:
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return {
        "format": form.name,
        "takes": form.takes,
        "precision": precision,
        "system": settings.system,
        "task": settings.task,
        "weights": folder.weights_digest(),
        "versions": versions,
    }


def _require_absent(*paths: pathlib.Path) -> None:
    for path in paths:
        if path.exists():
            raise FileExistsError(f"{path}: exists already; remove it or name another --output")


def _report_path(output: pathlib.Path) -> pathlib.Path:
    return output.with_name(f"{output.name}.report.json")


def _write_report(output: pathlib.Path, report: dict) -> None:
    content = json.dumps(report, ensure_ascii=False, indent=2)
    _report_path(output).write_text(content + "\n", "utf-8")


def report_text(output: str, report: dict) -> str:
    """A report in two lines."""
    score, time = report["score"], report["milliseconds_a_photograph"]["exported, one at a time"]
    scored = ""
    if score["metric"]:
        scored = f"; {score['metric']} {score['exported']:.4f} (run: {score['original']:.4f})"
    return (
        f"{output}: {report['megabytes']:.1f} MB, {time:.0f} ms a photograph\n"
        f"{report['same']} of {report['photographs']} texts are the run's own{scored}"
    )
