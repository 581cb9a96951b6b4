"""Self-critical training: the gradient is REINFORCE's, rewards rise, runs go on bit for bit."""

import itertools
import json
import os
import pathlib
import subprocess
import sys

import keras
import numpy as np
import pytest
from finished_runs import untrained_run
from pycocoevalcap.bleu.bleu_scorer import BleuScorer
from pycocoevalcap.cider.cider import Cider
from tiny_runs import tiny_settings

from s_cnn_rnn.model.annotation_model import build_model
from s_cnn_rnn.model.self_critical import (
    CaptionReward,
    SelfCritical,
    advantages,
    reference_ids,
    self_critical_loss,
)
from s_cnn_rnn.model.stage_model import stage_model
from s_cnn_rnn.model.systems import SYSTEMS
from s_cnn_rnn.runs.checkpoints import read_arrays
from s_cnn_rnn.runs.run_cost import cost_of_run, finished_stages
from s_cnn_rnn.runs.run_folder import RunFolder, SettingsDiffer
from s_cnn_rnn.settings import RunSettings
from s_cnn_rnn.training.whole_run import train
from s_cnn_rnn.vocabulary import END, FIRST_OUTPUT, PADDING, START, Vocabulary

REPOSITORY = pathlib.Path(__file__).parents[2]
WORDS = ("a", "dog", "runs")
REFERENCES = [("A dog runs.", "a brown dog"), ("runs",), ("a a dog", "dog dog")]
LONGEST, SAMPLES = 3, 4


@pytest.fixture(scope="module")
def vocabulary() -> Vocabulary:
    return Vocabulary("captions", WORDS, (3, 2, 1), WORDS[:2], 1.0, 0.9, {})


@pytest.fixture(scope="module")
def model(vocabulary):
    return tiny_model(vocabulary)


def tiny_model(vocabulary, **changed):
    sizes = {"units": 5, "word_embedding": 4, "longest": LONGEST, "decoder_dropout": 0.5}
    content = {
        "data": "",
        "system": "nic-deeply",
        "encoder": {"name": "small_cnn", "weights": None},
        "model": sizes | changed,
    }
    model = build_model(RunSettings.from_dict(content), vocabulary, with_encoder=False)
    for part, scale in ((model.interface, 0.03), (model.decoder, 0.5)):
        for number, weight in enumerate(part.trainable_weights):
            weight.assign(np.random.default_rng(number).normal(scale=scale, size=weight.shape))
    return model


def as_text(words) -> str:
    """END counts as a word."""
    return " ".join("END" if w == END else f"w{w}" for w in words if w not in (START, PADDING))


def official_rewards(captions, bleu: float) -> np.ndarray:
    """CIDEr + bleu * BLEU-4 of captions [3, S, T] of the three photographs, by pycocoevalcap."""
    ids = {"a": 4, "dog": 5, "runs": 6, "brown": 99}
    human = {
        n: [as_text([*(ids[w] for w in r.lower().strip(".").split()), END]) for r in each]
        for n, each in enumerate(REFERENCES)
    }
    rewards = np.zeros(captions.shape[:2])
    for s in range(captions.shape[1]):
        written = {n: [as_text(captions[n, s])] for n in human}
        _, cider = Cider().compute_score(human, written)
        scorer = BleuScorer(n=4)
        for n, references in human.items():
            scorer += (written[n][0], references)
        rewards[:, s] = cider + bleu * np.array(scorer.compute_score(option="closest")[1][3])
    return rewards


def test_the_reward_is_the_official_cider_of_whole_references(vocabulary):
    captions = np.array(
        [[[4, 5, 6, END], [4, 5, 0, 0]], [[6, END, 0, 0], [END, 0, 0, 0]], [[5, 5, 6, END]] * 2]
    )
    found = CaptionReward(REFERENCES, vocabulary, bleu=0.5)([0, 1, 2], captions)
    np.testing.assert_allclose(found[..., 0], official_rewards(captions, 0.5), atol=1e-5)
    np.testing.assert_allclose(found[..., 1], official_rewards(captions, 0.0), atol=1e-5)
    assert found[0, 0, 0] > found[0, 1, 0] > 0


