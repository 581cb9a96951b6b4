"""Ensembles against NumPy: averaged probabilities, step by step; their folders, costs and names."""

import dataclasses
import json

import numpy as np
import pytest
from finished_runs import copy_run, untrained_run
from tiny_runs import tiny_settings

from experiments.coco_results import coco_results
from experiments.evaluation_run import evaluate
from s_cnn_rnn.annotator import Annotator
from s_cnn_rnn.caption_metrics import read_coco_results
from s_cnn_rnn.data.batches import image_batches
from s_cnn_rnn.decoding.voting import Voters
from s_cnn_rnn.decoding.writing import Writer, see_nothing, write
from s_cnn_rnn.encoders.stored_statistics import Settled
from s_cnn_rnn.model.annotation_model import build_model
from s_cnn_rnn.model.ensemble import Ensemble, difference_of_words
from s_cnn_rnn.runs.checkpoints import read_arrays, write_arrays
from s_cnn_rnn.runs.ensemble_folder import make_ensemble
from s_cnn_rnn.runs.handover import load_model
from s_cnn_rnn.runs.run_cost import cost_of_run
from s_cnn_rnn.runs.run_folder import DataSetDiffers, RunFolder, SettingsDiffer
from s_cnn_rnn.runs.run_names import encoder_of_run, seed_of_run, system_of_run
from s_cnn_rnn.runs.seeds import group_by_seed
from s_cnn_rnn.scoring.predictions import predict, whole_split
from s_cnn_rnn.scoring.results import read_results
from s_cnn_rnn.settings import DecodingSettings
from s_cnn_rnn.training.whole_run import train
from s_cnn_rnn.vocabulary import END, FIRST_OUTPUT, START, Vocabulary

STAGES = {"cnn": {"steps": 3}, "joint": {"steps": 3}}
CNN_48 = {"name": "small_cnn", "weights": None, "image_size": 48}


def sharpen(run: RunFolder) -> RunFolder:
    """Makes an untrained run sure of what it writes, so that members differ."""
    path = run.weights / "decoder.npz"
    arrays, metadata = read_arrays(path)
    arrays["decoder:decoder/output/kernel"] *= 8
    write_arrays(path, arrays, metadata)
    return run


@pytest.fixture(scope="module")
def members(tiny_data, tmp_path_factory) -> list[RunFolder]:
    """Two systems, two image sizes."""
    folder = tmp_path_factory.mktemp("members")
    first = untrained_run(folder / "ours_0", tiny_data, stages=STAGES)
    second = untrained_run(
        folder / "nic-f_1", tiny_data, stages=STAGES, system="nic-f", seed=1, encoder=CNN_48
    )
    return [sharpen(first), sharpen(second)]


@pytest.fixture(scope="module")
def both(members, tmp_path_factory) -> RunFolder:
    return make_ensemble(tmp_path_factory.mktemp("ensembles") / "both", members)


@pytest.fixture(scope="module")
def model(both) -> Ensemble:
    return load_model(both)


@pytest.fixture(scope="module")
def seen(model, tiny_data) -> dict:
    data = whole_split(tiny_data, "validation", model.vocabulary)
    each = []
    for member in model.members:
        [pixels] = image_batches(data, image_size=member.encoder.input_shape[1])
        each.append(member.seen({"features": np.asarray(member.encoder(pixels))}))
    return {name: np.asarray(value) for name, value in model.join(each).items()}


class ByHand:
    """The averaged distribution after each word, from each member's own steps."""

    def __init__(self, model, seen, photograph):
        self.model = model
        self.states = [
            member.start(
                {
                    name.partition(".")[2]: value[photograph : photograph + 1]
                    for name, value in seen.items()
                    if name.startswith(f"{number}.")
                }
            )
            for number, member in enumerate(model.members)
        ]

    def read(self, word) -> np.ndarray:
        """The mean of the members' probabilities of what follows."""
        probabilities = []
        for number, member in enumerate(self.model.members):
            log_p, self.states[number] = member.step(np.array([word], "int32"), self.states[number])
            probabilities.append(np.exp(np.asarray(log_p[0], np.float64)))
        assert np.abs(probabilities[0] - probabilities[1]).max() > 0.01
        return np.mean(probabilities, axis=0)


