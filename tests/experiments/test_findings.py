"""The findings' variants: valid settings that differ from the base in what they name alone."""

import copy

from experiments.configs import flickr8k
from experiments.findings import FINDINGS, STAGE, settings_of


def test_variants_differ_in_what_they_name():
    config = flickr8k.get_config().to_dict()
    base = settings_of(config, {}).to_dict()
    for finding, variants in FINDINGS.items():
        for variant, changes in variants.items():
            found = settings_of(config, changes).to_dict()
            expected = copy.deepcopy(base)
            for name, value in changes.items():
                place, _, setting = name.rpartition(".")
                target = {"model": expected["model"], "stage": expected["stages"][STAGE]}
                target.get(place, expected)[setting] = value
            assert found == expected, f"{finding}: {variant}"


def test_each_question_compares_something():
    for finding, variants in FINDINGS.items():
        assert len(variants) >= 2, finding
        changes = [tuple(sorted(c.items())) for c in variants.values()]
        assert len(set(changes)) == len(changes), finding