def test_rare_words_have_ids_of_their_own_while_there_are_any(vocabulary, monkeypatch):
    references = [("a b c", "c dog b"), ("d b",)]
    assert reference_ids(references, vocabulary) == [
        [[4, 7, 8, END], [8, 5, 7, END]],
        [[9, 7, END]],
    ]
    monkeypatch.setattr("s_cnn_rnn.model.self_critical.LARGEST_ID", 8)
    assert reference_ids(references, vocabulary)[1] == [[7, 7, END]]


def test_advantages_by_hand():
    rewards = np.array([[1.0, 2.0, 6.0]])
    np.testing.assert_allclose(advantages(rewards, "samples"), [[1 - 4, 2 - 3.5, 6 - 1.5]])
    np.testing.assert_allclose(advantages(rewards, "greedy"), [[1 - 6, 2 - 6]])


def rewarded_model(model, baseline):
    sampled = SelfCritical(
        model.decoder,
        CaptionReward(REFERENCES, model.vocabulary, bleu=0.5),
        samples=SAMPLES,
        longest=LONGEST,
        baseline=baseline,
        never_written=model.vocabulary.never_written,
    )
    rewarded = stage_model(
        model,
        source="features",
        trains=("interface", "decoder"),
        outputs=("words",),
        captions=1,
        longest=LONGEST,
        sampled=sampled,
    )
    return rewarded, sampled


def batch(model):
    random = np.random.default_rng(0)
    return {
        "features": random.normal(size=(3, *model.shapes["features"])).astype("float32"),
        "photograph": np.arange(3, dtype="int32"),
        "chances": random.random((3, SAMPLES, LONGEST + 1), dtype=np.float32),
    }


def log_p_of(model, features, words):
    """Log p of one caption, step by step, as decoding would have it; stops where it stops."""
    state = model.start(model.seen({"features": features[None]}))
    total = 0.0
    for last, word in itertools.pairwise(words):
        if word == PADDING:
            break
        log_p, state = model.step(np.array([last], "int32"), state)
        total = total + log_p[0, word - FIRST_OUTPUT]
    return total


@pytest.mark.parametrize("baseline", ["samples", "greedy"])
def test_the_gradient_is_that_of_reinforce_by_hand(model, baseline):
    import tensorflow as tf

    given = batch(model)
    rewarded, sampled = rewarded_model(model, baseline)
    variables = [v.value for v in [*model.interface.weights, *model.decoder.trainable_weights]]
    with tf.GradientTape() as tape:
        each = self_critical_loss(None, rewarded(given, training=True)["words"])
        loss = keras.ops.mean(each)
    found = [tf.convert_to_tensor(g) for g in tape.gradient(loss, variables)]

    opening = model.opening(model.seen({"features": given["features"]}))
    captions, _ = sampled(opening, given["photograph"], given["chances"])
    captions = np.asarray(captions)
    assert (captions[..., 0] == START).all()
    rewards = official_rewards(captions, 0.5)
    if baseline == "greedy":
        best = [greedy_words(model, features) for features in given["features"]]
        weights = rewards - official_rewards(np.array(best)[:, None], 0.5)
    else:
        weights = rewards - (rewards.sum(1, keepdims=True) - rewards) / (SAMPLES - 1)
    assert (np.abs(weights) > 0.01).mean() > 0.3
    with tf.GradientTape() as tape:
        by_hand = 0.0
        for n in range(3):
            for s in range(SAMPLES):
                log_p = log_p_of(model, given["features"][n], captions[n, s])
                by_hand -= weights[n, s] * log_p / (3 * SAMPLES)
    expected = [tf.convert_to_tensor(g) for g in tape.gradient(by_hand, variables)]
    np.testing.assert_allclose(loss, by_hand, rtol=1e-4)
    for f, e in zip(found, expected, strict=True):
        np.testing.assert_allclose(f, e, rtol=1e-4, atol=1e-5)


