"""The findings' variants: valid settings that differ from the base in what they name alone."""

from types import SimpleNamespace

import pytest
from absl import flags
from absl.testing import flagsaver

from experiments import findings
from experiments.configs import flickr8k
from experiments.findings import FINDINGS, STAGE, measure, settings_of
from s_cnn_rnn.scoring.results import append_results, read_results


@pytest.fixture(autouse=True)
def _parsed_flags():
    if not flags.FLAGS.is_parsed():
        flags.FLAGS(["test"], known_only=True)


def flat(content: dict, place: str = "") -> dict:
    found = {}
    for name, value in content.items():
        inside = flat(value, f"{place}{name}.") if isinstance(value, dict) else {}
        found |= inside or {f"{place}{name}": value}
    return found


def test_variants_differ_in_what_they_name():
    config = flickr8k.get_config().to_dict() | {"cnn_from": "runs/another"}
    base = flat(settings_of(config, {}).to_dict())
    for finding, variants in FINDINGS.items():
        for variant, changes in variants.items():
            found = flat(settings_of(config, changes).to_dict())
            # A stage that the base does not go through comes whole from the config.
            expected = {k: v for k, v in found.items() if k.startswith("stages.") and k not in base}
            for name, value in found.items():
                if name not in expected:
                    assert value == changes.get(name, base[name]), f"{finding}: {variant}: {name}"
            assert all(found[name] == value for name, value in changes.items())
            assert {name.split(".")[1] for name in expected} == {
                name.split(".")[1] for name in changes if name.startswith("stages.")
            } - {STAGE}


def test_each_question_compares_something():
    for finding, variants in FINDINGS.items():
        assert len(variants) >= 2, finding
        changes = [tuple(sorted(c.items())) for c in variants.values()]
        assert len(set(changes)) == len(changes), finding


def test_findings_are_result_rows_and_not_trained_twice(tmp_path, monkeypatch):
    path, config = tmp_path / "findings.csv", flickr8k.get_config().to_dict()
    trained = {}

    def run(folder, settings):
        setting = (settings.model.sets_cell, settings.model.activation)
        value = trained.setdefault(folder.path, (setting, 0.1 * (len(trained) + 1)))[1]
        return {"validation/CIDEr": value, "validation/Lr": 40.5}

    monkeypatch.setattr(findings, "commit", lambda: "first")
    monkeypatch.setattr(findings, "PreparedData", lambda path: SimpleNamespace(digest="abc"))
    with flagsaver.flagsaver(results=str(path), runs=str(tmp_path / "runs")):
        for finding in ("first state", "activation", "first state"):
            append_results(path, measure(finding, config, run))
    # The base is trained once for both findings, and the third call trains nothing.
    assert [setting for setting, _ in trained.values()] == [
        (True, "relu"),
        (False, "relu"),
        (True, "tanh"),
    ]
    rows = [row for row in read_results(path) if row.metric == "CIDEr"]
    assert {row.variant: row.value for row in rows} == pytest.approx(
        {
            "first state: h0 and c0": 0.1,
            "first state: h0 alone": 0.2,
            "activation: relu": 0.1,
            "activation: tanh": 0.3,
        }
    )
    assert len(rows) == 4
    assert {(row.system, row.seeds, row.split, row.data_hash) for row in rows} == {
        ("ours", "0", "validation", "abc")
    }
    assert "--finding 'first state'" in rows[0].command
