"""The paper's captioning experiment at full size (section 5.1), setting by setting.

  python -m data_prep.prepare --data_set=coco_captions_paper --source=FOLDER --output=data/prepared
  python -m experiments.train --config=experiments/configs/coco_captions_paper.py --run=runs/paper

Inception v3 with ImageNet weights, 1,000 concepts, 12,000 words, 512 cells, batches of 32
photograph-sequence pairs, RMSProp at 1e-4. The paper took two days on a Titan X and reports CIDEr
1.054 on the 4,051 held-out photographs. Learning rates of stages 2 and 3 are inferred; the paper
does not say how long the semantic layer is trained alone ("initially"): 1,000 steps here. Every
captioning system trains with it by --system=NAME alone but v2l, whose decoder never learns from the
true concepts: it needs --config.stages.rnn_predicted.steps=1000000, too. What concerns one system
alone is as its authors have it (attention_penalty: att).
"""

from ml_collections import ConfigDict


def get_config():
    config = ConfigDict()
    config.data = "data/prepared/coco_captions_paper/1.0.0"
    config.system = "ours"
    config.task = "captions"
    config.seed = 0
    config.encoder = ConfigDict(
        {"name": "inception_v3", "weights": "pretrained", "image_size": 299}
    )
    config.model = ConfigDict(
        {
            "units": 512,
            "word_embedding": 512,
            "activation": "relu",
            "sets_cell": False,
            "s_hat_scale": 1.0,
            "decoder_dropout": 0.0,
            "attention_penalty": 1.0,
            "semantic_dropout": 0.0,
            "prior_bias": False,
            "longest": 20,
        }
    )
    usual = {
        "photographs": 32,
        "captions": 1,
        "optimiser": "rmsprop",
        "learning_rate": 1e-4,
        "schedule": "constant",
    }
    config.stages = ConfigDict(
        {
            "cnn_head": {**usual, "steps": 1_000},
            "cnn": {**usual, "steps": 30_000, "evaluate_every": 5_000},
            "rnn": {**usual, "steps": 1_000_000, "evaluate_every": 50_000},
            "rnn_predicted": {**usual, "steps": 0, "evaluate_every": 50_000},
            "joint": {**usual, "steps": 500_000, "evaluate_every": 25_000},
        }
    )
    config.decoding = ConfigDict({"width": 3, "length_normalisation": 0.0})
    config.evaluation_photographs = 2_025
    config.cnn_from = ""
    config.feature_cache = "data/features"
    config.precision = "float32"
    config.jit = False
    return config
