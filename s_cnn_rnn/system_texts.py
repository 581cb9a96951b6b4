"""Systems and stages told in sentences, made from their rows, so that they are true of each."""

from s_cnn_rnn.stages import Stage
from s_cnn_rnn.systems import System

_READ = {
    "semantic": "as its first state",
    "initial_state": "as its first state",
    "step_zero_input": "as if it were the first word",
    "late_fusion": "beside its own state before every word",
}
_PARTS = {
    "encoder": "the encoder",
    "semantic": "the semantic layer",
    "interface": "the interface",
    "decoder": "the decoder",
}
_SOURCES = {
    "image": "photographs",
    "features": "features that the frozen encoder computed once",
    "concepts": "the true concepts",
}
_NUMBERS = ("no", "one", "two", "three", "four", "five", "six")


def introduce_system(system: System, concepts: int, stages: int) -> str:
    """What a system is, in a few sentences.

    Args:
        system: its row.
        concepts: k.
        stages: how many it was trained in.
    """
    how = _READ[system.interface]
    if system.embedding == "concepts":
        text = (
            f"A convolutional network looks at a photograph and says how sure it is of each of "
            f"{concepts:,} concepts; a recurrent network reads nothing but those probabilities, "
            f"{how}, and writes the caption"
        )
    elif system.supervised:
        text = (
            f"A convolutional network looks at a photograph and learns to say how sure it is of "
            f"each of {concepts:,} concepts; a recurrent network reads not those but the vector of "
            f"features that they are computed from, {how}, and writes the caption"
        )
    else:
        text = (
            f"A convolutional network turns a photograph into a vector of features; a recurrent "
            f"network reads it, {how}, and writes the caption. No concepts are learnt"
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
    source = _SOURCES[stage.source]
    only_words = stage.outputs == ("words",) and system.embedding == "concepts"
    if stage.source == "features" and only_words:
        source = "the concepts that the frozen CNN predicts"
    return f"{parts[0].upper()}{parts[1:]} {learn} {outputs} ({loss}) from {source}."


def _join(names: list[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
