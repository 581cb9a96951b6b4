r"""MIRFLICKR: 24 labels and user tags, EfficientNet-Lite0; the stand-in for the paper's table 1.

  python -m data_prep.prepare --data_set=own_folder --source=FOLDER/mirflickr \
      --annotations=train=train.jsonl,validation=val.jsonl
  python -m experiments.train --config=experiments/configs/mirflickr.py --run=runs/mirflickr/ours
  python -m experiments.train --config=experiments/configs/mirflickr.py --run=runs/mirflickr/ria \
      --system=ria

Every label system trains with these settings; a run goes through those stages that its system has.
--config.frozen_encoder=True keeps the ImageNet CNN as it is.
ria and cnn-rnn have no stage of their own for the CNN; for as many encoder passes as the others
have, their joint stage takes the steps of both, and the CNN stage's learning rate:
--config.stages.joint.steps=880 --config.stages.joint.learning_rate=3e-4.
"""

from ml_collections import ConfigDict


def get_config():
    config = ConfigDict()
    config.data = "data/prepared/mirflickr/1.0.0"
    config.system = "ours"
    config.task = "labels"
    config.label_order = ""
    config.seed = 0
    config.encoder = ConfigDict(
        {"name": "efficientnet_lite0", "weights": "pretrained", "image_size": 224}
    )
    config.model = ConfigDict(
        {
            "units": 512,
            "word_embedding": 256,
            "activation": "relu",
            "sets_cell": True,
            "s_hat_scale": 4.0,
            "centres_s_hat": True,
            "interface_dropout": 0.2,
            "decoder_dropout": 0.3,
            "label_smoothing": 0.0,
            "semantic_dropout": 0.5,
            "tag_units": 256,
            "tag_dropout": 0.5,
            "longest": 12,
        }
    )
    usual = {
        "photographs": 64,
        "optimiser": "adamw",
        "learning_rate": 1e-3,
        "schedule": "cosine",
        "warm_up": 50,
        "clip_norm": 5.0,
        "weight_decay": 0.01,
        "flip": True,
        "checkpoint_every": 250,
    }
    whole = {**usual, "photographs": 32, "learning_rate": 1e-4, "smallest_crop": 0.6}
    config.stages = ConfigDict(
        {
            "tags": {**usual, "steps": 1000, "evaluate_every": 500},
            "cnn_head": {**usual, "steps": 3000, "evaluate_every": 1000},
            "cnn": {**whole, "learning_rate": 3e-4, "steps": 660, "evaluate_every": 220},
            "rnn": {**usual, "steps": 300},
            "rnn_predicted": {**usual, "steps": 1000, "evaluate_every": 250},
            "joint_frozen": {**usual, "steps": 1000, "evaluate_every": 500},
            "joint": {**whole, "steps": 220, "evaluate_every": 110},
        }
    )
    config.decoding = ConfigDict({"width": 1, "length_normalisation": 0.0})
    config.evaluation_photographs = 1500
    config.frozen_encoder = False
    config.cnn_from = ""
    config.feature_cache = "data/features"
    config.precision = "float32"
    config.jit = False
    return config
