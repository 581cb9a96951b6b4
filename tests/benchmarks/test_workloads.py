"""Each program's workload is what it claims: the same captions, weights and losses on all sides."""

import itertools
import os
import re

import keras
import numpy as np
import pytest

from benchmarks import captioners, captions, drawn_photographs, result_table
from benchmarks.reading import timed_reading
from benchmarks.sides import (
    tensorflow_beam,
    tensorflow_decoder,
    tensorflow_joint,
    tensorflow_limits,
)
from benchmarks.worker import ROOT, PeerAbsent, Worker, WorkerFailed, peers_python

TINY = {"words": 40, "units": 8, "steps": 7, "mean length": 4, "sequences": 6, "xla": False}
BEAM = {"words": 40, "units": 8, "width": 3, "longest": 5, "endless": True, "batch": 4}


@pytest.fixture(autouse=True)
def _float32_afterwards():
    yield
    keras.config.set_dtype_policy("float32")


def test_captions_begin_and_end_and_have_the_mean_length():
    drawn = captions.draw_sequences(captions.PAPER, 4_000, seed=3)
    real = captions.real_steps(drawn)
    assert drawn.shape == (4_000, 21)
    assert real.mean() == pytest.approx(12, abs=0.2)
    assert (drawn[:, 0] == captions.START).all()
    assert (drawn[np.arange(len(drawn)), real] == captions.END).all()
    assert (drawn == captions.END).sum() == len(drawn)
    assert drawn.max() < 12_000 + captions.FIRST_OUTPUT
    assert all((np.diff(captions.real_steps(b)) <= 0).all() for b in captions.batches(TINY, 9))


def test_useful_work_counted_by_hand():
    # 2 words: 2 * (3 * 12 + 3 * 12 + 3 * 5) multiplications and additions each, three times.
    found = captions.useful_gflop({"units": 3, "words": 5}, 2)
    assert found == pytest.approx(3 * 2 * 2 * (36 + 36 + 15) / 1e9)


def plain_loss(batch: np.ndarray) -> float:
    """The negative log likelihood a caption, in NumPy, word by word."""
    weights = captions.decoder_weights(TINY)
    states = captions.first_states(TINY, len(batch))

    def sigmoid(x):
        return 1 / (1 + np.exp(-x))

    total = 0.0
    for n, sequence in enumerate(batch):
        h, c = states["h"][n], states["c"][n]
        for word, target in itertools.pairwise(sequence):
            if target == captions.PADDING:
                break
            x = weights["embedding"][word]
            i, f, g, o = (
                x @ weights["input"][:, k] + h @ weights["recurrent"][:, k] + weights["bias"][k]
                for k in range(4)
            )
            c = sigmoid(f) * c + sigmoid(i) * np.maximum(g, 0)
            h = sigmoid(o) * np.maximum(c, 0)
            logits = h @ weights["output"] + weights["output bias"]
            log_p = logits - np.log(np.exp(logits).sum())
            total -= log_p[target - captions.FIRST_OUTPUT]
    return total / len(batch)


def test_ours_and_stock_keras_have_the_loss_of_numpy():
    found = tensorflow_decoder.contestants(TINY)
    expected = plain_loss(captions.batches(TINY, TINY["sequences"])[0])
    for name in ("ours f32", "Keras LSTM + Dense f32"):
        assert found[name]() == pytest.approx(expected, rel=1e-5), name
    for name in ("ours bf16", "Keras LSTM + Dense bf16"):
        assert found[name]() == pytest.approx(expected, rel=2e-2), name


def test_stock_keras_has_our_gradients():
    batch = captions.batches(TINY, TINY["sequences"])[0]
    states = captions.first_states(TINY, len(batch))
    ours = tensorflow_decoder.our_model(TINY, "float32")
    stock = tensorflow_decoder.keras_model(TINY, "float32")
    given = [
        (ours, {"words": batch[:, None], **states}, {"words": batch[:, None]}),
        (stock, {"words": batch[:, :-1], **states}, batch[:, 1:]),
    ]
    outputs = []
    for model, inputs, targets in given:
        model.compile(keras.optimizers.SGD(0.5), loss=model.loss)
        model.train_on_batch(inputs, targets)
        outputs.append(keras.ops.convert_to_numpy(model.trainable_variables[-1]))
    np.testing.assert_allclose(*outputs, rtol=1e-5, atol=1e-6)


