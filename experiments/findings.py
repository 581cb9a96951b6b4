"""Settles open questions of the method by small runs that differ in one setting each.

  python -m experiments.findings --config=experiments/configs/flickr8k.py \
      --config.cnn_from=runs/flickr8k/cnn_0 --results=results/findings_flickr8k.csv

Every variant trains the decoder on a frozen CNN (stage rnn_predicted, 600 updates of 64
captions, unless it says otherwise) and writes captions for the validation photographs that
training looks at; the quick scores are the last of the stage. About four minutes a variant on two
cores. A finding's rows take the place of its older ones once all its variants are measured.
Variants that were trained at the same commit with the same settings are not trained again (their
runs stay in --runs), and an interrupted one goes on.
"""

import copy
import functools
import hashlib
import json
import pathlib
import sys
from collections.abc import Callable

from absl import app, flags

from experiments import tensorflow_start  # first: before TensorFlow is imported

import keras  # isort: skip

from experiments import evaluation_run, setting_flags  # isort: skip
from s_cnn_rnn.data.prepared import PreparedData  # isort: skip
from s_cnn_rnn.progress import ProgressBar  # isort: skip
from s_cnn_rnn.runs.run_folder import RunFolder  # isort: skip
from s_cnn_rnn.scoring.caption_evaluation import how_decoded  # isort: skip
from s_cnn_rnn.scoring.results import Result, append_results, commit, result_rows  # isort: skip
from s_cnn_rnn.settings import RunSettings  # isort: skip
from s_cnn_rnn.training.whole_run import train  # isort: skip

STAGE = "rnn_predicted"
COMMON = {"steps": 600, "photographs": 32, "captions": 2, "evaluate_every": 300}
FROZEN = {"cnn_from": "", "frozen_encoder": True}
# question -> variant -> the settings that it changes, by their place in the config.
FINDINGS = {
    "first state": {"h0 and c0": {}, "h0 alone": {"model.sets_cell": False}},
    "activation": {"relu": {}, "tanh": {"model.activation": "tanh"}},
    "optimiser": {
        "AdamW 1e-3, cosine": {},
        "RMSProp 1e-4, constant": {
            f"stages.{STAGE}.optimiser": "rmsprop",
            f"stages.{STAGE}.learning_rate": 1e-4,
            f"stages.{STAGE}.schedule": "constant",
        },
        "RMSProp 1e-3, cosine": {f"stages.{STAGE}.optimiser": "rmsprop"},
    },
    "map from s_hat": {
        "centred, times 20": {},
        "centred, times 5": {"model.s_hat_scale": 5.0},
        "centred, times 1": {"model.s_hat_scale": 1.0},
        "not centred, times 20": {"model.centres_s_hat": False},
        "not centred, times 1": {"model.centres_s_hat": False, "model.s_hat_scale": 1.0},
    },
    "interface": {
        "s_hat, initial state": {},
        "features, initial state": {"system": "nic-deeply"},
        "features, step zero": {"system": "nic-f"},
    },
    "captions in a step": {
        "2 of each photograph, 600 updates": {},
        "5 of each photograph, 240 updates": {
            f"stages.{STAGE}.captions": 5,
            f"stages.{STAGE}.steps": 240,
            f"stages.{STAGE}.evaluate_every": 120,
        },
    },
    "dropout of the decoder": {
        "0.5": {},
        "0.3": {"model.decoder_dropout": 0.3},
        "0": {"model.decoder_dropout": 0.0},
    },
    "told concepts": {
        "0": {},
        "0.25": {f"stages.{STAGE}.told_concepts": 0.25},
        "0.5": {f"stages.{STAGE}.told_concepts": 0.5},
    },
    "decoding": {"beam 3": {}, "consensus of 20": {"decoding.consensus": 20}},
    "precision": {"float32": {}, "mixed_bfloat16": {"precision": "mixed_bfloat16"}},
    "label smoothing": {"0.1": {}, "0": {"model.label_smoothing": 0.0}},
    "learning rate": {
        "1e-3": {},
        "5e-4": {f"stages.{STAGE}.learning_rate": 5e-4},
        "2e-3": {f"stages.{STAGE}.learning_rate": 2e-3},
    },
    "how sure s_hat is of training photographs": {
        "layer stopped after 4 epochs, dropout 0.5": {**FROZEN, "stages.cnn_head.steps": 750},
        "layer trained for 27 epochs, no dropout": {
            **FROZEN,
            "stages.cnn_head.steps": 5000,
            "model.semantic_dropout": 0.0,
        },
    },
    "what the decoder learns from": {
        "s_hat": {},
        # One step at a learning rate of nearly zero: the scores are those of stage rnn, on s_hat.
        "the true s": {
            "stages.rnn.steps": 600,
            f"stages.{STAGE}.steps": 1,
            f"stages.{STAGE}.learning_rate": 1e-9,
        },
    },
}

