r"""NUS-WIDE's table of 10,500 photographs: 81 labels from user tags alone, no photograph is seen.

  python -m data_prep.prepare --data_set=nus_wide_table --source=FOLDER --without_photographs
  python -m experiments.train --config=experiments/configs/nus_wide_tags.py --run=runs/nus_wide/tags

Seconds on two cores. Systems that look at photographs cannot be trained on a set without them.
"""

from ml_collections import ConfigDict


def get_config():
    config = ConfigDict()
    config.data = "data/prepared/nus_wide_table/1.0.0"
    config.system = "tags-alone"
    config.task = "labels"
    config.seed = 0
    config.model = ConfigDict({"tag_units": 256, "tag_dropout": 0.5})
    config.stages = ConfigDict(
        {
            "tags": {
                "steps": 800,
                "photographs": 64,
                "optimiser": "adamw",
                "learning_rate": 1e-3,
                "schedule": "cosine",
                "warm_up": 50,
                "clip_norm": 5.0,
                "weight_decay": 0.01,
                "evaluate_every": 200,
                "checkpoint_every": 400,
            }
        }
    )
    config.evaluation_photographs = 1000
    return config
