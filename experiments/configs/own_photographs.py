"""A user's own photographs with captions, EfficientNet-Lite0, for a machine without a GPU.

  python -m data_prep.prepare --data_set=own_folder --source=FOLDER --name=mine
  python -m experiments.train --config=experiments/configs/own_photographs.py --run=runs/mine
  python -m experiments.annotate --run=runs/mine photo.jpg

The steps suit some hundreds to some thousands of photographs; for fewer, captions will repeat what
they have seen. The CNN stays frozen: training all of it pays from some thousands of photographs on
(--config.stages.cnn.steps=400 --config.stages.joint.steps=400).
"""

from ml_collections import ConfigDict


def get_config():
    config = ConfigDict()
    config.data = "data/prepared/mine/1.0.0"
    config.system = "ours"
    config.task = "captions"
    config.seed = 0
    config.encoder = ConfigDict(
        {"name": "efficientnet_lite0", "weights": "pretrained", "image_size": 224}
    )
    config.model = ConfigDict(
        {
            "units": 512,
            "word_embedding": 512,
            "activation": "relu",
            "sets_cell": True,
            "s_hat_scale": 20.0,
            "decoder_dropout": 0.3,
            "semantic_dropout": 0.5,
            "longest": 18,
        }
    )
    usual = {
        "photographs": 32,
        "captions": 1,
        "optimiser": "adamw",
        "learning_rate": 1e-3,
        "schedule": "cosine",
        "warm_up": 20,
        "clip_norm": 5.0,
        "flip": True,
        "checkpoint_every": 100,
    }
    whole = {**usual, "learning_rate": 1e-4, "smallest_crop": 0.6}
    config.stages = ConfigDict(
        {
            "cnn_head": {**usual, "steps": 300},
            "cnn": {**whole, "steps": 0},
            "rnn": {**usual, "steps": 600},
            "rnn_predicted": {**usual, "steps": 600},
            "joint": {**whole, "steps": 0},
        }
    )
    config.decoding = ConfigDict({"width": 3, "length_normalisation": 0.0})
    config.evaluation_photographs = 200
    config.cnn_from = ""
    config.feature_cache = "data/features"
    config.precision = "float32"
    config.jit = False
    return config
