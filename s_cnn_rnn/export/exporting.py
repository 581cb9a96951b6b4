"""A finished run -> one artefact that needs nothing of this package, compared before it counts."""

import dataclasses
import importlib.metadata
import json
import os
import pathlib

from s_cnn_rnn.annotator import Annotator
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


class ExportDiffers(ValueError):
    """An artefact does not write what its run writes."""


@dataclasses.dataclass(frozen=True)
class Gate:
    """What an artefact must keep.

    Args:
        tolerance: part of the texts, 0 to 1, that may differ, of float32 artefacts; None for the
            format's own.
        lost: by how much CIDEr (labels: O-F1) may be lower; of all artefacts.
        photographs: how many are compared.
        split: of the run's data set, from its beginning.
    """

    tolerance: float | None = None
    lost: float = LOST
    photographs: int = PHOTOGRAPHS
    split: str = "validation"

    def for_format(self, form: Format) -> "Gate":
        """With the format's tolerance, where it names none."""
        if self.tolerance is not None:
            return self
        return dataclasses.replace(self, tolerance=form.tolerance)

    def why_not(self, comparison: Comparison, precision: str) -> str:
        """Why an artefact must not pass; "" if it may."""
        total = len(comparison.original)
        differing = total - comparison.same
        if precision == "float32" and differing > self.tolerance * total:
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
        FileNotFoundError: no finished run, or its data set is missing.
        ModuleNotFoundError: the format needs packages that are not installed.
        ValueError: the run cannot be exported so.
    """
    folder, output = RunFolder(pathlib.Path(run)), pathlib.Path(output)
    form = find_format(format_name)
    precision, gate = precision or form.precisions[0], gate.for_format(form)
    form.require(precision)
    failed = output.with_name(f"{output.name}.failed")
    _require_absent(output, failed)
    annotator = _annotator(folder)
    prepared = PreparedData(folder.settings().data)
    truth = prepared.annotations(gate.split)[: gate.photographs]
    jpegs = prepared.photographs(gate.split, range(len(truth)))
    choice = None if annotator.model.decoder else label_choice(folder, labels)
    output.parent.mkdir(parents=True, exist_ok=True)
    # It bears the name of a failed one until it has passed.
    form.write(WholeModel(annotator, choice), failed, precision)
    compared = compare(annotator, choice, form.read(failed), jpegs, truth, progress=progress)
    why_not = gate.why_not(compared, precision)
    report = {
        "passed": not why_not,
        "why_not": why_not,
        **_about(form, precision, folder, prepared),
        "compared_on": {"data": f"{prepared.name} {prepared.version}", "split": gate.split},
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


def _about(form: Format, precision: str, folder: RunFolder, prepared: PreparedData) -> dict:
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