def test_greedy_takes_the_best_word_of_the_averaged_probabilities(model, seen):
    assert_writes_the_best_of_the_averaged(model, seen, photographs=6)


@pytest.mark.parametrize("count", [5, pytest.param(15, marks=pytest.mark.slow)])
def test_as_many_members_as_the_original_ensembles_had_write_as_one(count, tiny_data):
    """Of several systems, one of them with fewer concepts than the others."""
    systems, random = ("nic-v2", "att", "v2l", "m-rnn", "ours"), np.random.default_rng(0)
    vocabulary = tiny_data.vocabulary("captions")
    widths = {"units": 12, "word_embedding": 12, "longest": 16}
    members, seen = [], []
    for number in range(count):
        system = systems[number % len(systems)]
        words = vocabulary.with_concepts(7) if system == "v2l" else vocabulary
        settings = tiny_settings(tiny_data, system=system, model=widths)
        member = build_model(settings, words, with_encoder=False)
        member.decoder.output_layer.kernel.assign(32 * member.decoder.output_layer.kernel)
        features = random.normal(size=(3, *member.shapes["features"])).astype("float32")
        seen.append(member.seen({"features": features}))
        members.append(member)
    together = Ensemble(tuple(members))
    joined = {name: np.asarray(value) for name, value in together.join(seen).items()}
    assert_writes_the_best_of_the_averaged(together, joined, photographs=3)


def assert_writes_the_best_of_the_averaged(model, seen, photographs):
    written = write(Writer(model, DecodingSettings(width=1), 6), seen)
    for n in range(photographs):
        by_hand, words, log_p, last = ByHand(model, seen, n), [], 0.0, START
        while last != END:
            p = by_hand.read(last)
            allowed = np.delete(p, model.vocabulary.never_written)
            last = int(np.flatnonzero(p == allowed.max())[0]) + FIRST_OUTPUT
            last = END if len(words) == 6 else last
            words.append(last)
            log_p += np.log(p[last - FIRST_OUTPUT])
        assert written.words[n, 0, : len(words)].tolist() == words
        assert written.log_probabilities[n, 0] == pytest.approx(log_p, rel=1e-4)


def test_beam_search_scores_whole_captions_by_averaged_probabilities(model, seen):
    written = write(Writer(model, DecodingSettings(width=3), 6, returned=3), seen)
    for n in range(6):
        for beam in range(3):
            by_hand, log_p, last = ByHand(model, seen, n), 0.0, START
            for word in written.words[n, beam]:
                log_p += np.log(by_hand.read(last)[word - FIRST_OUTPUT])
                last = word
                if word == END:
                    break
            assert written.log_probabilities[n, beam] == pytest.approx(log_p, rel=1e-4)


def test_an_ensemble_of_one_is_its_member(members, tmp_path):
    one = make_ensemble(tmp_path / "one", members[:1])
    alone, member = predict(one, "validation"), predict(members[0], "validation")
    assert alone.made_from["weights"] != member.made_from["weights"]
    np.testing.assert_array_equal(alone.s_hat, member.s_hat)
    assert alone.text_only == member.text_only
    assert alone.photographs == member.photographs


def test_a_run_may_be_decoded_otherwise(members, tmp_path):
    wide = make_ensemble(tmp_path / "wide", members[:1], {"width": 6})
    voted = make_ensemble(tmp_path / "voted", members[:1], {"width": 2, "consensus": 6})
    assert system_of_run(voted) == "ours"
    assert voted.settings().decoding == DecodingSettings(width=2, consensus=6)
    assert members[0].settings().decoding.consensus == 0
    assert make_ensemble(tmp_path / "voted", members[:1], {"width": 2, "consensus": 6}) == voted
    with pytest.raises(ValueError, match="holds another ensemble"):
        make_ensemble(tmp_path / "voted", members[:1])
    candidates = predict(wide, "validation").photographs
    changed = 0
    for found, chosen in zip(candidates, predict(voted, "validation").photographs, strict=True):
        assert len(chosen.beams) == 2
        assert {beam.annotation for beam in chosen.beams} <= {b.annotation for b in found.beams}
        changed += found.annotation != chosen.annotation
    assert changed


