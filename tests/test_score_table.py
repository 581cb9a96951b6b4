import dataclasses
from types import SimpleNamespace

import pytest
from finished_runs import copy_run, write_captions

from s_cnn_rnn.evaluation import Difference, score_systems
from s_cnn_rnn.results import append_results, read_results
from s_cnn_rnn.score_table import (
    lines_of_differences,
    lines_of_system,
    protocol,
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
    values, intervals = system.values, system.intervals
    assert (rows["CIDEr"].value, rows["CIDEr"].low) == (values["CIDEr"], intervals["CIDEr"].low)
    assert rows["METEOR"].value is None
    assert rows["mean length"].value == 1.5
    assert rows["concept mAP"].low is None
    assert rows["text-only CIDEr"].value == system.text_only_values["CIDEr"]
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


@pytest.mark.parametrize(
    ("width", "normalisation", "references", "expected"),
    [
        (1, 0.7, [5, 5], "greedy, 5 references, PTB tokeniser"),
        (3, 0.7, [7, 5], "beam 3, length normalisation 0.7, 5 to 7 references, PTB tokeniser"),
    ],
)
def test_protocol(system, width, normalisation, references, expected):
    run = system.runs[0]
    decoding = dataclasses.replace(
        run.settings.decoding, width=width, length_normalisation=normalisation
    )
    settings = dataclasses.replace(run.settings, decoding=decoding)
    captions = dataclasses.replace(run.captions, tokeniser="PTB (Stanford CoreNLP 3.4.1)")
    data = SimpleNamespace(references=[("a",) * n for n in references])
    changed = dataclasses.replace(run, settings=settings, captions=captions, data=data)
    assert protocol(dataclasses.replace(system, runs=(changed,))) == expected


def test_lines(system):
    lines = lines_of_system(system)
    assert lines[0] == "ours, seed 0 1: 6 photographs of validation"
    (cider,) = (line for line in lines if line.split()[0] == "CIDEr")
    low, high = system.intervals["CIDEr"]
    text_only = system.text_only_values["CIDEr"]
    values = [system.values["CIDEr"], low, high, text_only]
    assert cider.replace(" to ", " ").split()[1:] == [f"{value:.4f}" for value in values]
    assert any(line.split()[:2] == ["METEOR", "missing"] for line in lines)
    assert lines[-1].startswith("METEOR is missing: ")


def test_lines_of_differences(system):
    found = [
        Difference("CIDEr", 0.02, 0.01, 0.03),
        Difference("METEOR", -0.01, -0.02, 0.001),
        Difference("BLEU-4", -1e-12, -2e-12, -1e-12),
    ]
    head, *lines = lines_of_differences(system, system, found)
    assert head == "ours minus ours (paired over photographs)"
    assert [line.split() for line in lines] == [
        ["CIDEr", "+0.0200", "+0.0100", "to", "+0.0300", "differs"],
        ["METEOR", "-0.0100", "-0.0200", "to", "+0.0010"],
        ["BLEU-4", "-0.0000", "-0.0000", "to", "-0.0000"],
    ]
