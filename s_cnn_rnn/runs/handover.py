"""What stages hand on: each part's weights, from stage to stage, from run to run, to the reader."""

import dataclasses
import pathlib

import keras

from s_cnn_rnn.data.model_inputs import side_shapes
from s_cnn_rnn.encoders import ENCODERS, encoder_digest
from s_cnn_rnn.model.annotation_model import AnnotationModel, build_model
from s_cnn_rnn.model.ensemble import Ensemble
from s_cnn_rnn.model.stages import STAGES, Stage
from s_cnn_rnn.model.systems import find_system
from s_cnn_rnn.model.unset_weights import unset_weights
from s_cnn_rnn.runs import checkpoints
from s_cnn_rnn.runs.run_folder import RunFolder, SettingsDiffer, first_difference
from s_cnn_rnn.runs.run_stages import planned_stages, stages_of_run, weights_before
from s_cnn_rnn.settings import OF_TRAINING_ALONE, RunSettings, StageSettings


class StagesMissing(ValueError):
    """A stage starts from what another learns, and that one is not over."""


def require_earlier_stages(folder: RunFolder, settings: RunSettings, stage: Stage) -> None:
    """Refuses a stage whose parts an earlier one has not finished learning.

    Stages 1 and 2 need nothing of each other where stage 2 starts from the true concepts.

    Raises:
        StagesMissing: the message names the stage and what to run first.
    """
    planned = planned_stages(settings)
    used = set(stage.trains)
    if stage.source not in ("concepts", "tags"):
        used |= {"encoder", "tag_layer", "semantic"}
    if stage.reads_frozen_features(find_system(settings.system)):
        used |= {"encoder"}
    for earlier in planned[: [s.name for s in planned].index(stage.name)]:
        if used & set(earlier.trains) and not folder.stage(earlier.name).finished:
            raise StagesMissing(
                f"{folder.path}: stage {stage.name} starts from what stage {earlier.name} learns; "
                f"run experiments.{earlier.program} first, with the same --config and --run"
            )


def require_whole_system(folder: RunFolder, settings: RunSettings) -> None:
    """Refuses a run that would end with parts that nothing has trained, before it begins.

    Raises:
        FileNotFoundError: ``cnn_from`` or ``starts_from`` names no run folder, or the latter one
            that is not trained to the end.
        StagesMissing: no stage trains some part, or the run of ``cnn_from`` is not over.
        DataSetDiffers: the run of ``cnn_from`` or ``starts_from`` was trained on other data.
        SettingsDiffer: the run of ``cnn_from`` learnt other concepts, or in another way; or that
            of ``starts_from`` has other parts.
    """
    if settings.starts_from:
        _require_same_parts(folder, settings, RunFolder(pathlib.Path(settings.starts_from)))
        return
    system = find_system(settings.system)
    if settings.cnn_from:
        _require_shared_cnn(folder, RunFolder(pathlib.Path(settings.cnn_from)), settings)
    trained = {part for one in stages_of_run(folder, settings) for part in one.parts}
    missing = [part for part in system.parts if part not in trained | {"encoder"}]
    if missing:
        raise StagesMissing(
            f"{folder.path}: no stage with steps trains the {' and the '.join(missing)} of "
            f"{system.name}; give some to {_could_train(settings, missing)}"
        )


def _could_train(settings: RunSettings, parts: list[str]) -> str:
    """The stages that could train some parts of a run, as flags that give them steps.

    As many as the longest stage that the config has for those parts, whether or not the system
    goes through it.
    """

    def trains(stage: Stage) -> bool:
        return not stage.rewarded and bool(set(parts) & set(stage.trains))

    named = {name: stage.steps for name, stage in settings.stages.items() if trains(STAGES[name])}
    steps = max(named.values(), default=0) or "STEPS"
    every = dict.fromkeys(STAGES, StageSettings(steps=1))
    possible = planned_stages(dataclasses.replace(settings, stages=every))
    flags = [f"--config.stages.{s.name}.steps={steps}" for s in possible if trains(s)]
    return " or ".join(flags)


def _require_shared_cnn(folder: RunFolder, shared: RunFolder, settings: RunSettings) -> None:
    own, other = (find_system(each.system) for each in (settings, shared.settings()))
    taken = [one for one in stages_of_run(folder, settings) if one.run == shared]
    unfinished = [one.stage.name for one in taken if not one.folder.finished]
    if unfinished or not any("semantic" in one.parts or "encoder" in one.parts for one in taken):
        raise StagesMissing(
            f"{shared.path}: cnn_from names this folder, but its "
            f"{', '.join(unfinished) or 'CNN'} is not trained yet; run experiments.train_cnn "
            "there first"
        )
    learnt = [(row.supervised, row.semantic, row.concept_loss) for row in (own, other)]
    # Logits that were learnt beside a tag layer's say what tags do not; those that were learnt
    # alone are joined to a tag layer's where stage joint trains both.
    apart = own.adds_tags != other.adds_tags and not (own.adds_tags and own.interface)
    if learnt[0] != learnt[1] or apart:
        raise SettingsDiffer(
            f"{shared.path}: cnn_from names this folder, but {other.name} learns concepts in "
            f"another way than {own.name}; let {own.name} train a CNN of its own"
        )
    shared.require_data(folder.data_digest())
    if shared.vocabulary().concepts != folder.vocabulary().concepts:
        raise SettingsDiffer(
            f"{shared.path}: cnn_from names this folder, but its CNN learnt other concepts than "
            f"those of {folder.path}; train a CNN on this data, for this task"
        )


