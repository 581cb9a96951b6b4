"""The training stages as a table (section 3.3, fig. 2): what feeds, what trains, what is learnt."""

import dataclasses

from s_cnn_rnn.settings import RunSettings
from s_cnn_rnn.systems import System, find_system


@dataclasses.dataclass(frozen=True)
class Stage:
    """One stage.

    Args:
        name: its name in configs and run folders.
        program: the program that runs it.
        summary: what it does, for people.
        source: where the stage's model starts. "image": photographs; "features": F of a frozen
            encoder, computed once for each photograph; "embedding": what the interface is fed with,
            the true s where that is s_hat (fig. 2c), else frozen features.
        trains: the parts that train; all others are frozen.
        outputs: what is learnt: "concepts" (Lu), "words" (Lr).
    """

    name: str
    program: str
    summary: str
    source: str
    trains: tuple[str, ...]
    outputs: tuple[str, ...]


STAGES = {
    stage.name: stage
    for stage in (
        Stage(
            "cnn_head",
            "train_cnn",
            "the semantic layer alone, on a frozen encoder",
            source="features",
            trains=("semantic",),
            outputs=("concepts",),
        ),
        Stage(
            "cnn",
            "train_cnn",
            "encoder and semantic layer",
            source="image",
            trains=("encoder", "semantic"),
            outputs=("concepts",),
        ),
        Stage(
            "rnn",
            "train_rnn",
            "interface and decoder from the true concepts (or frozen features)",
            source="embedding",
            trains=("interface", "decoder"),
            outputs=("words",),
        ),
        Stage(
            "rnn_predicted",
            "train_joint",
            "interface and decoder from what the frozen CNN predicts; a bridge to the joint stage",
            source="features",
            trains=("interface", "decoder"),
            outputs=("words",),
        ),
        Stage(
            "joint_frozen",
            "train_joint",
            "everything but the encoder, L = Lu + Lr",
            source="features",
            trains=("semantic", "interface", "decoder"),
            outputs=("concepts", "words"),
        ),
        Stage(
            "joint",
            "train_joint",
            "everything, L = Lu + Lr",
            source="image",
            trains=("encoder", "semantic", "interface", "decoder"),
            outputs=("concepts", "words"),
        ),
    )
}


def stages_of(system: System, names: list[str]) -> list[Stage]:
    """The stages of that system among the named ones, in the table's order, cut to its parts.

    Raises:
        ValueError: a name that is no stage.
    """
    unknown = sorted(set(names) - set(STAGES))
    if unknown:
        raise ValueError(f"stage {unknown[0]!r}: expected some of {tuple(STAGES)}")
    chosen = []
    for stage in STAGES.values():
        if stage.name not in names:
            continue
        parts, outputs = stage.trains, stage.outputs
        if not system.supervised:
            parts = tuple(part for part in parts if part != "semantic")
            outputs = tuple(output for output in outputs if output != "concepts")
        source = stage.source
        if source == "embedding":
            source = "concepts" if system.embedding == "concepts" else "features"
        if outputs:
            stage = dataclasses.replace(stage, source=source, trains=parts, outputs=outputs)
            chosen.append(stage)
    return chosen


def planned_stages(settings: RunSettings) -> list[Stage]:
    """The stages a run goes through: those with steps, without the CNN's where it has another's."""
    named = [name for name, stage in settings.stages.items() if stage.steps]
    stages = stages_of(find_system(settings.system), named)
    if settings.cnn_from:
        stages = [stage for stage in stages if stage.program != "train_cnn"]
    return stages