VOTES = {"consensus": 6, "photographs_vote": True}


@pytest.fixture
def for_the_least_probable(monkeypatch):
    """Voters that speak for what the beam does not: what untrained members write, nobody does."""
    monkeypatch.setattr(
        Voters, "scores", lambda self, written, features, s_hats: -written.log_probabilities
    )


def test_photographs_may_vote(members, tiny_data, tmp_path, for_the_least_probable):
    """On what several members find together; photographs of one's own are written of alike."""
    voted = make_ensemble(tmp_path / "voted", members, VOTES)
    assert not voted.train_photographs.exists()
    expected = predict(voted, "validation").photographs
    assert voted.train_photographs.exists()
    candidates = predict(make_ensemble(tmp_path / "wide", members, {"width": 6}), "validation")
    for found, chosen in zip(candidates.photographs, expected, strict=True):
        log_p = [beam.log_probability for beam in chosen.beams]
        assert log_p == sorted(beam.log_probability for beam in found.beams)[: len(log_p)]
    texts = [p.annotation for p in expected]
    photographs = tiny_data.photographs("validation", range(6))
    found = list(Annotator.from_run(voted.path).annotate(photographs))
    assert [annotation.text for annotation in found] == texts[:6]


@pytest.mark.parametrize("concepts_vote", [False, True])
def test_photographs_do_not_vote_on_what_a_person_asks_for(
    members, tiny_data, tmp_path, concepts_vote, for_the_least_probable
):
    """Else what is asked for, which they do not show, would be voted down."""
    decoding = VOTES | {"concepts_vote": concepts_vote}
    run = make_ensemble(tmp_path / "votes", members[:1], decoding)
    alone = make_ensemble(tmp_path / "alone", members[:1], decoding | {"photographs_vote": False})
    photographs = tiny_data.photographs("validation", range(6))
    concept = run.vocabulary().concepts[0]
    asked = {"with_concepts": [concept], "correlated": False}
    found, expected = (
        [
            (what_if.before.text, what_if.after.text)
            for what_if in Annotator.from_run(each.path).what_if(photographs, **asked)
        ]
        for each in (run, alone)
    )
    assert found == expected


def test_photographs_vote_on_captions_alone(tiny_data, tmp_path):
    labels = untrained_run(tmp_path / "labels", tiny_data, task="labels", stages=STAGES)
    with pytest.raises(ValueError, match="concepts and photographs vote on captions alone"):
        make_ensemble(tmp_path / "voted", [labels], VOTES)
    other = untrained_run(
        tmp_path / "other", tiny_data, task="labels", stages=STAGES, decoding={"width": 3, **VOTES}
    )
    with pytest.raises(ValueError, match="are for captions, not labels"):
        predict(other, "validation")


def test_a_run_may_stop_later_or_sooner(members, tmp_path):
    lengths = {}
    for bias in (-100.0, 100.0):
        decoding = {"width": 1, "length_normalisation": 0.0, "stop_bias": bias}
        run = make_ensemble(tmp_path / str(bias), members[:1], decoding)
        lengths[bias] = {len(p.words) for p in predict(run, "validation").photographs}
    assert lengths[100.0] == {0}
    assert lengths[-100.0] == {members[0].settings().model.longest}
    with pytest.raises(ValueError, match="only greedy search"):
        make_ensemble(tmp_path / "beam", members[:1], {"stop_bias": -1.0})
    assert not (tmp_path / "beam").exists()


