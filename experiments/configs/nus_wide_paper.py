"""The paper's label experiment on NUS-WIDE at full size (section 4.2), setting by setting.

  python -m data_prep.prepare --data_set=nus_wide_paper --source=FOLDER \
      --validation_photographs=5000
  python -m experiments.train --config=experiments/configs/nus_wide_paper.py --run=runs/nus_wide
  python -m experiments.train --config=experiments/configs/nus_wide_paper.py \
      --run=runs/nus_wide_tags --config.system=ours+tags

CaffeNet with ImageNet weights (Caffe's model zoo has bvlc_reference_caffenet.caffemodel; put it
where config.encoder.weights says), 81 labels, rare ones first, 1,000 tags, 512 cells, RMSProp at
1e-4, batches of 32. The paper reports O-F1 70.96 and C-F1 52.77 for ours, 77.15 and 66.36 with
tags. It does not say how many steps it took, nor the learning rates of tags and joint stage: the
numbers of steps here are 10 epochs for each long stage, the learning rates those of the others.
Every label system trains with these settings; a run goes through the stages its system has.
"""

from ml_collections import ConfigDict


def get_config():
    config = ConfigDict()
    config.data = "data/prepared/nus_wide_paper/1.0.0"
    config.system = "ours"
    config.task = "labels"
    config.label_order = ""  # the system's own: rare first for ours
    config.seed = 0
    config.encoder = ConfigDict(
        {
            "name": "caffenet",
            "weights": "data/weights/bvlc_reference_caffenet.caffemodel",
            "image_size": 256,
            "dropout": 0.5,
        }
    )
    config.model = ConfigDict(
        {
            "units": 512,
            "word_embedding": 256,
            "activation": "relu",
            "sets_cell": False,
            "s_hat_scale": 1.0,
            "centres_s_hat": False,
            "interface_dropout": 0.0,
            "decoder_dropout": 0.0,
            "label_smoothing": 0.0,
            "semantic_dropout": 0.0,
            "tag_units": 256,
            "tag_dropout": 0.0,
            "prior_bias": False,
            "longest": 20,
        }
    )
    usual = {
        "photographs": 32,
        "optimiser": "rmsprop",
        "learning_rate": 1e-4,
        "schedule": "constant",
    }
    config.stages = ConfigDict(
        {
            "tags": {**usual, "steps": 45_000, "evaluate_every": 15_000},
            "cnn_head": {**usual, "steps": 4_500},
            "cnn": {**usual, "steps": 45_000, "evaluate_every": 4_500},
            "rnn": {**usual, "steps": 45_000, "evaluate_every": 15_000},
            "joint_frozen": {**usual, "steps": 45_000, "evaluate_every": 4_500},
            "joint": {**usual, "steps": 45_000, "evaluate_every": 4_500},
        }
    )
    config.decoding = ConfigDict({"width": 1, "length_normalisation": 0.0})
    config.evaluation_photographs = 5_000
    config.frozen_encoder = False
    config.cnn_from = ""
    config.feature_cache = "data/features"
    config.precision = "float32"
    config.jit = False
    return config
