"""The training stages as a table (section 3.3, fig. 2): what feeds, what trains, what is learnt."""

import dataclasses

from s_cnn_rnn.model.system import System


@dataclasses.dataclass(frozen=True)
class Stage:
    """One stage.

    Args:
        name: its name in configs and run folders.
        program: the program that runs it.
        summary: what it does, for people.
        source: where the stage's model starts. "image": photographs; "features": F of a frozen
            encoder, computed once for each photograph; "embedding": what the interface is fed with,
            the true s where that is s_hat (fig. 2c; for such a system the source is then
            "concepts"), else frozen features; "tags": user tags alone.
            What the decoder sees of the photograph at every step is always there.
        trains: the parts that train; all others are frozen.
        outputs: what is learnt: "concepts" (Lu), "words" (Lr).
        rewarded: whether words are learnt from rewards of captions that the decoder samples, in
            place of Lr (`self_critical`).
    """

    name: str
    program: str
    summary: str
    source: str
    trains: tuple[str, ...]
    outputs: tuple[str, ...]
    rewarded: bool = False

    def reads_frozen_features(self, system: System) -> bool:
        """Whether such a system's model is fed in it with what a frozen encoder makes."""
        sees_map = self.source == "concepts" and "feature_map" in system.decoder_sees
        return self.source == "features" or sees_map


STAGES = {
    stage.name: stage
    for stage in (
        Stage(
            "tags",
            "train_cnn",
            "the tag layer alone, from user tags",
            source="tags",
            trains=("tag_layer",),
            outputs=("concepts",),
        ),
        Stage(
            "cnn_head",
            "train_cnn",
            "the semantic layer alone, on a frozen encoder",
            source="features",
            trains=("tag_layer", "semantic"),
            outputs=("concepts",),
        ),
        Stage(
            "cnn",
            "train_cnn",
            "encoder and semantic layer",
            source="image",
            trains=("encoder", "tag_layer", "semantic"),
            outputs=("concepts",),
        ),
        Stage(
            "rnn",
            "train_rnn",
            "interface and decoder from the true concepts (systems that read F: from a frozen CNN)",
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
            trains=("tag_layer", "semantic", "interface", "decoder"),
            outputs=("concepts", "words"),
        ),
        Stage(
            "joint",
            "train_joint",
            "everything, L = Lu + Lr",
            source="image",
            trains=("encoder", "tag_layer", "semantic", "interface", "decoder"),
            outputs=("concepts", "words"),
        ),
        Stage(
            "self_critical",
            "train_joint",
            "interface and decoder from CIDEr-D of captions they sample; the CNN is frozen",
            source="features",
            trains=("interface", "decoder"),
            outputs=("words",),
            rewarded=True,
        ),
    )
}


def stages_of(system: System, names: list[str]) -> list[Stage]:
    """The stages of that system among the named ones, in the table's order, cut to its parts.

    A stage is the system's if all that it learns and starts from is there: a system that writes
    nothing has no stage that learns words, one without a semantic layer none on photographs that
    learns concepts alone.

    Raises:
        ValueError: a name that is no stage.
    """
    unknown = sorted(set(names) - set(STAGES))
    if unknown:
        raise ValueError(f"stage {unknown[0]!r}: expected some of {tuple(STAGES)}")
    own = [s for s in STAGES.values() if s.name in names and s.name not in system.skips]
    stages = [_cut(stage, system) for stage in own]
    return [stage for stage in stages if stage is not None]


def _cut(stage: Stage, system: System) -> Stage | None:
    """The stage as the system goes through it; None where it does not."""
    if "words" in stage.outputs and not system.interface:
        return None
    if stage.source in ("features", "image") and "encoder" not in system.parts:
        return None
    parts = tuple(part for part in stage.trains if part in system.parts)
    outputs = tuple(o for o in stage.outputs if o != "concepts" or system.supervised)
    if not parts or not outputs:
        return None
    source = stage.source
    if source == "embedding":
        source = "concepts" if system.embedding == "concepts" else "features"
    return dataclasses.replace(stage, source=source, trains=parts, outputs=outputs)