def test_photographs_are_annotated_as_in_evaluation(both, members, tiny_data):
    expected = predict(both, "validation")
    assert expected.s_hat is None  # nic-f learns none
    found = list(
        Annotator.from_run(both.path).annotate(tiny_data.photographs("validation", range(6)))
    )
    for annotation, prediction in zip(found, expected.photographs, strict=True):
        assert annotation.text == prediction.annotation
        assert annotation.log_probability == pytest.approx(
            prediction.beams[0].log_probability, rel=1e-4
        )
    texts = [p.annotation for p in expected.photographs]
    for member in members:
        assert texts != [p.annotation for p in predict(member, "validation").photographs]


def test_members_with_the_same_encoder_look_once(members, tiny_data, tmp_path, monkeypatch):
    other = copy_run(members[0], tmp_path / "other", seed=1)
    path = other.weights / "decoder.npz"
    arrays, metadata = read_arrays(path)
    arrays["decoder:decoder/output/kernel"] *= -1
    write_arrays(path, arrays, metadata)
    folder = make_ensemble(tmp_path / "three", [members[0], members[1], other])
    annotator = Annotator.from_run(folder.path)
    first, nic, second = annotator.model.members
    assert first.encoder is second.encoder is not nic.encoder
    assert first.decoder is not second.decoder
    looked, predict_on_batch = [], Settled.predict_on_batch

    def counted(model, images):
        looked.append(images.shape)
        return predict_on_batch(model, images)

    monkeypatch.setattr(Settled, "predict_on_batch", counted)
    found = list(annotator.annotate(tiny_data.photographs("validation", range(6))))
    assert looked == [(6, 32, 32, 3), (6, 48, 48, 3)]
    monkeypatch.undo()
    expected = predict(folder, "validation").photographs
    assert [each.text for each in found] == [each.annotation for each in expected]


def test_without_a_photograph_every_member_sees_nothing(model, seen):
    nothing = see_nothing(model, seen)
    assert {name: value.shape[0] for name, value in nothing.items()} == dict.fromkeys(seen, 1)
    assert not any(value.any() for value in nothing.values())
    centre = np.full(seen["0.embedding"].shape[1], 0.25, np.float32)
    interface = type("Interface", (), {"centre": centre})
    centred = dataclasses.replace(model.members[0], interface=interface)
    nothing = see_nothing(Ensemble((centred, model.members[1])), seen)
    np.testing.assert_array_equal(nothing["0.embedding"], centre[None])
    assert not nothing["1.embedding"].any()


def test_an_ensemble_is_named_and_costs_what_its_members_cost(both, members, tmp_path):
    assert system_of_run(both) == "ensemble of 1 ours and 1 nic-f"
    assert (encoder_of_run(both), seed_of_run(both)) == ("small_cnn", "0+1")
    costs = [cost_of_run(member) for member in members]
    assert cost_of_run(both).seconds == sum(cost.seconds for cost in costs) == 4.5
    assert cost_of_run(both).encoder_passes == sum(cost.encoder_passes for cost in costs)
    # Two runs on one CNN: its training counts once.
    shared = [copy_run(members[0], tmp_path / name, cnn_from=str(members[0].path)) for name in "ab"]
    for run in shared:
        run.stage("cnn").summary.unlink()
    together = make_ensemble(tmp_path / "together", shared)
    assert system_of_run(together) == "ensemble of 2 ours"
    assert cost_of_run(together).seconds == 1.5 + 2 * 1.5
    groups = group_by_seed([members[0], together])
    assert [len(group) for group in groups] == [1, 1]


@pytest.mark.filterwarnings("ignore:METEOR is missing")
def test_an_ensemble_is_scored_and_reported_like_a_run(
    both, members, tmp_path, without_java, capsys
):
    results = tmp_path / "table.csv"
    evaluate([str(both.path)], compare=[str(members[0].path)], results=str(results))
    printed = capsys.readouterr().out
    assert "ensemble of 1 ours and 1 nic-f minus ours (paired over photographs)" in printed
    rows = {row.metric: row for row in read_results(results)}
    assert rows["CIDEr"].system == "ensemble of 1 ours and 1 nic-f"
    assert rows["CIDEr"].seeds == "0+1"
    assert rows["training seconds"].value == 4.5
    report = both.report.read_text("utf-8")
    assert "An ensemble of 1 ours and 1 nic-f: before every word" in report