def every_caption(model, features) -> dict[tuple, list]:
    """Each caption that can be drawn -> log p of all outputs before each of its words, [V] each."""
    found, open_ones = {}, {(START,): []}
    state = model.start(model.seen({"features": features[None]}))
    for place in range(LONGEST + 1):
        log_p, state = model.step(np.array([words[-1] for words in open_ones], "int32"), state)
        after, rows = {}, []
        for n, (words, known) in enumerate(open_ones.items()):
            for output in range(log_p.shape[1]):
                word = output + FIRST_OUTPUT
                longer = found if word == END or place == LONGEST else after
                longer[(*words, word)] = [*known, np.asarray(log_p[n], "float64")]
                rows += [n] if longer is after else []
        open_ones = after
        if rows:
            state = {name: np.asarray(value)[rows] for name, value in state.items()}
    return found


def expected_reward(captions: dict[tuple, list], rewards, moved: np.ndarray) -> float:
    """Sum of p(w) r(w) over all captions, where every logit of an output is moved as told [V]."""
    total = 0.0
    for (words, rows), reward in zip(captions.items(), rewards, strict=True):
        log_p = 0.0
        for row, word in zip(rows, words[1:], strict=True):
            logits = row + moved
            log_p += logits[word - FIRST_OUTPUT] - np.log(np.exp(logits).sum())
        total += np.exp(log_p) * reward
    return total


@pytest.mark.parametrize("baseline", ["samples", "greedy"])
def test_the_mean_gradient_is_that_of_the_expected_reward(model, baseline):
    """By finite differences of the sum over all captions: neither samples nor a tape are in it."""
    import tensorflow as tf

    given, reward = batch(model), CaptionReward(REFERENCES, model.vocabulary, bleu=0.5)
    outputs, step = model.decoder.output_layer.bias.shape[0], 1e-5
    expected = np.zeros(outputs)
    for n in range(3):
        captions = every_caption(model, given["features"][n])
        padded = np.zeros((1, len(captions), LONGEST + 1), "int32")
        for place, words in enumerate(captions):
            padded[0, place, : len(words) - 1] = words[1:]
        rewards = reward(np.array([n]), padded)[0, :, 0]
        likely = expected_reward(captions, np.ones(len(rewards)), np.zeros(outputs))
        assert likely == pytest.approx(1, abs=1e-5)
        for output in range(outputs):
            ahead, back = (
                expected_reward(captions, rewards, sign * step * np.eye(outputs)[output])
                for sign in (1, -1)
            )
            expected[output] += (ahead - back) / (2 * step) / 3
    rewarded, _ = rewarded_model(model, baseline)
    many = {name: np.repeat(given[name], 3000, axis=0) for name in ("features", "photograph")}
    shape = (len(many["photograph"]), *given["chances"].shape[1:])
    many["chances"] = np.random.default_rng(1).random(shape, dtype=np.float32)
    with tf.GradientTape() as tape:
        loss = keras.ops.mean(self_critical_loss(None, rewarded(many, training=True)["words"]))
    found = -tf.convert_to_tensor(tape.gradient(loss, model.decoder.output_layer.bias.value))
    assert np.abs(expected).max() > 0.1
    np.testing.assert_allclose(found, expected, atol=0.02)


def greedy_words(model, features) -> list[int]:
    state = model.start(model.seen({"features": features[None]}))
    words = [START]
    while words[-1] != END and len(words) <= LONGEST:
        log_p, state = model.step(np.array(words[-1:], "int32"), state)
        log_p = np.array(log_p[0])
        log_p[list(model.vocabulary.never_written)] = -np.inf
        words.append(int(np.argmax(log_p)) + FIRST_OUTPUT)
    if words[-1] != END:
        words.append(END)
    return words + [PADDING] * (LONGEST + 2 - len(words))


CAPTION_SYSTEMS = [name for name, row in SYSTEMS.items() if "captions" in row.tasks]


