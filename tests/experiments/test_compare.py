"""Runs compared as a user would: two systems, one of them with two seeds."""

import json
import re

import numpy as np
import pytest
from finished_runs import copy_run, write_captions

from experiments import comparison_run
from s_cnn_rnn.report.run_comparison import compare_pairs, different_settings, make_comparison
from s_cnn_rnn.runs.learning_curves import curve_by_step
from s_cnn_rnn.scoring.evaluation import score_systems
from s_cnn_rnn.scoring.results import read_results

pytestmark = [
    pytest.mark.usefixtures("without_java"),
    pytest.mark.filterwarnings("ignore:METEOR is missing"),
]
WORDS = ["dot", "ring", "star", "box", "hoop", "cross"]


@pytest.fixture(scope="module")
def runs(tiny_run, tiny_data, tmp_path_factory):
    """Two seeds that wrote what people wrote, and a system of another width with one word each."""
    folder = tmp_path_factory.mktemp("runs")
    model = tiny_run.settings().to_dict()["model"]
    right = copy_run(tiny_run, folder / "right_0")
    poor = copy_run(tiny_run, folder / "poor")
    human = [a.captions[0] for a in tiny_data.annotations("validation")]
    write_captions(right, human)
    write_captions(poor, WORDS)
    poor.settings_path.write_text(
        json.dumps(poor.settings().to_dict() | {"model": model | {"label_smoothing": 0.5}})
    )
    return right, copy_run(right, folder / "right_1", seed=1), poor


@pytest.fixture(scope="module")
def systems(runs):
    right, other_seed, poor = runs
    return score_systems([[right, other_seed], [poor]], "validation")


def test_the_program_writes_the_page_and_the_figures(runs, tmp_path, capsys):
    output, results = tmp_path / "compare.html", tmp_path / "all.csv"
    comparison_run.compare(
        [str(run.path) for run in runs], str(output), results=str(results), command="again"
    )
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1] == f"page: {output}"
    page = output.read_text("utf-8")
    assert "2 systems on the same 6 photographs of validation" in page
    assert '<td class="differs"><b>+' in page
    assert "model.label_smoothing" in page
    assert page.count('class="tiny"') == 6 + 6  # the most different, and all in another order
    found = read_results(results)
    assert {row.seeds for row in found} == {"0 1", "0"}
    [against] = {row.against for row in found if row.against}
    assert against.endswith("seed 0")


def test_differences_are_the_first_minus_the_second(systems):
    [pair] = make_comparison(systems, compare_pairs(systems)).pairs
    cider = {one.metric: one for one in pair.differences}["CIDEr"]
    first, second = (system.main.values["CIDEr"] for system in systems)
    assert cider.value == pytest.approx(first - second)
    assert cider.differs
    assert cider.low > 0


def test_curves_are_means_over_seeds_against_all_steps(systems, runs):
    """Stages cnn_head and cnn before (3 steps each), rnn counts but has values of true concepts."""
    page = make_comparison(systems, compare_pairs(systems))
    curves = {curve.part: curve for curve in page.curves if curve.measure == "Lr"}
    assert len(curves) == 2
    steps = [point.step for point in curves[systems[0].name].points]
    assert steps == [9 + 2, 9 + 3, 12 + 2, 12 + 3]
    alone = curve_by_step(runs[0], "Lr")
    assert [p.value for p in curves[systems[0].name].points] == pytest.approx(
        [value for _, value in alone]
    )


def test_photographs_are_ordered_by_how_much_scores_differ(systems):
    page = make_comparison(systems, compare_pairs(systems), differing=4, drawn=4)
    shown, drawn = (gallery.photographs for gallery in page.galleries)
    spreads = [abs(one.written[0].score - one.written[1].score) for one in shown]
    every = np.abs(
        systems[0].runs[0].protocols[0].per_photograph
        - systems[1].runs[0].protocols[0].per_photograph
    )
    assert spreads == pytest.approx(sorted(every, reverse=True)[:4])
    assert {by.written for one in shown for by in one.written[1:]} <= set(WORDS)
    assert len({one.file_name for one in drawn}) == 4
    [turned] = make_comparison(systems[::-1], [], differing=0, drawn=4).galleries
    assert turned.title == "Drawn at random"
    assert [one.file_name for one in turned.photographs] == [one.file_name for one in drawn]


def test_photographs_may_be_named(systems, tiny_data):
    names = [a.file_name for a in tiny_data.annotations("validation")][3:0:-2]
    [gallery] = make_comparison(systems, [], named=names).galleries
    assert [one.file_name for one in gallery.photographs] == names
    captions = {a.file_name: a.captions[0] for a in tiny_data.annotations("validation")}
    assert [one.written[0].written for one in gallery.photographs] == [captions[n] for n in names]
    with pytest.raises(ValueError, match=r"validation: no photograph is called no\.jpg"):
        make_comparison(systems, [], named=["no.jpg"])


def test_settings_that_differ_are_those_alone(systems):
    assert different_settings(systems) == [("model.label_smoothing", ["0.0", "0.5"])]


def test_seeds_of_one_system_are_no_comparison(runs):
    right, other_seed, _ = runs
    with pytest.raises(ValueError, match=re.escape("experiments.evaluate scores them together")):
        comparison_run.compare([str(right.path), str(other_seed.path)], "unused.html")
