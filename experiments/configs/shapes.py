"""Drawn shapes with a small CNN from random weights: all three stages in minutes, no GPU.

  python -m data_prep.prepare --data_set=shapes --count=16000 --output=data/prepared
  python -m experiments.train --config=experiments/configs/shapes.py --run=runs/shapes/ours
  python -m experiments.evaluate --run=runs/shapes/ours

`make demo` runs exactly this.
"""

from ml_collections import ConfigDict


def get_config():
    config = ConfigDict()
    config.data = "data/prepared/shapes/1.0.0"
    config.system = "ours"
    config.task = "captions"
    config.seed = 0
    config.encoder = ConfigDict({"name": "small_cnn", "weights": None, "image_size": 64})
    config.model = ConfigDict(
        {
            "units": 256,
            "word_embedding": 128,
            "activation": "relu",
            "sets_cell": True,
            "s_hat_scale": 1.0,
            "decoder_dropout": 0.1,
            "semantic_dropout": 0.2,
            "longest": 16,
        }
    )
    usual = {
        "photographs": 32,
        "optimiser": "adamw",
        "learning_rate": 1e-3,
        "schedule": "cosine",
        "warm_up": 20,
        "clip_norm": 5.0,
        "checkpoint_every": 250,
    }
    config.stages = ConfigDict(
        {
            "cnn": {**usual, "steps": 2400, "evaluate_every": 600},
            "rnn": {**usual, "captions": 2, "steps": 900, "evaluate_every": 300},
            "joint": {**usual, "captions": 2, "steps": 1500, "evaluate_every": 500},
        }
    )
    config.decoding = ConfigDict({"width": 3, "length_normalisation": 0.0})
    config.evaluation_photographs = 200
    config.cnn_from = ""
    config.feature_cache = "data/features"
    config.precision = "float32"
    config.jit = False
    return config