_CONFIG = setting_flags.define_settings("config", "Settings file; changes follow it.")
_FINDING = flags.DEFINE_multi_enum("finding", list(FINDINGS), list(FINDINGS), "Which questions.")
_RUNS = flags.DEFINE_string("runs", "runs/findings", "Folder for the run folders.")
_RESULTS = flags.DEFINE_string("results", "results/findings.csv", "CSV file to add to.")


def settings_of(config: dict, changes: dict) -> RunSettings:
    """The settings of a variant: the config's, one stage, and the variant's changes."""
    content = copy.deepcopy(config)
    named = {STAGE, *(name.split(".")[1] for name in changes if name.startswith("stages."))}
    content["stages"] = {name: content["stages"][name] for name in sorted(named)}
    content["stages"][STAGE] |= COMMON
    for name, value in changes.items():
        *places, setting = name.split(".")
        functools.reduce(dict.__getitem__, places, content)[setting] = value
    return RunSettings.from_dict(content)


def folder_name(settings: RunSettings, at_commit: str) -> str:
    """Tells variants by their settings and the program that trains them."""
    content = json.dumps(settings.to_dict(), sort_keys=True) + at_commit
    return hashlib.sha256(content.encode()).hexdigest()[:16]


def run_variant(folder: RunFolder, settings: RunSettings, progress: ProgressBar) -> dict:
    """Trains a variant, or takes what it gave before; the last values on the validation part."""
    train(folder, settings, progress=progress)
    return folder.stage(STAGE).read_summary()["validation"]


def rows_of_variant(
    finding: str, variant: str, settings: RunSettings, values: dict[str, float]
) -> list[Result]:
    """A variant's values as result rows; "QUESTION: VARIANT" stands in the column variant."""
    arguments = [*setting_arguments(), "--finding", finding, f"--results={_RESULTS.value}"]
    looked_at = f"first {settings.evaluation_photographs} photographs, as training logs it"
    return result_rows(
        {name.removeprefix("validation/"): value for name, value in values.items()},
        {},
        system=settings.system,
        seeds=str(settings.seed),
        split="validation",
        protocol=f"{how_decoded(settings.decoding)}, {looked_at}",
        encoder=settings.encoder.name,
        trained_through="no",
        data_hash=PreparedData(settings.data).digest[:16],
        command=evaluation_run.command("experiments.findings", arguments),
        variant=f"{finding}: {variant}",
    )


def setting_arguments() -> list[str]:
    """The command line's words that say the settings: --config and what follows it."""
    return [word for word in sys.argv[1:] if word.startswith("--config")]


def measure(
    finding: str, config: dict, run: Callable[[RunFolder, RunSettings], dict[str, float]]
) -> list[Result]:
    """The rows of all variants of a finding.

    Args:
        finding: one of `FINDINGS`.
        config: the config's settings.
        run: gives the values of a variant; one that is finished in its folder is not run again.
    """
    rows = []
    for variant, changes in FINDINGS[finding].items():
        settings = settings_of(config, changes)
        folder = RunFolder(pathlib.Path(_RUNS.value) / folder_name(settings, commit()))
        values = run(folder, settings)
        rows += rows_of_variant(finding, variant, settings, values)
        print(f"{finding}: {variant}: {values}", flush=True)
    return rows


def main(_: list[str]) -> None:
    """Runs the variants and writes their rows, one finding after the other."""
    tensorflow_start.only_warnings()
    keras.utils.disable_interactive_logging()
    with ProgressBar() as progress:
        run = functools.partial(run_variant, progress=progress)
        for finding in _FINDING.value:
            append_results(_RESULTS.value, measure(finding, _CONFIG.value.to_dict(), run))


if __name__ == "__main__":
    flags.mark_flag_as_required("config")
    app.run(main)
