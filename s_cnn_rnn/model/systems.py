"""The systems as a table: the paper's, those it is compared with, and today's baselines.

A row says what differs between systems; everything else (CNN, decoder, training) is the same for
all, as in the paper's comparisons. `annotation_model.build_model` builds any row.
"""

from s_cnn_rnn.model.system import System
from s_cnn_rnn.near_names import did_you_mean

BOTH = ("captions", "labels")
PAPER = "arXiv 1611.05490"

SYSTEMS = {
    row.name: row
    for row in (
        System(
            name="ours",
            summary="S-CNN-RNN: predicted concepts set the decoder's first state",
            reference=f"{PAPER}, section 3.2, fig. 1(d)",
            tasks=BOTH,
            semantic="linear",
            interface="semantic",
            embedding="concepts",
        ),
        System(
            name="ours+attention",
            summary="ours, and before every word a look at the places of the photograph it needs",
            reference=f"{PAPER}, section 3.2; Xu et al. 2015, section 4.2",
            tasks=("captions",),
            semantic="linear",
            interface="semantic",
            embedding="concepts",
            fusion="visual_attention",
        ),
        System(
            name="ours+transformer",
            summary="ours, with a small transformer in the place of the recurrent decoder",
            reference=f"{PAPER}, section 3.2; Vaswani et al. 2017",
            tasks=("captions",),
            semantic="linear",
            interface="prefix",
            embedding="concepts",
            decoder="transformer",
        ),
        System(
            name="nic-f",
            summary="features as step-zero input, trained end to end, no concepts",
            reference=f"{PAPER}, section 5.2; Vinyals et al. 2015, fig. 1(a)",
            tasks=("captions",),
            interface="step_zero_input",
            embedding="features",
        ),
        System(
            name="nic-deeply",
            summary="the same deep supervision, but features set the decoder's first state",
            reference=f"{PAPER}, section 5.2",
            tasks=("captions",),
            semantic="linear",
            interface="initial_state",
            embedding="features",
        ),
        System(
            name="ours+tags",
            summary="ours, with the logits of a tag layer added to those of the photograph",
            reference=f"{PAPER}, section 4.2",
            semantic="linear",
            adds_tags=True,
            interface="semantic",
            embedding="concepts",
        ),
        System(
            name="ours+tags-fixed",
            summary="ours+tags on a CNN that is not trained",
            reference=f"{PAPER}, section 4.3 (Fix)",
            semantic="linear",
            adds_tags=True,
            interface="semantic",
            embedding="concepts",
            frozen_encoder=True,
        ),
        System(
            name="ours+free-order",
            summary="ours, each label list learnt in the order that the decoder itself prefers",
            reference="Yazici et al. 2020 (predicted-label alignment)",
            semantic="linear",
            interface="semantic",
            embedding="concepts",
            label_order="predicted",
        ),
        System(
            name="ria",
            summary="features set the first state of a decoder that writes labels, rare ones first",
            reference="Jin and Nakayama 2016; fig. 1(b)",
            interface="initial_state",
            embedding="features",
        ),
        System(
            name="cnn-rnn",
            summary="features joined to the decoder's output at every step, frequent labels first",
            reference="Wang et al. 2016; fig. 1(c)",
            interface="late_fusion",
            embedding="features",
            fusion="multimodal",
            label_order="frequent_first",
        ),
        System(
            name="nic-v2",
            summary="nic-f that learns to read its own words; meant for ensembles",
            reference="Vinyals et al. 2016; Bengio et al. 2015",
            tasks=("captions",),
            interface="step_zero_input",
            embedding="features",
            scheduled_sampling=True,
        ),
        System(
            name="m-rnn",
            summary="a multimodal layer joins image, word and a plain recurrence before every word",
            reference="Mao et al. 2015, section 3.2; fig. 1(c)",
            tasks=("captions",),
            interface="late_fusion",
            embedding="features",
            fusion="multimodal_with_words",
            cell="simple",
            skips=("joint",),
        ),
        System(
            name="v2l",
            summary="256 attributes, learnt first, are read as if they were the first word",
            reference="Wu et al. 2016, section 3",
            tasks=("captions",),
            semantic="linear",
            interface="step_zero_input",
            embedding="concepts",
            most_concepts=256,
            skips=("rnn", "joint_frozen", "joint"),
        ),
        System(
            name="att",
            summary="features as step-zero input; attention to detected concepts at every step",
            reference="You et al. 2016, section 3",
            tasks=("captions",),
            semantic="linear",
            interface="step_zero_input",
            embedding="features",
            fusion="concept_attention",
            skips=("joint",),
        ),
        System(
            name="msr-captivator",
            summary="words detected place by place; a GRU writes from them and the features; "
            "candidates are re-ranked",
            reference="Fang et al. 2015; Devlin et al. 2015",
            tasks=("captions",),
            semantic="multiple_instances",
            interface="step_zero_input",
            embedding="features_and_concepts",
            cell="gru",
            candidates=10,
            skips=("joint_frozen", "joint"),
        ),
        System(
            name="cnn-logistic",
            summary="an independent sigmoid for each label",
            reference=f"{PAPER}, section 4.3; Gong et al. 2014",
            semantic="linear",
        ),
        System(
            name="cnn-softmax",
            summary="a softmax over all labels against the normalised label vector",
            reference="Gong et al. 2014, section 3.1",
            semantic="linear",
            concept_loss="softmax",
        ),
        System(
            name="cnn-warp",
            summary="weighted approximate-rank pairwise loss",
            reference="Gong et al. 2014, section 3.3; Weston et al. 2011",
            semantic="linear",
            concept_loss="warp",
        ),
        System(
            name="cnn-asymmetric",
            summary="sigmoids whose loss makes little of easy negatives",
            reference="Ridnik et al. 2021, eq. 7",
            semantic="linear",
            concept_loss="asymmetric",
        ),
        System(
            name="cnn+tags",
            summary="logits of photograph and tag layer added, no decoder",
            reference=f"{PAPER}, supplement (CNN+tag1k)",
            semantic="linear",
            adds_tags=True,
        ),
        System(
            name="tags-alone",
            summary="the tag layer alone: no photograph is seen",
            reference=f"{PAPER}, section 4.2",
            adds_tags=True,
        ),
        System(
            name="tag-neighbours",
            summary="features pooled with those of photographs that have similar tags",
            reference="Johnson et al. 2015, section 3",
            semantic="neighbours",
            frozen_encoder=True,
        ),
        System(
            name="sinn",
            summary="tags and labels as two layers that send each other messages",
            reference="Hu et al. 2016, section 3",
            semantic="messages",
            frozen_encoder=True,
        ),
    )
}


def find_system(name: str) -> System:
    """The row of that name.

    Raises:
        ValueError: there is none; the message lists those there are.
    """
    if name not in SYSTEMS:
        meant = did_you_mean(name, SYSTEMS)
        told = f"system {name!r} does not exist; {meant and f'{meant} '}there are:"
        raise ValueError(f"{told}\n{listed_systems()}")
    return SYSTEMS[name]


def listed_systems() -> str:
    """All systems, a line each: name, what it is, what it writes."""
    width = max(map(len, SYSTEMS))
    return "\n".join(
        f"  {row.name:<{width}}  {row.summary} ({' and '.join(row.tasks)})"
        for row in SYSTEMS.values()
    )
