"""Systems and stages told in sentences, made from their rows, so that they are true of each."""

import collections
from collections.abc import Sequence

from s_cnn_rnn.model.stages import Stage
from s_cnn_rnn.model.system import System

_READ = {
    "semantic": "as its first state",
    "initial_state": "as its first state",
    "step_zero_input": "as if it were the first word",
    "prefix": "as if they were the first words",
    "late_fusion": "beside its own state before every word",
}
"""How a decoder reads what an interface gives it; one of one's own may have no line."""
_WRITERS = collections.defaultdict(
    lambda: "a decoder", recurrent="a recurrent network", transformer="a transformer"
)
_BESIDE = {
    "tags": " and at its tags",
    "neighbours": " and at others with similar tags",
    "feature_map": "",
}
_LOOKS_AT = collections.defaultdict(
    lambda: "a photograph", multiple_instances="each place of a photograph by itself"
)
_BEFORE_EVERY_WORD = {
    "concepts": "attends before every word to those that it is surer of than usual",
    "feature_map": "looks before every word at the places of the photograph that it needs",
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
    "tags": "user tags",
}
_LEARNT = {
    "captions": {"concepts": "the concepts", "words": "the words"},
    "labels": {"concepts": "the labels", "words": "the lists of labels"},
}
"""What people call what is learnt, by task and output of a stage."""
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
    beside = "".join(_BESIDE[name] for name in system.side_information)
    looks = f"A convolutional network looks at {_LOOKS_AT[system.semantic]}{beside}"
    sure = f"how sure it is of each of {concepts:,} {kind}"
    if "encoder" not in system.parts:
        looks = "A small network reads the tags of a photograph and does not see the photograph"
    if not system.interface:
        text = f"{looks} and says {sure}; the surest are taken"
    elif not system.supervised:
        text = (
            "A convolutional network turns a photograph into a vector of features; "
            f"{_how_written(system, task, 'it')}. No concepts are learnt"
        )
    elif system.embedding == "features":
        read = "the vector of features that they are computed from"
        read = read if "concepts" in system.decoder_sees else f"not those but {read}"
        text = f"{looks} and learns to say {sure}; {_how_written(system, task, read)}"
    else:
        read = "those probabilities"
        if system.embedding == "features_and_concepts":
            read = "those probabilities and a vector of features"
        elif not system.decoder_sees:
            read = f"nothing but {read}"
        text = f"{looks} and says {sure}; {_how_written(system, task, read)}"
    if system.candidates:
        text += (
            f"; of the {system.candidates} likeliest captions the best is chosen by likelihood, "
            f"length and the {kind} that it names"
        )
    count = _NUMBERS[stages] if stages < len(_NUMBERS) else str(stages)
    below = f"It was trained in the {count} stage{'s' if stages != 1 else ''} below."
    return f"{text} ({system.reference}). {below}"


def _how_written(system: System, task: str, read: str) -> str:
    """What the decoder reads, sees and writes."""
    writes = "writes the caption" if task == "captions" else "writes the labels one by one"
    beside = (_BEFORE_EVERY_WORD[name] for name in system.decoder_sees)
    acts = [f"reads {read}", *beside, writes]
    if system.interface in _READ:
        acts[0] += f", {_READ[system.interface]}"
    return f"{_WRITERS[system.decoder]} {', '.join(acts[:-1])}, and {acts[-1]}"


def introduce_ensemble(name: str, members: Sequence[str]) -> str:
    """What an ensemble is, in a few sentences.

    Args:
        name: what tables call it, such as "ensemble of 5 nic-v2".
        members: the run folders.
    """
    return (
        f"An {name}: before every word the members' word probabilities are averaged, and one beam "
        f"search writes. Its members: {', '.join(members)}. Their stages are below."
    )


def describe_stage(stage: Stage, system: System, *, task: str = "captions") -> str:
    """What trains in a stage, from what, and what is learnt.

    Args:
        stage: its row, cut to the system (`stages.stages_of`).
        system: the system's row.
        task: "captions" or "labels".
    """
    learnt = _LEARNT[task]
    concepts = learnt["concepts"].removeprefix("the ")
    parts = _join([_PARTS[part] for part in stage.trains])
    learn = "learns" if len(stage.trains) == 1 else "learn"
    outputs = _join([learnt[output] for output in stage.outputs])
    loss = " + ".join({"concepts": "Lu", "words": "Lr"}[output] for output in stage.outputs)
    if stage.rewarded:
        loss = "CIDEr-D of sampled captions"
    source = f"the true {concepts}" if stage.source == "concepts" else _SOURCES[stage.source]
    only_words = stage.outputs == ("words",) and system.embedding == "concepts"
    if stage.source == "features" and only_words:
        source = f"the {concepts} that the frozen CNN predicts"
    if (
        stage.source != "image"
        and "words" in stage.outputs
        and "feature_map" in system.decoder_sees
    ):
        source += " and the frozen encoder's feature map"
    return f"{parts[0].upper()}{parts[1:]} {learn} {outputs} ({loss}) from {source}."


def _join(names: list[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
