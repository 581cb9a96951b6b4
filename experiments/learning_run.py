"""What the program that learns keywords does: a photo library -> a run that annotates."""

import hashlib
import json
import os
import pathlib
import sys
import time

import keras
import tensorflow as tf

from data_prep.checks import check_prepared
from data_prep.data_sets import DATA_SETS, name_of_folder
from data_prep.prepared_format import prepare
from data_prep.report import print_summary
from data_prep.side_files import HowPrepared
from experiments.configs import own_keywords, own_photographs
from s_cnn_rnn.data.prepared import PreparedData
from s_cnn_rnn.model.systems import find_system
from s_cnn_rnn.progress import ProgressBar
from s_cnn_rnn.runs.run_folder import RunFolder
from s_cnn_rnn.runs.run_stages import planned_stages
from s_cnn_rnn.settings import RunSettings
from s_cnn_rnn.training.stage_training import StoppedByUser
from s_cnn_rnn.training.whole_run import train

CONFIGS = {"labels": own_keywords, "captions": own_photographs}
FEW = 100  # photographs; below, what is learnt is hardly more than the most frequent keywords


def learn(
    folder: str,
    run: str,
    *,
    writes: str = "labels",
    system: str = "ours",
    thorough: bool = False,
    minimum_photographs: int = 5,
    validation_part: float = 0.1,
    output: str = "data/prepared",
    overwrite: bool = False,
    command: str = "",
) -> RunFolder:
    """Prepares the library, checks it, and trains all stages of a run.

    Args:
        folder: the library.
        run: run folder to make, or to go on with.
        writes: "labels" (its keywords) or "captions".
        system: row of the table of systems.
        thorough: whether the CNN is trained too.
        minimum_photographs: keywords of fewer are left out.
        validation_part: of the photographs, held back.
        output: DATA_DIR.
        overwrite: read the library anew where it was read before.
        command: recorded in the prepared set.

    Raises:
        BadData: nothing can be learnt from the library; the message says what to do.
        ValueError, OSError: as `training.train`.
    """
    started = time.monotonic()
    settings = settings_of("", writes, system, thorough)  # refuses early what does not exist
    options = {
        "source": os.path.realpath(folder),
        "minimum_photographs": minimum_photographs,
        "validation_part": validation_part,
    }
    data = _prepared(options, output, overwrite, command)
    _require_annotations(data, writes)
    settings = settings_of(str(data.folder), writes, system, thorough)
    made = RunFolder(pathlib.Path(run))
    keras.utils.disable_interactive_logging()
    tf.config.experimental.enable_op_determinism()  # resumed runs equal undisturbed ones
    try:
        with ProgressBar() as progress:
            check_prepared(settings.data)
            train(made, settings, progress=progress)
    except StoppedByUser as stop:
        sys.exit(f"{stop}; the same command goes on from there")
    _tell(made, settings, time.monotonic() - started)
    return made


def settings_of(data: str, writes: str, system: str, thorough: bool) -> RunSettings:
    """The settings of `configs.own_keywords` or `configs.own_photographs`, changed as asked for.

    Raises:
        ValueError: no such system, or it does not write this.
    """
    content = CONFIGS[writes].get_config().to_dict()
    row = find_system(system)
    if writes not in row.tasks:
        raise ValueError(
            f"--system={system} writes {' and '.join(row.tasks)}, not {writes}; --system=ours "
            "writes both"
        )
    if thorough:
        content["frozen_encoder"] = False
        for stage in ("cnn", "joint"):
            content["stages"][stage]["steps"] = content["stages"][stage]["steps"] or 400
    return RunSettings.from_dict(content | {"data": data, "system": row.name})


def prepared_name(options: dict) -> str:
    """What the prepared set of a library is called: after its folder, and after all that makes it.

    Two folders called Pictures, or one read in two ways, are two sets.

    Args:
        options: of `photo_library.records`; the source is absolute.
    """
    asked = json.dumps(options, sort_keys=True).encode()
    return f"{name_of_folder(options['source'])}_{hashlib.sha256(asked).hexdigest()[:8]}"


def _prepared(options: dict, output: str, overwrite: bool, command: str) -> PreparedData:
    """The library as a prepared set; read before, unless it is to be anew."""
    row = DATA_SETS["photo_library"].called(prepared_name(options))
    place = pathlib.Path(output).absolute() / row.name / row.version
    if place.exists() and not overwrite:
        print(f"{options['source']}: read before, into {place}; --overwrite reads it anew")
        return PreparedData(place)
    with ProgressBar(" photographs") as progress:
        data = prepare(
            row,
            row.records(**options),
            output,
            how=HowPrepared(options, command=command),
            overwrite=overwrite,
            progress=progress,
        )
    print_summary(data)
    return data


def _require_annotations(data: PreparedData, writes: str) -> None:
    """Refuses a library without what is to be learnt; says so where it is little.

    Raises:
        ValueError: there is none of it.
    """
    annotated = {
        kind: sum(bool(getattr(item, kind)) for item in data.annotations("train"))
        for kind in ("labels", "captions")
    }
    other = {"labels": "captions", "captions": "labels"}[writes]
    if not annotated[writes]:
        raise ValueError(
            f"{data.folder}: no photograph has {writes}; --writes={other} learns its {other} "
            f"({annotated[other]:,} photographs)"
        )
    if annotated[writes] < FEW:
        print(
            f"only {annotated[writes]} photographs have {writes}: expect little; "
            f"some {FEW} to 300 are a beginning"
        )
    if writes == "labels":
        names = data.vocabulary("labels").words
        shown = ", ".join(names[:12]) + (", ..." if len(names) > 12 else "")
        print(f"{len(names)} keywords to learn: {shown}")


def _tell(run: RunFolder, settings: RunSettings, seconds: float) -> None:
    last = planned_stages(settings)[-1]
    values = run.stage(last.name).read_summary()["validation"]
    shown = ", ".join(
        f"{name.split('/')[-1]} {value:.2f}"
        for name, value in values.items()
        if name.split("/")[-1] in ("O-F1", "C-F1", "CIDEr", "BLEU-4", "concept_mAP")
    )
    print(f"learnt in {seconds / 60:.1f} minutes; on the photographs held back: {shown}")
    print(f"next: s-cnn-rnn annotate --run={run.path} PHOTOGRAPHS")
