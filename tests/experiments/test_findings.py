"""The findings' variants: valid settings that differ from the base in what they name alone."""

from experiments.configs import flickr8k
from experiments.findings import FINDINGS, STAGE, settings_of


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
