"""What the packing program does: scores runs, packs them, compares, brings the model card up."""

import json
import pathlib
from collections.abc import Sequence

from experiments import evaluation_run
from s_cnn_rnn import packing
from s_cnn_rnn.explaining.concept_switches import is_steerable
from s_cnn_rnn.explaining.run_concepts import concept_statistics
from s_cnn_rnn.progress import ProgressBar
from s_cnn_rnn.runs.handover import load_model
from s_cnn_rnn.runs.run_folder import RunFolder
from s_cnn_rnn.scoring.evaluation import score_systems
from s_cnn_rnn.scoring.score_table import rows_of_system

BEGIN, END = "<!-- figures of the box -->", "<!-- end of figures -->"
SHOWN = {
    "captions": ("CIDEr", "METEOR", "BLEU-4"),
    "labels": ("C-F1", "O-F1", "mAP"),
}


def pack_runs(
    runs: Sequence[str],
    output: pathlib.Path,
    *,
    photographs: int = 200,
    least: float = 0.95,
    score: bool = True,
    largest: float = 25.0,
    card: str = "",
) -> None:
    """Packs each run into a folder named after what it writes, and says how large it is.

    Args:
        runs: run folders, one for each task.
        output: the box.
        photographs: how many of the validation part are compared.
        least: on which part of them a packed run must agree with the run.
        score: whether the runs are scored.
        largest: most megabytes in all.
        card: model card to bring up to date; "" for none.

    Raises:
        FileNotFoundError, KeyError, ValueError: as `packing` and `evaluation`; the box is too
            large; two runs write the same.
    """
    folders = {RunFolder(pathlib.Path(run)).settings().task: run for run in runs}
    if len(folders) != len(runs):
        raise ValueError(f"{', '.join(runs)}: name one run for captions and one for labels")
    total = 0
    for task, run in folders.items():
        folder = RunFolder(pathlib.Path(run))
        _make_statistics(folder)
        scores = _scores(folder) if score else ()
        packed = packing.pack(folder, output / task, scores=scores)
        found = packing.check(folder, packed, photographs=photographs, least=least)
        size = packing.size(packed)
        total += size
        print(
            f"{packed.path}: {size / 1e6:.1f} MB, the same as {run} on {found.same} of "
            f"{found.photographs} photographs"
        )
    print(f"the box: {total / 1e6:.1f} MB")
    if total > largest * 1e6:
        raise ValueError(f"{output}: {total / 1e6:.1f} MB, more than --largest={largest:g}")
    if card:
        write_card(pathlib.Path(card), output)


def _make_statistics(folder: RunFolder) -> None:
    """Has the run folder hold which concepts go together, for `packing` to take along."""
    model = load_model(folder)
    if is_steerable(model):
        with ProgressBar(" photographs") as progress:
            concept_statistics(folder, model, progress=progress)


def _scores(folder: RunFolder):
    command = evaluation_run.command("experiments.evaluate", [f"--run={folder.path}"])
    with ProgressBar(" photographs") as progress:
        (system,) = score_systems([[folder]], "validation", progress=progress)
    return rows_of_system(system, command=command)


def write_card(card: pathlib.Path, box: pathlib.Path) -> None:
    """Puts the figures of the packed runs between the card's two marks.

    Raises:
        ValueError: the card has no such marks.
    """
    text = card.read_text("utf-8")
    if not 0 <= text.find(BEGIN) < text.find(END):
        raise ValueError(f"{card}: expected the marks {BEGIN} and {END}, in this order")
    runs = [json.loads(path.read_text("utf-8")) for path in sorted(box.glob("*/packed.json"))]
    before, after = text[: text.index(BEGIN)], text[text.index(END) :]
    body = "\n\n".join("\n".join(_lines(run)) for run in runs)
    card.write_text(f"{before}{BEGIN}\n\n{body}\n\n{after}", "utf-8")


def _lines(run: dict) -> list[str]:
    """One packed run as a table of facts."""
    data = run["data"] or {"name": "not recorded", "version": "", "digest": ""}
    check = run["check"]
    steps = ", ".join(f"{stage['stage']} {stage['steps']}" for stage in run["stages"])
    rows = [
        ("writes", run["task"]),
        ("system", f"`{run['system']}`"),
        ("encoder", f"{run['encoder']} (weights: {run['encoder_weights']})"),
        ("data", f"{data['name']} {data['version']}, digest `{data['digest'][:16]}`"),
        ("stages and steps", steps),
        ("packed at commit", f"`{run['source_commit']}`"),
        ("the same as the run", f"on {check['same']} of {check['photographs']} photographs"),
    ]
    rows += [(name, value) for name, value in _shown(run["scores"], run["task"])]
    return ["| | |", "| --- | --- |", *(f"| {name} | {value} |" for name, value in rows)]


def _shown(scores: list[dict], task: str):
    first = scores[0]["protocol"] if scores else ""
    for score in scores:
        if score["metric"] in SHOWN[task] and score["protocol"] == first:
            interval = "" if score["low"] is None else f" [{score['low']:.3f}, {score['high']:.3f}]"
            value = "not measured" if score["value"] is None else f"{score['value']:.3f}{interval}"
            yield f"{score['metric']}, {score['split']} part ({first})", value