def test_the_file_for_the_coco_server_is_written_and_checked(both, members, tiny_data, tmp_path):
    file = tmp_path / "captions_val2014_both_results.json"
    assert coco_results(str(both.path), "validation", str(file)) == 6
    captions = read_coco_results(file)
    assert set(captions) == {a.image_id for a in tiny_data.annotations("validation")}
    content = json.loads(file.read_text("utf-8"))
    file.write_text(json.dumps(content[1:]), "utf-8")
    with pytest.raises(ValueError, match="1 photographs have no caption"):
        coco_results(str(both.path), "validation", str(file), check=True)
    labels = copy_run(members[0], tmp_path / "labels", task="labels")
    with pytest.raises(ValueError, match="writes labels, not captions"):
        coco_results(str(labels.path), "validation", str(file))


def test_runs_that_do_not_go_together_are_refused(both, members, tmp_path):
    with pytest.raises(ValueError, match="is named twice"):
        make_ensemble(tmp_path / "e", [members[0], members[0]])
    with pytest.raises(ValueError, match="both is an ensemble; name its members"):
        make_ensemble(tmp_path / "e", [both, members[0]])
    with pytest.raises(ValueError, match="needs at least one run"):
        make_ensemble(tmp_path / "e", [])
    other = copy_run(members[1], tmp_path / "other")
    content = json.loads(other.vocabulary_path.read_text("utf-8"))
    content["words"][3][0] = "zebra"
    content["concepts"] = []
    other.vocabulary_path.write_text(json.dumps(content), "utf-8")
    with pytest.raises(ValueError, match=r"different words: id 7 is '\w+' in one, 'ze"):
        make_ensemble(tmp_path / "e", [members[0], other])
    shorter = copy_run(members[1], tmp_path / "shorter")
    content = shorter.settings().to_dict()
    content["model"]["longest"] -= 1
    shorter.settings_path.write_text(json.dumps(content), "utf-8")
    with pytest.raises(ValueError, match=r"ours_0 learnt to write at most 16 .*shorter 15 \(model"):
        make_ensemble(tmp_path / "e", [members[0], shorter])
    other.data_path.write_text(json.dumps({"digest": "0" * 64}), "utf-8")
    with pytest.raises(DataSetDiffers):
        make_ensemble(tmp_path / "e", [members[0], other])
    other.stage("joint").summary.unlink()
    with pytest.raises(FileNotFoundError, match="not trained to the end; missing stages: joint"):
        make_ensemble(tmp_path / "e", [members[0], other])
    with pytest.raises(FileNotFoundError, match="no run folder"):
        make_ensemble(tmp_path / "e", [RunFolder(tmp_path / "none")])
    assert not (tmp_path / "e").exists()


def test_a_folder_holds_one_ensemble_and_no_training(both, members):
    assert make_ensemble(both.path, members) == both
    with pytest.raises(ValueError, match="both: holds another ensemble"):
        make_ensemble(both.path, members[::-1])
    with pytest.raises(ValueError, match="ours_0: holds a run of its own"):
        make_ensemble(members[0].path, members)
    with pytest.raises(SettingsDiffer, match="both: holds an ensemble"):
        train(both, both.settings())


def test_differences_of_words_are_named():
    def words(*each, kind="captions"):
        return Vocabulary(kind, each, (1,) * len(each), (), 1.0, 0.0, {})

    assert difference_of_words(words("a", "b"), words("a", "b")) == ""
    assert difference_of_words(words("a"), words("a", "b")) == "one has 1 words, the other 2"
    labels = words("a", kind="labels")
    assert difference_of_words(words("a"), labels) == "one writes captions, the other labels"
