import itertools
import json

import pytest

from benchmarks import measuring, table4_time
from benchmarks.decoder_step import matrix_shares, product_gflop
from benchmarks.many_photographs import bytes_a_photograph, exponent
from benchmarks.measuring import Timing, comparison, interleaved, timing
from experiments.configs import flickr8k


def told(seconds):
    """A contestant that tells these seconds, one after the other."""
    rest = iter(seconds)
    return lambda: next(rest)


def test_median_and_quartiles_of_what_was_measured():
    assert timing([4.0, 1.0, 3.0, 2.0, 5.0]) == Timing(3.0, 2.0, 4.0, 5)


def test_contestants_take_turns_and_warm_up_does_not_count():
    order = []

    def contestant(name, seconds):
        rest = iter(seconds)

        def run():
            order.append(name)
            return next(rest)

        return run

    found = interleaved(
        {"a": contestant("a", [9, 1, 2, 3]), "b": contestant("b", [9, 4, 5, 6])},
        rounds=3,
        warm_up=1,
    )
    assert order == ["a", "b"] * 4
    assert found == {"a": Timing(2.0, 1.5, 2.5, 3), "b": Timing(5.0, 4.5, 5.5, 3)}


def test_short_of_time_three_rounds_remain(monkeypatch):
    clock = itertools.count(step=10)
    monkeypatch.setattr(measuring.time, "monotonic", lambda: float(next(clock)))
    found = interleaved({"a": told(range(20))}, rounds=9, warm_up=0, budget=1.0)
    assert found["a"].rounds == measuring.FEWEST_ROUNDS


def test_a_contestant_beyond_patience_is_timed_once():
    found = interleaved(
        {"slow": told([70.0, 60.0]), "quick": told([80.0, 1.0, 1.0, 1.0, 1.0])},
        rounds=3,
        warm_up=2,
        patience=20.0,
    )
    assert found["slow"] == Timing(60.0, 60.0, 60.0, 1)
    hopeless = interleaved({"a": told([201.0])}, rounds=3, warm_up=2, patience=20.0)
    assert hopeless["a"] == Timing(201.0, 201.0, 201.0, 1)
    assert found["quick"] == Timing(1.0, 1.0, 1.0, 3)


def test_the_quickest_of_each_side_are_compared():
    timings = {
        name: Timing(seconds, seconds, seconds, 3)
        for name, seconds in {"x": 2.0, "y": 3.0, "p": 8.0, "q": 5.0}.items()
    }
    line = comparison("?", timings, ours=["x", "y"], peers=["p", "q", "absent"], aim=2)
    assert (line["ours"], line["peer"], line["times as quick"]) == ("x", "q", 2.5)
    assert comparison("?", timings, ours=["x"], peers=["absent"], aim=2) is None


def test_share_of_the_matrix_product():
    # 100 GFLOP of useful work in 2 s; the quicker product of f32 does 30 in 0.3 s: 50 of 100.
    timings = {
        name: Timing(seconds, seconds, seconds, 3)
        for name, seconds in {
            "ours f32": 2.0,
            "one matrix product f32": 0.5,
            "other matrix product f32": 0.3,
            "one matrix product bf16": 0.1,
        }.items()
    }
    assert matrix_shares(timings, 100, 30) == {"ours f32": pytest.approx(0.5)}
    assert product_gflop({"units": 100, "words": 1000}, 50.9) == pytest.approx(0.01)


def test_slope_and_exponent():
    measured = [
        {"photographs": n, "seconds": 2.0 * n**1.5, "megabytes": {"peak": 700 + 0.003 * n}}
        for n in (100, 200, 400)
    ]
    assert bytes_a_photograph(measured) == pytest.approx(3000)
    assert exponent(measured) == pytest.approx(1.5)


def test_quick_results_lie_apart(tmp_path, monkeypatch):
    monkeypatch.setattr(measuring, "RESULTS", tmp_path)
    path = measuring.write_results("x", {"a": 1}, ("numpy",), quick=True, peers={"torch": "9"})
    content = json.loads(path.read_text())
    assert path.name == "x.quick.json"
    assert content["a"] == 1
    assert content["versions"]["torch"] == "9"
    assert content["command"] == "python -m benchmarks.x --quick"


def test_a_stage_s_steps_are_those_after_its_first_segment(tmp_path):
    log = tmp_path / "run" / "stages" / "cnn" / "metrics.jsonl"
    log.parent.mkdir(parents=True)
    lines = [
        {"step": 8, "seconds": 30.0},
        {"step": 16, "seconds": 46.0},
        {"step": 24, "validation/CIDEr": 0.5},
        {"step": 24, "seconds": 66.0},
    ]
    log.write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert table4_time.seconds_a_step(tmp_path / "run", "cnn") == [2.0, 2.5]


def test_a_run_s_training_is_its_steps_times_their_seconds():
    steps = {"cnn": Timing(2.0, 2.0, 2.0, 1), "joint": Timing(1.0, 1.0, 1.0, 1)}
    stages = flickr8k.get_config().stages
    expected = stages.cnn.steps * 2.0 + stages.joint.steps * 1.0
    assert table4_time.of_a_run(steps) == expected
