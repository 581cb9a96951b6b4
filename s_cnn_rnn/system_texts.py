"""Systems and stages told in sentences, made from their rows, so that they are true of each."""

from s_cnn_rnn.stages import Stage
from s_cnn_rnn.systems import System

_READ = {
    "semantic": "as its first state",
    "initial_state": "as its first state",
    "step_zero_input": "as if it were the first word",
    "late_fusion": "beside its own state before every word",
}
_BESIDE = {
    (): "",
    ("tags",): " and at its tags",
    ("neighbours",): " and at others with similar tags",
}
_PARTS = {
    "encoder": "the encoder",
    "tag_layer": "the tag layer",
    "semantic": "the semantic layer",
    "interface": "the interface",
    "decoder": "the decoder",
}
_SOURCES = {
    "image": "photographs",
    "features": "features that the frozen encoder computed once",
    "concepts": "the true concepts",
    "tags": "user tags",
}
_NUMBERS = ("no", "one", "two", "three", "four", "five", "six")


def introduce_system(system: System, concepts: int, stages: int, *, task: str = "captions") -> str:
    """What a system is, in a few sentences.

    Args:
        system: its row.
        concepts: k.
        stages: how many it was trained in.
        task: "captions" or "labels".
    """
    kind = "concepts" if task == "captions" else "labels"
    looks = f"A convolutional network looks at a photograph{_BESIDE[system.side_information]}"
    sure = f"how sure it is of each of {concepts:,} {kind}"
    if "encoder" not in system.parts:
        looks = "A small network reads the tags of a photograph and does not see the photograph"
    if not system.interface:
        text = f"{looks} and says {sure}; the surest are taken"
    else:
        writes = "writes the caption" if task == "captions" else "writes the labels one by one"
        how = _READ[system.interface]
        if system.embedding == "concepts":
            text = (
                f"{looks} and says {sure}; a recurrent network reads nothing but those "
                f"probabilities, {how}, and {writes}"
            )
        elif system.supervised:
            text = (
                f"{looks} and learns to say {sure}; a recurrent network reads not those but the "
                f"vector of features that they are computed from, {how}, and {writes}"
            )
        else:
            text = (
                f"A convolutional network turns a photograph into a vector of features; a "
                f"recurrent network reads it, {how}, and {writes}. No concepts are learnt"
            )
    count = _NUMBERS[stages] if stages < len(_NUMBERS) else str(stages)
    below = f"It was trained in the {count} stage{'s' if stages != 1 else ''} below."
    return f"{text} ({system.reference}). {below}"


def describe_stage(stage: Stage, system: System) -> str:
    """What trains in a stage, from what, and what is learnt.

    Args:
        stage: its row, cut to the system (`stages.stages_of`).
        system: the system's row.
    """
    parts = _join([_PARTS[part] for part in stage.trains])
    learn = "learns" if len(stage.trains) == 1 else "learn"
    outputs = _join([f"the {output}" for output in stage.outputs])
    loss = " + ".join({"concepts": "Lu", "words": "Lr"}[output] for output in stage.outputs)
    if stage.rewarded:
        loss = "CIDEr-D of sampled captions"
    source = _SOURCES[stage.source]
    only_words = stage.outputs == ("words",) and system.embedding == "concepts"
    if stage.source == "features" and only_words:
        source = "the concepts that the frozen CNN predicts"
    return f"{parts[0].upper()}{parts[1:]} {learn} {outputs} ({loss}) from {source}."


def _join(names: list[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
