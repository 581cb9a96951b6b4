"""Flickr8k captions with EfficientNet-Lite0, for a machine without a GPU.

  python -m data_prep.prepare --data_set=flickr8k --source=FOLDER --output=data/prepared
  python -m experiments.train --config=experiments/configs/flickr8k.py --run=runs/flickr8k/ours

Where it differs from the paper's settings (coco_captions_paper.py) the settings here were measured
to be better on the validation part: AdamW, a cosine schedule, dropout, label smoothing, s_hat
centred and its map scaled up, both h0 and c0 set, and a bridge stage in which the decoder learns
from what the CNN predicts.

nic-f and nic-v2 have no stage of their own for the CNN; for as many encoder passes as the others
have, their joint stage takes the steps of both: --config.stages.joint.steps=563. m-rnn never trains
it, as published. Minutes on two cores: 13 for the CNN, 12 to 20 for the rest.
"""

from ml_collections import ConfigDict


def get_config():
    config = ConfigDict()
    config.data = "data/prepared/flickr8k/1.0.0"
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
            "centres_s_hat": True,
            "interface_dropout": 0.0,
            "decoder_dropout": 0.5,
            "label_smoothing": 0.1,
            "semantic_dropout": 0.5,
            "longest": 18,
        }
    )
    usual = {
        "photographs": 32,
        "optimiser": "adamw",
        "learning_rate": 1e-3,
        "schedule": "cosine",
        "warm_up": 50,
        "clip_norm": 5.0,
        "flip": True,
        "checkpoint_every": 100,
    }
    whole = {**usual, "learning_rate": 1e-4, "smallest_crop": 0.6}
    config.stages = ConfigDict(
        {
            "cnn_head": {**usual, "steps": 750, "evaluate_every": 250},
            "cnn": {**whole, "steps": 375, "evaluate_every": 125},
            "rnn": {**usual, "captions": 2, "steps": 400},
            "rnn_predicted": {**usual, "captions": 2, "steps": 3000, "evaluate_every": 500},
            "joint_frozen": {**usual, "captions": 2, "learning_rate": 1e-4, "steps": 188},
            "joint": {**whole, "captions": 2, "steps": 188, "evaluate_every": 47},
        }
    )
    config.decoding = ConfigDict({"width": 3, "length_normalisation": 0.8})
    config.evaluation_photographs = 500
    config.frozen_encoder = False
    config.cnn_from = ""
    config.feature_cache = "data/features"
    config.precision = "float32"
    config.jit = False
    return config