def test_im2txt_loop_writes_what_our_search_writes():
    decoder = tensorflow_beam.drawn_decoder(BEAM)
    states = captions.first_states(BEAM, BEAM["batch"])
    ours = tensorflow_beam.our_search(decoder, BEAM, states, returned=3)()
    alone = tensorflow_beam.one_by_one(decoder, BEAM, states)()
    # Which hypothesis is the best also depends on END with us, not with im2txt.
    assert all(caption in own for caption, own in zip(alone, ours, strict=True))
    assert np.array(ours).shape == (4, 3, 5)
    assert np.min(ours) >= captions.FIRST_WORD  # nothing ends early


def test_the_joint_step_trains_every_part():
    workload = {
        **{**TINY, "photographs": 3, "captions": 2, "image size": 32},
        **{"encoder": "small_cnn"},
    }
    model = tensorflow_joint.mixed_model(workload, "f32", "f32")
    stage = tensorflow_joint.compiled_stage(model, "joint", workload)
    batch = tensorflow_joint.drawn(workload)[0]
    assert batch["words"].shape == (3, 2, 8)
    before = [keras.ops.convert_to_numpy(v) for v in stage.trainable_variables]
    targets = {name: batch[name] for name in ("concepts", "words")}
    stage.train_on_batch({name: batch[name] for name in stage.input}, targets)
    after = [keras.ops.convert_to_numpy(v) for v in stage.trainable_variables]
    parts = {v.path.partition("/")[0] for v in stage.trainable_variables}
    assert {"encoder", "semantic", "interface", "decoder"} <= parts | {"semantic", "interface"}
    # The rows of words that no caption has stay; some part of every variable moves.
    assert all((old != new).any() for old, new in zip(before, after, strict=True))


def test_the_vocabulary_has_so_many_outputs():
    vocabulary = captioners.vocabulary({"words": 40})
    assert vocabulary.first_word + len(vocabulary.words) - captions.FIRST_OUTPUT == 40


def test_drawn_photographs_are_jpegs_with_the_detail_of_photographs():
    content = drawn_photographs.jpeg(0)
    assert content == drawn_photographs.jpeg(0) != drawn_photographs.jpeg(1)
    assert 40_000 < len(content) < 200_000


def test_reading_ahead_is_used_up_first():
    taken = []
    batches = (taken.append(n) for n in range(100))
    assert timed_reading(batches, {"batches": 3, "read ahead": 4})["seconds"] >= 0
    assert len(taken) == 7


def test_a_worker_runs_what_it_is_told_and_says_why_it_stopped():
    workload = {**TINY, "task": "prepare"}
    with Worker("preparing", {**workload, "source": "/nowhere", "validation": 0}) as worker:
        assert worker.names == ["prepare"]
        with pytest.raises(WorkerFailed, match="nowhere"):
            worker.run("prepare")


def test_peers_agree_with_ours():
    try:
        python = peers_python()
    except PeerAbsent as absent:
        pytest.skip(str(absent))
    expected = plain_loss(captions.batches(TINY, TINY["sequences"])[0])
    with Worker("torch_decoder", TINY, python=python) as worker:
        # tanh in place of the rectifier: near, not equal
        padded, packed = (worker.run(f"PyTorch {way} f32").result for way in ("padded", "packed"))
        assert padded == pytest.approx(packed, rel=1e-4)
        assert packed == pytest.approx(expected, rel=0.2)
    decoder = tensorflow_beam.drawn_decoder(BEAM)
    states = captions.first_states(BEAM, BEAM["batch"])
    with Worker("torch_beam", BEAM, python=python) as worker:
        found = worker.run("PyTorch, batched as generate").result
    ours = tensorflow_beam.our_search(decoder, BEAM, states, returned=3)()
    assert all(caption in own for caption, own in zip(found, ours, strict=True))


def test_an_absent_peer_is_told(monkeypatch, tmp_path):
    monkeypatch.delenv("BENCHMARK_PEERS", raising=False)
    monkeypatch.setattr("benchmarks.worker.ROOT", tmp_path)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(PeerAbsent, match="PyTorch is absent"):
        peers_python()
    monkeypatch.setenv("BENCHMARK_PEERS", "/some/python")
    assert peers_python() == "/some/python"


