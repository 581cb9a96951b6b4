"""A user's own photographs with their own keywords, EfficientNet-Lite0, for a machine without GPU.

  s-cnn-rnn learn-keywords FOLDER --run=runs/mine

The steps suit some hundreds to some ten thousand photographs. The CNN stays as ImageNet left it;
from some thousand photographs on it pays to train it as well, on a GPU or over night
(--thorough, or --config.frozen_encoder=False with experiments.train).
"""

from ml_collections import ConfigDict


def get_config():
    config = ConfigDict()
    config.data = "data/prepared/mine/1.0.0"
    config.system = "ours"
    config.task = "labels"
    config.seed = 0
    config.encoder = ConfigDict(
        {"name": "efficientnet_lite0", "weights": "pretrained", "image_size": 224}
    )
    config.model = ConfigDict(
        {
            "units": 256,
            "word_embedding": 128,
            "activation": "relu",
            "sets_cell": True,
            "s_hat_scale": 4.0,
            "centres_s_hat": True,
            "interface_dropout": 0.2,
            "decoder_dropout": 0.3,
            "semantic_dropout": 0.5,
            "longest": 20,
        }
    )
    usual = {
        "photographs": 64,
        "optimiser": "adamw",
        "learning_rate": 1e-3,
        "schedule": "cosine",
        "warm_up": 20,
        "clip_norm": 5.0,
        "weight_decay": 0.01,
        "flip": True,
        "checkpoint_every": 250,
    }
    whole = {**usual, "photographs": 32, "learning_rate": 1e-4, "smallest_crop": 0.6}
    config.stages = ConfigDict(
        {
            "cnn_head": {**usual, "steps": 800},
            "cnn": {**whole, "steps": 300},
            "rnn": {**usual, "steps": 150},
            "rnn_predicted": {**usual, "steps": 400},
            "joint_frozen": {**usual, "steps": 400},
            "joint": {**whole, "steps": 150},
        }
    )
    config.decoding = ConfigDict({"width": 1, "length_normalisation": 0.0})
    config.evaluation_photographs = 500
    config.frozen_encoder = True
    config.cnn_from = ""
    config.feature_cache = "data/features"
    config.precision = "float32"
    config.jit = False
    return config
