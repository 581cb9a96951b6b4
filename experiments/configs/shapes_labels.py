r"""Drawn shapes with labels and noisy tags, a small CNN from random weights: any label system.

  python -m data_prep.prepare --data_set=shapes --count=16000
  python -m experiments.train --config=experiments/configs/shapes_labels.py --run=runs/shapes/ria \
      --system=ria

A few minutes on two cores.
"""

from ml_collections import ConfigDict


def get_config():
    config = ConfigDict()
    config.data = "data/prepared/shapes/1.0.0"
    config.system = "ours"
    config.task = "labels"
    config.label_order = ""
    config.seed = 0
    config.encoder = ConfigDict({"name": "small_cnn", "weights": None, "image_size": 64})
    config.model = ConfigDict(
        {
            "units": 256,
            "word_embedding": 128,
            "activation": "relu",
            "sets_cell": True,
            "s_hat_scale": 2.0,
            "centres_s_hat": True,
            "decoder_dropout": 0.1,
            "semantic_dropout": 0.2,
            "tag_units": 256,
            "tag_dropout": 0.3,
            "longest": 14,
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
            "tags": {**usual, "steps": 500},
            "cnn_head": {**usual, "steps": 500},
            "cnn": {**usual, "steps": 2400, "evaluate_every": 600},
            "rnn": {**usual, "steps": 600},
            "joint_frozen": {**usual, "steps": 1500, "evaluate_every": 500},
            "joint": {**usual, "steps": 1500, "evaluate_every": 500},
        }
    )
    config.decoding = ConfigDict({"width": 1, "length_normalisation": 0.0})
    config.evaluation_photographs = 200
    config.frozen_encoder = False
    config.cnn_from = ""
    config.feature_cache = "data/features"
    config.precision = "float32"
    config.jit = False
    return config
