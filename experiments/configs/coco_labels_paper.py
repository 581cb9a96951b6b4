"""The paper's label experiment on COCO at full size (section 4.2), setting by setting.

  python -m data_prep.prepare --data_set=coco --name=coco_labels --source=FOLDER --tags=TAGS.csv
  python -m experiments.train --config=experiments/configs/coco_labels_paper.py --run=runs/coco
  python -m experiments.train --config=experiments/configs/coco_labels_paper.py \
      --run=runs/coco_tags --config.system=ours+tags

VGG16 with ImageNet weights, 80 labels, rare ones first, 1,000 tags (COCO itself has none: without
them leave --tags out and train the systems without), 512 cells, RMSProp, batches of 32; train2014
trains and val2014 evaluates. The paper reports O-F1 72.47 and C-F1 63.39 for ours, 75.16 and 67.00
with tags. It does not say how many steps it took, nor the learning rates of tags and joint stage:
the numbers of steps here are 10 epochs for each long stage, the learning rates those of CNN (1e-3)
and RNN (1e-4). Every label system trains with these settings; a run goes through the stages its
system has.
"""

from ml_collections import ConfigDict


def get_config():
    config = ConfigDict()
    config.data = "data/prepared/coco_labels/1.0.0"
    config.system = "ours"
    config.task = "labels"
    config.label_order = ""  # the system's own: rare first for ours
    config.seed = 0
    config.encoder = ConfigDict(
        {
            "name": "vgg16",
            "weights": "pretrained",
            "image_size": 224,
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
    cnn = {**usual, "learning_rate": 1e-3}
    config.stages = ConfigDict(
        {
            "tags": {**cnn, "steps": 26_000, "evaluate_every": 13_000},
            "cnn_head": {**cnn, "steps": 2_600},
            "cnn": {**cnn, "steps": 26_000, "evaluate_every": 2_600},
            "rnn": {**usual, "steps": 26_000, "evaluate_every": 13_000},
            "joint_frozen": {**usual, "steps": 26_000, "evaluate_every": 2_600},
            "joint": {**usual, "steps": 26_000, "evaluate_every": 2_600},
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
