"""Which stages each run goes through, and what it has from the stages of others."""

import pytest

from s_cnn_rnn.model.stages import STAGES
from s_cnn_rnn.model.systems import SYSTEMS, find_system
from s_cnn_rnn.runs.run_folder import RunFolder
from s_cnn_rnn.runs.run_stages import planned_stages, stages_of_run, weights_before
from s_cnn_rnn.settings import RunSettings

FIXED_LENGTH = ["cnn_head", "cnn"]
WRITTEN_FROM_FEATURES = ["rnn", "rnn_predicted", "joint"]


def settings(system: str, **changes) -> RunSettings:
    stages = {name: {"steps": 1} for name, stage in STAGES.items() if not stage.rewarded}
    return RunSettings.from_dict({"data": "", "system": system, "stages": stages} | changes)


EXPECTED = {
    "ours": ["cnn_head", "cnn", "rnn", "rnn_predicted", "joint"],
    "ours+tags": ["tags", "cnn_head", "cnn", "rnn", "rnn_predicted", "joint"],
    "ours+tags-fixed": ["tags", "cnn_head", "rnn", "rnn_predicted", "joint_frozen"],
    "ours+attention": ["cnn_head", "cnn", "rnn", "rnn_predicted", "joint"],
    "ours+transformer": ["cnn_head", "cnn", "rnn", "rnn_predicted", "joint"],
    "ours+free-order": ["cnn_head", "cnn", "rnn", "rnn_predicted", "joint"],
    "nic-deeply": ["cnn_head", "cnn", "rnn", "rnn_predicted", "joint"],
    "nic-f": WRITTEN_FROM_FEATURES,
    "nic-v2": WRITTEN_FROM_FEATURES,
    "v2l": ["cnn_head", "cnn", "rnn_predicted"],
    "att": ["cnn_head", "cnn", "rnn", "rnn_predicted"],
    "m-rnn": ["rnn", "rnn_predicted"],
    "msr-captivator": ["cnn_head", "cnn", "rnn", "rnn_predicted"],
    "ria": WRITTEN_FROM_FEATURES,
    "cnn-rnn": WRITTEN_FROM_FEATURES,
    "cnn-logistic": FIXED_LENGTH,
    "cnn-softmax": FIXED_LENGTH,
    "cnn-warp": FIXED_LENGTH,
    "cnn-asymmetric": FIXED_LENGTH,
    "cnn+tags": ["tags", *FIXED_LENGTH],
    "tags-alone": ["tags"],
    "tag-neighbours": ["cnn_head"],
    "sinn": ["cnn_head"],
}
"""System -> its stages, by what is known of it (`System` and the paper's section 3.3)."""


def test_every_system_has_its_stages_here():
    assert set(EXPECTED) == set(SYSTEMS)


@pytest.mark.parametrize(("system", "expected"), EXPECTED.items())
def test_stages_of_each_system(system, expected):
    assert [stage.name for stage in planned_stages(settings(system))] == expected


def test_a_frozen_run_has_the_stages_on_frozen_features():
    stages = [stage.name for stage in planned_stages(settings("ours", frozen_encoder=True))]
    assert stages == ["cnn_head", "rnn", "rnn_predicted", "joint_frozen"]


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


@pytest.fixture
def make_run(tmp_path):
    """Makes a run folder in which all that is planned is over."""

    def make(name, own: RunSettings) -> RunFolder:
        run = RunFolder(tmp_path / name)
        run.path.mkdir()
        own.save(run.settings_path)
        for stage in planned_stages(own):
            run.stage(stage.name).path.mkdir(parents=True)
            run.stage(stage.name).summary.write_text("{}")
        return run

    return make


def found(run: RunFolder) -> list[tuple]:
    stages = stages_of_run(run, run.settings())
    return [(one.run.path.name, one.stage.name, *one.parts) for one in stages]


def test_the_cnn_of_another_run_is_not_trained_again(make_run):
    without_tags = make_run("cnn-logistic", settings("cnn-logistic"))
    with_tags = make_run("cnn+tags", settings("cnn+tags"))

    def planned(system: str, cnn: RunFolder) -> list[str]:
        return [s.name for s in planned_stages(settings(system, cnn_from=str(cnn.path)))]

    assert planned("ours+tags", with_tags) == WRITTEN_FROM_FEATURES
    assert planned("ours+tags", without_tags) == ["tags", *WRITTEN_FROM_FEATURES]
    assert planned("ours", without_tags) == WRITTEN_FROM_FEATURES
    assert planned("cnn-logistic", without_tags) == []


