import pytest
from finished_runs import copy_run, untrained_run, write_captions

from s_cnn_rnn.scoring.evaluation import Compared, Comparison, compare_systems, score_systems
from s_cnn_rnn.scoring.protocol_scores import Difference
from s_cnn_rnn.scoring.results import append_results, read_results
from s_cnn_rnn.scoring.score_table import (
    lines_of_comparison,
    lines_of_system,
    rows_of_comparison,
    rows_of_system,
)

pytestmark = pytest.mark.filterwarnings("ignore:METEOR is missing")


@pytest.fixture(scope="module")
def system(tiny_run, tmp_path_factory, without_java):
    """Two seeds: "a" and "a dot" for every photograph."""
    folder = tmp_path_factory.mktemp("seeds")
    runs = [copy_run(tiny_run, folder / str(seed), seed=seed) for seed in range(2)]
    for run, caption in zip(runs, ("a", "a dot"), strict=True):
        write_captions(run, [caption] * 6)
    (scored,) = score_systems([runs], "validation")
    return scored


def test_rows(system, tiny_data, tmp_path):
    path = tmp_path / "table.csv"
    append_results(path, rows_of_system(system, command="python -m experiments.evaluate"))
    rows = {row.metric: row for row in read_results(path)}
    values, intervals = system.main.values, system.main.intervals
    assert (rows["CIDEr"].value, rows["CIDEr"].low) == (values["CIDEr"], intervals["CIDEr"].low)
    assert rows["METEOR"].value is None
    assert rows["mean length"].value == 1.5
    assert rows["concept mAP"].low is None
    assert rows["text-only CIDEr"].value == system.text_only.values["CIDEr"]
    # 3 steps of 8 photographs in "cnn" and in "joint"; 48 cached in "cnn_head", "rnn_predicted".
    assert rows["encoder passes"].value == 2 * 3 * 8 + 2 * 48
    seconds = [run.cost.seconds for run in system.runs]
    assert rows["training seconds"].value == pytest.approx(sum(seconds) / 2)
    row = rows["BLEU-4"]
    assert (row.system, row.seeds, row.split) == ("ours", "0 1", "validation")
    assert (row.encoder, row.trained_through) == ("small_cnn", "yes")
    assert row.protocol == "beam 3, 5 references, imitated PTB tokeniser"
    assert row.data_hash == tiny_data.digest[:16]
    assert row.command == "python -m experiments.evaluate"
    assert (row.variant, row.against, row.captions_in_step) == ("", "", "all")


def test_lines(system):
    lines = lines_of_system(system)
    assert lines[0] == "ours, seed 0 1: 6 photographs of validation"
    (cider,) = (line for line in lines if line.split()[0] == "CIDEr")
    low, high = system.main.intervals["CIDEr"]
    values = [system.main.values["CIDEr"], low, high, system.text_only.values["CIDEr"]]
    assert cider.replace(" to ", " ").split()[1:] == [f"{value:.4f}" for value in values]
    assert any(line.split()[:2] == ["METEOR", "missing"] for line in lines)
    assert lines[-1].startswith("METEOR is missing: ")


def test_lines_of_differences(system):
    found = [
        Difference("CIDEr", 0.02, 0.01, 0.03),
        Difference("METEOR", -0.01, -0.02, 0.001),
        Difference("BLEU-4", -1e-12, -2e-12, -1e-12),
    ]
    comparison = Comparison(system, [Compared(system.main, system.main, found)])
    head, protocol, *lines = lines_of_comparison(system, comparison)
    assert head == "ours minus ours (paired over photographs)"
    assert protocol == "beam 3, 5 references, imitated PTB tokeniser"
    assert [line.split() for line in lines] == [
        ["CIDEr", "+0.0200", "+0.0100", "to", "+0.0300", "differs"],
        ["METEOR", "-0.0100", "-0.0200", "to", "+0.0010"],
        ["BLEU-4", "-0.0000", "-0.0000", "to", "-0.0000"],
    ]


def test_ablations_and_differences_are_rows_of_their_own(system, tiny_run, tmp_path, without_java):
    """Runs whose settings alone differ, and differences, replace no other row."""
    copies = [copy_run(tiny_run, tmp_path / name, variant=name) for name in ("a=1", "b=2")]
    runs = [[run] for run in copies]
    one, two = score_systems(runs, "validation")
    path = tmp_path / "table.csv"
    for scored in (system, one, two):
        append_results(path, rows_of_system(scored, command="evaluate"))
    comparison = compare_systems(one, two)
    append_results(path, rows_of_comparison(one, comparison, command="compare"))
    rows = [row for row in read_results(path) if row.metric == "CIDEr"]
    assert [(row.variant, row.seeds, row.against) for row in rows] == [
        ("", "0 1", ""),
        ("a=1", "0", ""),
        ("b=2", "0", ""),
        ("a=1", "0", "ours, b=2, seed 0"),
    ]
    difference, found = rows[-1], comparison.protocols[0].differences[0]
    assert (difference.metric, difference.value) == (found.metric, found.value)
    assert (difference.low, difference.high, difference.command) == (
        found.low,
        found.high,
        "compare",
    )
    assert difference.protocol == one.main.protocol


@pytest.fixture(scope="module")
def label_system(tiny_data, tmp_path_factory):
    options = {"task": "labels", "stages": {"cnn": {"steps": 1}}}
    path = tmp_path_factory.mktemp("labels") / "logistic"
    run = untrained_run(path, tiny_data, system="cnn-logistic", **options)
    (scored,) = score_systems([[run]], "validation")
    return scored


def test_rows_of_labels_name_their_protocol(label_system, tmp_path):
    path = tmp_path / "table.csv"
    append_results(path, rows_of_system(label_system, command="evaluate"))
    rows = {(row.protocol, row.metric): row for row in read_results(path)}
    for scores in label_system.protocols:
        for metric in ("C-R", "C-P", "C-F1", "O-R", "O-P", "O-F1", "mAP", "labels per photograph"):
            row = rows[scores.protocol, metric]
            assert row.value == scores.values[metric]
            assert (row.low, row.high) == scores.intervals[metric]
        assert rows[scores.protocol, "training seconds"].value == 1.5
        assert rows[scores.protocol, "labels never predicted"].low is None
    threshold = rows["threshold chosen on train", "threshold"].value
    assert 0 < threshold < 1
    assert not any(metric.startswith("text-only") for _, metric in rows)


def test_lines_of_labels_are_a_table_for_each_protocol(label_system):
    lines = lines_of_system(label_system)
    heads = [line for line in lines if line.endswith("; small_cnn, trained through")]
    assert [head.split(";")[0] for head in heads] == [s.protocol for s in label_system.protocols]
    assert sum(line.split()[:1] == ["O-F1"] for line in lines) == 3
    assert not any("text only" in line for line in lines)
    (never, *_) = (line for line in lines if "labels never predicted" in line)
    assert never.split()[-1].isdigit()