def _require_same_parts(folder: RunFolder, settings: RunSettings, start: RunFolder) -> None:
    """Refuses to start from a run that is not over, or that has other parts or data."""
    theirs = start.settings()
    require_finished(start, theirs)
    start.require_data(folder.data_digest())
    difference = first_difference(*(_parts_described(one) for one in (theirs, settings)))
    if difference or start.vocabulary() != folder.vocabulary():
        raise SettingsDiffer(
            f"{start.path}: starts_from names this folder, but its parts are not those of "
            f"{folder.path}: {difference or 'their vocabularies differ'}; set the settings of the "
            "run that is started from"
        )


def _parts_described(settings: RunSettings) -> dict:
    content = settings.to_dict()
    model = {n: value for n, value in content["model"].items() if n not in OF_TRAINING_ALONE}
    return {name: content[name] for name in ("system", "task", "encoder")} | {"model": model}


def require_finished(folder: RunFolder, settings: RunSettings) -> None:
    """Refuses a run that is not trained to the end.

    Raises:
        FileNotFoundError: the message names the stages that are missing, or says that the weights
            are.
    """
    if folder.packed_path.exists():
        return
    missing = [s.name for s in planned_stages(settings) if not folder.stage(s.name).finished]
    if missing:
        raise FileNotFoundError(
            f"{folder.path}: not trained to the end; missing stages: {', '.join(missing)}"
            "; run the training program with the same --config and --run"
        )
    if folder.has_no_weights():
        raise FileNotFoundError(
            f"{folder.path}: trained to the end, but its weights are not there: what it wrote can "
            "be scored, nothing written anew; copy them from where it was trained, or train again"
        )


def load_parts(
    model: AnnotationModel, folder: RunFolder, settings: RunSettings, before: str
) -> None:
    """Loads each part as the latest stage before the named one left it; the others stay as built.

    Args:
        model: whose parts to load.
        folder: of the run.
        settings: of the run; names the run that the CNN comes from, if any.
        before: a stage's name, or "" for the whole run.
    """
    files = weights_before(folder, settings, before)
    for name, part in model.present_parts().items():
        if name in files:
            checkpoints.load(files[name], checkpoints.weights_of({name: part}))


def collect_weights(folder: RunFolder, settings: RunSettings) -> None:
    """Puts the final weights of every part side by side, so that the run folder is whole.

    The model is built only where a file is missing.
    """
    paths = {name: folder.weights / f"{name}.npz" for name in find_system(settings.system).parts}
    missing = {name: path for name, path in paths.items() if not path.exists()}
    if not missing:
        return
    model = build_model(
        settings, folder.vocabulary(), side_shapes=run_side_shapes(folder, settings)
    )
    load_parts(model, folder, settings, before="")
    for name, path in missing.items():
        variables = checkpoints.weights_of({name: model.part(name)})
        checkpoints.save(path, variables, {"part": name})


def run_side_shapes(folder: RunFolder, settings: RunSettings) -> dict[str, tuple[int, ...]]:
    """Shapes of the side information that a run's system sees."""
    width = ENCODERS[settings.encoder.name].width
    return side_shapes(find_system(settings.system), folder.tag_words(), width)


def load_model(folder: RunFolder) -> AnnotationModel | Ensemble:
    """The trained model of a finished run; the run folder alone is enough.

    Members of an ensemble whose encoders are the same, weight by weight, share one.

    Raises:
        FileNotFoundError: this is no run folder, or stages are missing; the message names them.
        ValueError: the members of an ensemble do not go together.
    """
    if folder.members():
        members = [load_model(member) for member in folder.members()]
        # One run that is decoded otherwise is that run: it re-ranks, and can be explained.
        if len(members) == 1:
            return members[0]
        return Ensemble(_sharing_encoders(members, folder.members()))
    settings = folder.settings()
    require_finished(folder, settings)
    encoder = settings.encoder
    packed_without = folder.packed_path.exists() and not (folder.weights / "encoder.npz").exists()
    if not packed_without:  # else its weights are those that its pip package has
        encoder = dataclasses.replace(encoder, weights=None)
    with unset_weights():
        model = build_model(
            dataclasses.replace(settings, encoder=encoder),
            folder.vocabulary(),
            side_shapes=run_side_shapes(folder, settings),
        )
    for name, part in model.present_parts().items():
        if name != "encoder" or not packed_without:
            variables = checkpoints.weights_of({name: part})
            checkpoints.load(folder.weights / f"{name}.npz", variables)
    return model


def _sharing_encoders(
    members: list[AnnotationModel], folders: tuple[RunFolder, ...]
) -> tuple[AnnotationModel, ...]:
    """The same models; an encoder that is an earlier one's, weight by weight, is that object."""
    known: dict[str, keras.Model] = {}
    sharing = []
    for member, folder in zip(members, folders, strict=True):
        if member.encoder is not None:
            digest = encoder_digest(member.encoder, folder.settings().encoder.name)
            member = dataclasses.replace(member, encoder=known.setdefault(digest, member.encoder))
        sharing.append(member)
    return tuple(sharing)