def test_the_table_has_every_line(tmp_path):
    (tmp_path / "start.json").write_text(
        '{"command": "c", "hardware": "h", "commit": "1", "lines": ['
        '{"question": "start", "value": 3.21, "unit": "s", "at most": 4, "at least": null},'
        '{"question": "step", "ours": "o", "seconds": 0.5, "peer": "p", "peer seconds": 1.25,'
        ' "times as quick": 2.5, "aim": 2}]}'
    )
    text = "a\n<!-- benchmarks -->\nold\n<!-- end of benchmarks -->\nb\n"
    new = result_table.filled(text, tmp_path)
    assert "| start | 3.21 s | – | – | at most 4 s |" in new
    assert "| step | 500 ms (o) | 1.25 s (p) | 2.50 | 2 |" in new
    assert "old" not in new
    assert new.startswith("a\n")
    assert new.endswith("b\n")
    assert result_table.filled(new, tmp_path) == new


def test_parts_are_columns_of_a_table(tmp_path):
    (tmp_path / "limits.json").write_text(
        '{"command": "c", "hardware": "h", "commit": "1", "groups": {'
        '"search, 1": {"plain": {"median": 0.2, "low": 0.1, "high": 0.3},'
        ' "both": {"median": 0.0125, "low": 0.012, "high": 0.013}},'
        '"search, 2": {"plain": {"median": 2, "low": 1, "high": 3}},'
        '"reading": {"decode": {"median": 1, "low": 1, "high": 1}}}}'
    )
    text = "a\n<!-- benchmark parts: search -->\nold\n<!-- end of benchmark parts -->\nb\n"
    new = result_table.filled(text, tmp_path)
    assert "| milliseconds, median (quartiles) | search, 1 | search, 2 |" in new
    assert "| plain | 200 (100, 300) | 2000 (1000, 3000) |" in new
    assert "| both | 12.5 (12, 13) | – |" in new
    assert "decode" not in new
    assert "old" not in new
    assert result_table.filled(new, tmp_path) == new


def test_the_parts_of_one_group_are_a_column():
    start = {"import": {"median": 0.5, "low": 0.4, "high": 0.6}}
    content = {"command": "python -m benchmarks.start", "hardware": "h", "commit": "1"}
    measured = {"start": {**content, "seconds": start}}
    found = result_table.parts(measured, "start")
    assert "| milliseconds, median (quartiles) | start |" in found
    assert "| import | 500 (400, 600) |" in found
    assert "not measured yet" in result_table.parts(measured, "search")


def test_the_parts_of_a_training_step_are_its_products():
    found = tensorflow_limits.contestants({**TINY, "part": "training"})
    assert np.isfinite(found["the step"]())
    assert all(run() is None for name, run in found.items() if name != "the step")
    running = [6, 6, 5, 2, 0]
    shapes = [s for each in tensorflow_limits.products(running, 8, 40).values() for s in each]
    done = sum(2 * a * b * c for a, b, c in shapes) / 1e9
    assert done == pytest.approx(captions.useful_gflop({"units": 8, "words": 40}, sum(running)))


def test_the_parts_of_a_search_do_what_they_say():
    found = tensorflow_limits.contestants({**BEAM, "batch": 2, "part": "search"})
    written = {name: run() for name, run in found.items()}
    ways = ("plain", "words projected once", "compiled by XLA", "both")
    assert all(written[name] == written["plain"] for name in ways)
    assert set(written) - set(ways) == {"its products with all words", "its products W_h h"}


# They need a trained run or a prepared data set, which make benchmark has not.
OF_ONES_OWN = {"exported", "table4_time"}


def test_every_program_is_in_the_makefile_and_the_guide():
    programs = {
        path.stem
        for path in (ROOT / "benchmarks").glob("*.py")
        if "app.run(main)" in path.read_text("utf-8")
    }
    made = (ROOT / "Makefile").read_text("utf-8")
    guide = (ROOT / "docs" / "benchmarks.md").read_text("utf-8")
    for program in programs:
        if program not in OF_ONES_OWN:
            assert re.search(rf"\b{program}\b", made), program
        assert f"`{program}`" in guide, program
    assert os.path.exists(ROOT / "benchmarks" / "peers.txt")
