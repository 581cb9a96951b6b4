import dataclasses

import pytest

from s_cnn_rnn.model.stages import STAGES, stages_of
from s_cnn_rnn.model.systems import SYSTEMS
from s_cnn_rnn.report.system_texts import describe_stage, introduce_system


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (
            "ours",
            [
                "The semantic layer learns the concepts (Lu) from features that the frozen encoder "
                "computed once.",
                "The encoder and the semantic layer learn the concepts (Lu) from photographs.",
                "The interface and the decoder learn the words (Lr) from the true concepts.",
                "The interface and the decoder learn the words (Lr) from the concepts that the "
                "frozen CNN predicts.",
                "The semantic layer, the interface and the decoder learn the concepts and the "
                "words (Lu + Lr) from features that the frozen encoder computed once.",
                "The encoder, the semantic layer, the interface and the decoder learn the concepts "
                "and the words (Lu + Lr) from photographs.",
                "The interface and the decoder learn the words (CIDEr-D of sampled captions) from "
                "the concepts that the frozen CNN predicts.",
            ],
        ),
        (
            "nic-f",
            [
                "The interface and the decoder learn the words (Lr) from features that the frozen "
                "encoder computed once.",
                "The interface and the decoder learn the words (Lr) from features that the frozen "
                "encoder computed once.",
                "The interface and the decoder learn the words (Lr) from features that the frozen "
                "encoder computed once.",
                "The encoder, the interface and the decoder learn the words (Lr) from photographs.",
                "The interface and the decoder learn the words (CIDEr-D of sampled captions) from "
                "features that the frozen encoder computed once.",
            ],
        ),
    ],
)
def test_stages_are_told_as_they_are(name, expected):
    system = SYSTEMS[name]
    stages = stages_of(system, list(STAGES))
    assert [describe_stage(stage, system) for stage in stages] == expected


def test_stages_of_labels_do_not_speak_of_concepts_and_words():
    system = SYSTEMS["ours"]
    head, _, rnn, bridge, _, joint, _ = stages_of(system, list(STAGES))
    texts = [describe_stage(stage, system, task="labels") for stage in (head, rnn, bridge, joint)]
    assert texts == [
        "The semantic layer learns the labels (Lu) from features that the frozen encoder computed "
        "once.",
        "The interface and the decoder learn the lists of labels (Lr) from the true labels.",
        "The interface and the decoder learn the lists of labels (Lr) from the labels that the "
        "frozen CNN predicts.",
        "The encoder, the semantic layer, the interface and the decoder learn the labels and the "
        "lists of labels (Lu + Lr) from photographs.",
    ]


def test_what_is_seen_at_every_step_is_told():
    system = SYSTEMS["ours+attention"]
    *_, rnn, bridge, frozen, joint, rewarded = stages_of(system, list(STAGES))
    for stage in (rnn, bridge, frozen, rewarded):
        assert describe_stage(stage, system).endswith(" and the frozen encoder's feature map.")
    assert describe_stage(joint, system).endswith(" from photographs.")


def test_each_system_is_introduced_as_what_it_is():
    texts = {name: introduce_system(system, 1000, 3) for name, system in SYSTEMS.items()}
    assert "each of 1,000 concepts" in texts["ours"]
    assert "reads nothing but those probabilities, as its first state" in texts["ours"]
    assert "reads not those but the vector of features" in texts["nic-deeply"]
    assert "as if it were the first word" in texts["nic-f"]
    assert (
        "reads those probabilities, as its first state, looks before every word at the places of "
        "the photograph that it needs, and writes the caption"
    ) in texts["ours+attention"]
    assert "looks at each place of a photograph by itself and says how" in texts["msr-captivator"]
    assert "of the 10 likeliest captions the best is chosen by" in texts["msr-captivator"]
    assert (
        "a transformer reads nothing but those probabilities, as if they were the first words, "
        "and writes the caption"
    ) in texts["ours+transformer"]
    assert (
        "reads the vector of features that they are computed from, as if it were the first word, "
        "attends before every word to those that it is surer of than usual, and writes"
    ) in texts["att"]
    assert "No concepts are learnt" in texts["nic-f"]
    own = dataclasses.replace(SYSTEMS["ours"], interface="of one's own", decoder="another")
    text = introduce_system(own, 1000, 3)
    assert "a decoder reads nothing but those probabilities, and writes the caption" in text
    assert texts["ours"].endswith("trained in the three stages below.")
    assert introduce_system(SYSTEMS["ours"], 5, 1).endswith("trained in the one stage below.")
