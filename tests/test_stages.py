"""Which stages each system goes through."""

import pytest

from s_cnn_rnn.settings import RunSettings
from s_cnn_rnn.stages import STAGES, cnn_stages, planned_stages
from s_cnn_rnn.systems import find_system

FIXED_LENGTH = ["cnn_head", "cnn"]
WRITTEN_FROM_FEATURES = ["rnn", "rnn_predicted", "joint"]


def settings(system: str, **changes) -> RunSettings:
    stages = {name: {"steps": 1} for name, stage in STAGES.items() if not stage.rewarded}
    return RunSettings.from_dict({"data": "", "system": system, "stages": stages} | changes)


@pytest.mark.parametrize(
    ("system", "expected"),
    [
        ("ours", ["cnn_head", "cnn", "rnn", "rnn_predicted", "joint"]),
        ("ours+tags", ["tags", "cnn_head", "cnn", "rnn", "rnn_predicted", "joint"]),
        ("ours+tags-fixed", ["tags", "cnn_head", "rnn", "rnn_predicted", "joint_frozen"]),
        ("ours+attention", ["cnn_head", "cnn", "rnn", "rnn_predicted", "joint"]),
        ("ours+transformer", ["cnn_head", "cnn", "rnn", "rnn_predicted", "joint"]),
        ("nic-f", WRITTEN_FROM_FEATURES),
        ("v2l", ["cnn_head", "cnn", "rnn_predicted"]),
        ("att", ["cnn_head", "cnn", "rnn", "rnn_predicted", "joint"]),
        ("msr-captivator", ["cnn_head", "cnn", "rnn", "rnn_predicted"]),
        ("ria", WRITTEN_FROM_FEATURES),
        ("cnn-rnn", WRITTEN_FROM_FEATURES),
        ("cnn-logistic", FIXED_LENGTH),
        ("cnn-warp", FIXED_LENGTH),
        ("cnn+tags", ["tags", *FIXED_LENGTH]),
        ("tags-alone", ["tags"]),
        ("tag-neighbours", ["cnn_head"]),
        ("sinn", ["cnn_head"]),
    ],
)
def test_stages_of_each_system(system, expected):
    assert [stage.name for stage in planned_stages(settings(system))] == expected


def test_a_frozen_run_has_the_stages_on_frozen_features():
    stages = [stage.name for stage in planned_stages(settings("ours", frozen_encoder=True))]
    assert stages == ["cnn_head", "rnn", "rnn_predicted", "joint_frozen"]
    assert cnn_stages(settings("ours", frozen_encoder=True)) == ("tags", "cnn_head")
    assert cnn_stages(settings("ours")) == ("tags", "cnn_head", "cnn")


def test_the_cnn_of_another_run_is_not_trained_again_but_tags_are():
    names = [stage.name for stage in planned_stages(settings("ours+tags", cnn_from="other"))]
    assert names == ["tags", "rnn", "rnn_predicted", "joint"]
    assert planned_stages(settings("cnn-logistic", cnn_from="other")) == []


def test_captions_may_be_rewarded_last_of_all_and_labels_are_not():
    stages = {"joint": {"steps": 1}, "self_critical": {"steps": 1}}
    [_, last] = planned_stages(settings("ours", stages=stages))
    assert (last.name, last.trains, last.outputs) == (
        "self_critical",
        ("interface", "decoder"),
        ("words",),
    )
    [joint] = planned_stages(settings("ours", stages=stages, task="labels"))
    assert joint.name == "joint"


def test_a_stage_without_steps_is_left_out():
    stages = {"cnn_head": {"steps": 0}, "cnn": {"steps": 2}}
    assert [s.name for s in planned_stages(settings("cnn-logistic", stages=stages))] == ["cnn"]


def test_what_is_seen_at_every_step_is_there_beside_the_true_concepts():
    for system, reads in (("ours", False), ("ours+attention", True), ("att", True)):
        [rnn] = [stage for stage in planned_stages(settings(system)) if stage.name == "rnn"]
        assert rnn.reads_frozen_features(find_system(system)) is reads


def test_parts_are_cut_to_the_system():
    [tags, head, cnn, *_, joint] = planned_stages(settings("ours+tags"))
    assert (tags.source, tags.trains, tags.outputs) == ("tags", ("tag_layer",), ("concepts",))
    assert head.trains == ("tag_layer", "semantic")
    assert cnn.trains == ("encoder", "tag_layer", "semantic")
    assert joint.trains == ("encoder", "tag_layer", "semantic", "interface", "decoder")
    attention, detects = find_system("ours+attention"), find_system("msr-captivator")
    assert [row.sees_for(("concepts",)) for row in (attention, detects)] == [(), ("feature_map",)]
    assert attention.sees_for(("words",)) == ("feature_map",)
    [*_, joint] = planned_stages(settings("ria"))
    assert (joint.trains, joint.outputs) == (("encoder", "interface", "decoder"), ("words",))