@pytest.mark.parametrize("system", CAPTION_SYSTEMS)
def test_every_captioning_system_can_be_rewarded(vocabulary, system):
    """What is sampled is what teacher forcing is rewarded for: the likelihoods agree with steps."""
    content = {
        "data": "",
        "system": system,
        "encoder": {"name": "small_cnn", "weights": None, "image_size": 32},
        "model": {"units": 8, "word_embedding": 8, "longest": LONGEST, "decoder_dropout": 0.5},
    }
    model = build_model(RunSettings.from_dict(content), vocabulary)
    rewarded, sampled = rewarded_model(model, "samples")
    random = np.random.default_rng(0)
    shapes = {name: tensor.shape[1:] for name, tensor in rewarded.input.items()}
    given = {name: random.random((3, *s), dtype=np.float32) for name, s in shapes.items()}
    given["photograph"] = np.arange(3, dtype="int32")
    weighted = np.asarray(rewarded(given, training=True)["words"])
    inputs = {name: given[name] for name in given if name not in ("photograph", "chances")}
    seen = model.seen(inputs)
    captions, better = sampled(model.opening(seen), given["photograph"], given["chances"])
    for n, s in ((0, 0), (1, 2), (2, 3)):
        state = model.start({name: value[n : n + 1] for name, value in seen.items()})
        for t, (last, word) in enumerate(itertools.pairwise(np.asarray(captions)[n, s])):
            if word == PADDING:
                assert not weighted[n, s, t:].any()
                break
            log_p, state = model.step(np.array([last], "int32"), state)
            expected = float(better[n, s]) * float(log_p[0, word - FIRST_OUTPUT])
            assert weighted[n, s, t] == pytest.approx(expected, abs=1e-4)


def test_the_interface_drops_the_same_for_all_samples_of_a_photograph(vocabulary):
    model = tiny_model(vocabulary, interface_dropout=0.5)
    rewarded, _ = rewarded_model(model, "samples")
    given = batch(model)
    first, second = (np.asarray(rewarded(given, training=True)["words"]) for _ in range(2))
    assert not np.array_equal(first, second)
    # What differs among samples is then their chances alone: equal ones write equal captions, none
    # of which is better than expected.
    given["chances"] = np.repeat(given["chances"][:, :1], SAMPLES, axis=1)
    assert not np.asarray(rewarded(given, training=True)["words"]).any()


def test_settings_that_cannot_be_are_refused(model):
    reward = CaptionReward(REFERENCES, model.vocabulary)
    with pytest.raises(ValueError, match="1 samples a photograph: the baseline 'samples' needs 2"):
        SelfCritical(model.decoder, reward, samples=1, longest=3)
    with pytest.raises(ValueError, match=r"baseline 'mean': expected one of \('samples', 'greedy"):
        SelfCritical(model.decoder, reward, samples=2, longest=3, baseline="mean")


def test_the_expected_reward_rises(vocabulary):
    model = tiny_model(vocabulary)
    rewarded, _ = rewarded_model(model, "samples")
    rewarded.compile(keras.optimizers.Adam(0.003), loss={"words": self_critical_loss})
    given, random = batch(model), np.random.default_rng(0)
    means = []
    for _ in range(110):
        given["chances"] = random.random(given["chances"].shape, dtype=np.float32)
        logs = rewarded.train_on_batch(given, {"words": np.zeros((3, 1))}, return_dict=True)
        means.append(float(logs["reward"]))
        rewarded.reset_metrics()
    assert np.mean(means[-10:]) > 2 * np.mean(means[:10]) > 0


def test_a_stage_logs_the_rewards_of_its_samples(tiny_data, tmp_path):
    start = untrained_run(tmp_path / "start", tiny_data, stages={"joint": {"steps": 3}})
    stage = {"steps": 2, "photographs": 8, "learning_rate": 1e-3, "bleu_reward": 2.0}
    settings = tiny_settings(
        tiny_data, stages={"self_critical": stage}, starts_from=str(start.path), jit=True
    )
    folder = RunFolder(tmp_path / "run")
    train(folder, settings)
    training, validation = [
        json.loads(line) for line in folder.stage("self_critical").log.read_text().splitlines()
    ]
    summed = training["CIDEr-D of samples"] + 2 * training["BLEU-4 of samples"]
    assert training["reward"] == pytest.approx(summed, rel=1e-5)
    assert "Lr" not in training
    assert {"validation/Lr", "validation/CIDEr"} <= set(validation)
    assert cost_of_run(folder).seconds > cost_of_run(start).seconds == 1.5
    assert [finished.stage.name for finished in finished_stages(folder)] == [
        "joint",
        "self_critical",
    ]
    for name in ("encoder", "semantic"):  # frozen, and taken over
        theirs, _ = read_arrays(start.weights / f"{name}.npz")
        ours, _ = read_arrays(folder.weights / f"{name}.npz")
        for path in theirs:
            np.testing.assert_array_equal(ours[path], theirs[path])