def test_a_finished_run_is_read_without_the_one_whose_cnn_it_took(make_run):
    gone = settings("ours+tags", cnn_from="gone")
    assert [stage.name for stage in planned_stages(gone)] == WRITTEN_FROM_FEATURES


def test_a_run_has_the_cnn_of_the_shared_one_and_the_tag_layer_that_learnt_beside_it(make_run):
    cnn = make_run("cnn", settings("cnn+tags"))
    run = make_run("run", settings("ours+tags", cnn_from=str(cnn.path)))
    assert found(run) == [
        ("cnn", "tags", "tag_layer"),
        ("cnn", "cnn_head", "tag_layer", "semantic"),
        ("cnn", "cnn", "encoder", "tag_layer", "semantic"),
        ("run", "rnn", "interface", "decoder"),
        ("run", "rnn_predicted", "interface", "decoder"),
        ("run", "joint", "encoder", "tag_layer", "semantic", "interface", "decoder"),
    ]
    taken = ("encoder", "tag_layer", "semantic")
    theirs = {part: cnn.stage("cnn").weights / f"{part}.npz" for part in taken}
    assert weights_before(run, run.settings(), "rnn") == theirs
    before = weights_before(run, run.settings(), "joint")
    assert {part: before[part] for part in taken} == theirs
    assert before["decoder"] == run.stage("rnn_predicted").weights / "decoder.npz"


def test_a_run_learns_its_own_tag_layer_where_the_shared_one_has_none(make_run):
    cnn = make_run("cnn", settings("cnn-logistic"))
    run = make_run("run", settings("ours+tags", cnn_from=str(cnn.path)))
    assert found(run) == [
        ("cnn", "cnn_head", "semantic"),
        ("cnn", "cnn", "encoder", "semantic"),
        ("run", "tags", "tag_layer"),
        ("run", "rnn", "interface", "decoder"),
        ("run", "rnn_predicted", "interface", "decoder"),
        ("run", "joint", "encoder", "tag_layer", "semantic", "interface", "decoder"),
    ]
    before = weights_before(run, run.settings(), "tags")
    assert before == {
        "semantic": cnn.stage("cnn").weights / "semantic.npz",
        "encoder": cnn.stage("cnn").weights / "encoder.npz",
    }
    before = weights_before(run, run.settings(), "rnn_predicted")
    assert before["tag_layer"] == run.stage("tags").weights / "tag_layer.npz"
    assert before["decoder"] == run.stage("rnn").weights / "decoder.npz"
    assert before["encoder"] == cnn.stage("cnn").weights / "encoder.npz"


def test_a_frozen_run_takes_nothing_of_an_encoder_that_was_trained(make_run):
    cnn = make_run("cnn", settings("ours"))
    stages = {"rnn_predicted": {"steps": 1}}
    frozen = settings("ours", frozen_encoder=True, cnn_from=str(cnn.path), stages=stages)
    run = make_run("run", frozen)
    assert found(run) == [
        ("cnn", "cnn_head", "semantic"),
        ("run", "rnn_predicted", "interface", "decoder"),
    ]
    assert "encoder" not in weights_before(run, frozen)


def test_a_frozen_run_takes_the_tag_layer_of_the_frozen_encoder(make_run):
    cnn = make_run("cnn", settings("cnn+tags"))
    run = make_run("run", settings("ours+tags-fixed", cnn_from=str(cnn.path)))
    before = weights_before(run, run.settings(), "rnn")
    theirs = cnn.stage("cnn_head").weights
    assert before == {part: theirs / f"{part}.npz" for part in ("tag_layer", "semantic")}


def test_a_run_that_starts_from_another_has_all_its_stages(make_run):
    cnn = make_run("cnn", settings("ours", stages={"cnn": {"steps": 1}}))
    written = {"rnn_predicted": {"steps": 1}}
    first = make_run("first", settings("ours", cnn_from=str(cnn.path), stages=written))
    again = settings("ours", starts_from=str(first.path), stages={"self_critical": {"steps": 1}})
    run = make_run("run", again)
    assert [names[:2] for names in found(run)] == [
        ("cnn", "cnn"),
        ("first", "rnn_predicted"),
        ("run", "self_critical"),
    ]
    first.weights.mkdir()
    (first.weights / "encoder.npz").touch()
    assert weights_before(run, again, "self_critical")["encoder"] == first.weights / "encoder.npz"
