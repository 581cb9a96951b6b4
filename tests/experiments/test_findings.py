"""The findings' variants: valid settings that differ from the base in what they name alone."""

import pytest

from experiments import findings
from experiments.configs import flickr8k
from experiments.findings import (
    FINDINGS,
    STAGE,
    measure,
    read_rows,
    replace_finding,
    settings_of,
)


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


def test_findings_are_added_and_replaced_and_not_measured_twice(tmp_path, monkeypatch):
    path, config = tmp_path / "findings.csv", flickr8k.get_config().to_dict()
    path.write_text("finding,variant,validation/Lr,commit,hardware\nolder,a,40.5,0,h\n")
    trained = []

    def run(name, settings):
        trained.append((settings.model.sets_cell, settings.model.activation))
        return {"validation/CIDEr": 0.1 * len(trained)}

    def measure_again(finding, config=config):
        replace_finding(path, finding, measure(finding, config, read_rows(path), run))

    monkeypatch.setattr(findings, "commit", lambda: "first")
    for finding in ("first state", "activation", "first state"):
        measure_again(finding)
    # The base is trained once for both findings, and the third call trains nothing.
    assert trained == [(True, "relu"), (False, "relu"), (True, "tanh")]
    expected = [("older", "a"), ("activation", "relu"), ("activation", "tanh")]
    expected += [("first state", "h0 and c0"), ("first state", "h0 alone")]
    assert [(row["finding"], row["variant"]) for row in read_rows(path)] == expected
    values = [row["validation/CIDEr"] for row in read_rows(path)]
    assert [float(value or 0) for value in values] == pytest.approx([0, 0.1, 0.3, 0.1, 0.2])

    monkeypatch.setattr(findings, "commit", lambda: "second")
    measure_again("first state")
    changed = config | {"seed": 7}
    measure_again("first state", changed)
    assert len(trained) == 7
    commits = {row["finding"]: row["commit"] for row in read_rows(path)}
    assert commits == {"older": "0", "activation": "first", "first state": "second"}