def test_a_run_starts_from_another_with_the_same_parts_alone(tiny_data, tmp_path):
    start = untrained_run(tmp_path / "start", tiny_data, stages={"joint": {"steps": 3}})
    stages = {"self_critical": {"steps": 1}}
    other = tiny_settings(
        tiny_data,
        stages=stages,
        starts_from=str(start.path),
        model={"units": 16, "word_embedding": 12, "longest": 17},
    )
    with pytest.raises(SettingsDiffer, match=r"starts_from .*model\.longest is 16 there and 17"):
        train(RunFolder(tmp_path / "run"), other)
    dropped = {"units": 16, "word_embedding": 12, "longest": 16, "interface_dropout": 0.5}
    train(
        RunFolder(tmp_path / "dropped"),
        tiny_settings(tiny_data, stages=stages, starts_from=str(start.path), model=dropped),
    )
    start.stage("joint").summary.unlink()
    same = tiny_settings(tiny_data, stages=stages, starts_from=str(start.path))
    with pytest.raises(FileNotFoundError, match="start: not trained to the end; missing stages"):
        train(RunFolder(tmp_path / "other"), same)


RUN = """
import sys, pathlib, os, signal
sys.path[:0] = [{repository!r}, {tests!r}]
import tensorflow as tf
tf.config.experimental.enable_op_determinism()
from tiny_runs import tiny_settings
from s_cnn_rnn.runs.checkpoints import read_arrays
from s_cnn_rnn.data.prepared import PreparedData
from s_cnn_rnn.runs.run_folder import RunFolder
from s_cnn_rnn.training.stage_training import StoppedByUser
from s_cnn_rnn.training.whole_run import train
stage = {{"steps": 6, "photographs": 8, "checkpoint_every": 2, "learning_rate": 1e-2}}
settings = tiny_settings(
    PreparedData({data!r}), stages={{"self_critical": stage}}, starts_from={start!r})
def interrupt(what, done, total, values):
    if what == "self_critical" and done == 3:
        os.kill(os.getpid(), signal.SIGINT)
whole, stopped = (RunFolder(pathlib.Path({folder!r}) / name) for name in ("whole", "stopped"))
train(whole, settings)
try:
    train(stopped, settings, progress=interrupt)
except StoppedByUser:
    train(stopped, settings)
else:
    sys.exit("was not stopped")
same = []
for path in sorted(whole.weights.glob("*.npz")):
    ours, _ = read_arrays(path)
    theirs, _ = read_arrays(stopped.weights / path.name)
    assert set(ours) == set(theirs)
    same += [bool((ours[name] == theirs[name]).all()) for name in ours]
before, _ = read_arrays(pathlib.Path({start!r}) / "weights" / "decoder.npz")
after, _ = read_arrays(whole.weights / "decoder.npz")
moved = any((before[name] != after[name]).any() for name in before)
print(len(same), all(same), moved)
"""


@pytest.mark.slow
def test_a_stopped_stage_goes_on_bit_for_bit(tiny_data, tmp_path):
    start = untrained_run(tmp_path / "start", tiny_data, stages={"joint": {"steps": 3}})
    script = RUN.format(
        repository=str(REPOSITORY),
        tests=str(REPOSITORY / "tests"),
        data=str(tiny_data.folder),
        start=str(start.path),
        folder=str(tmp_path),
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        timeout=300,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
    )
    assert done.returncode == 0, done.stderr
    count, same, moved = done.stdout.split()
    assert int(count) > 10
    assert (same, moved) == ("True", "True")
