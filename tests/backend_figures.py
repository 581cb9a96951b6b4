"""One joint step, and what is written, on whichever backend Keras has: the program of a test.

KERAS_BACKEND=jax python tests/backend_figures.py SYSTEM FIGURES.npz [WEIGHTS.npz]

Without weights, the model's own are drawn and written beside the figures.
"""

import pathlib
import sys

import keras
import numpy as np

from s_cnn_rnn.decoding.writing import Writer
from s_cnn_rnn.model.annotation_model import AnnotationModel, build_model
from s_cnn_rnn.model.stage_model import set_trainable, stage_losses, stage_model
from s_cnn_rnn.model.stages import stages_of
from s_cnn_rnn.runs.checkpoints import weights_of
from s_cnn_rnn.settings import DecodingSettings, RunSettings
from s_cnn_rnn.vocabulary import END, START, Vocabulary

LONGEST = 4
WORDS = ("a", "red", "blue", "ring", "star", "on")
VOCABULARY = Vocabulary("captions", WORDS, (3,) * len(WORDS), WORDS[1:5], 1.0, 0.6, {})
ANNOTATIONS = np.array(
    [
        [[START, 4, 5, 7, END, 0], [START, 4, 7, END, 0, 0]],
        [[START, 4, 6, 8, 9, END], [0, 0, 0, 0, 0, 0]],
        [[START, 8, 9, END, 0, 0], [START, 4, 5, 8, END, 0]],
    ],
    "int32",
)
CONCEPTS = np.array([[1, 0, 1, 0], [0, 1, 0, 1], [1, 0, 0, 1]], "float32")


def settings(system: str) -> RunSettings:
    """Of a tiny model in which nothing is drawn in training."""
    return RunSettings.from_dict(
        {
            "data": "none",
            "system": system,
            "encoder": {"name": "small_cnn", "weights": None, "image_size": 32},
            "model": {
                "units": 8,
                "word_embedding": 6,
                "longest": LONGEST,
                "s_hat_scale": 5.0,
                "transformer_dropout": 0.0,
            },
            "stages": {"joint": {"steps": 1}},
        }
    )


def photographs() -> np.ndarray:
    """Noise, uint8 [3, 32, 32, 3]."""
    return np.random.default_rng(0).integers(0, 256, (3, 32, 32, 3)).astype("uint8")


def joint_step(model: AnnotationModel) -> dict[str, np.ndarray]:
    """What the stage's model says, its losses, and all weights after one step of plain descent."""
    [stage] = stages_of(model.system, ["joint"])
    learner = stage_model(
        model,
        source=stage.source,
        trains=stage.trains,
        outputs=stage.outputs,
        captions=ANNOTATIONS.shape[1],
        longest=LONGEST,
    )
    set_trainable(model, stage.trains)
    learner.compile(
        keras.optimizers.SGD(0.1), loss=stage_losses(model, stage.outputs, rewarded=False)
    )
    batch = {"image": photographs(), "words": ANNOTATIONS}
    said = learner.predict_on_batch(batch)
    truth = {"concepts": CONCEPTS, "words": ANNOTATIONS}
    logs = learner.train_on_batch(batch, truth, return_dict=True)
    found = {f"said {name}": value for name, value in said.items()}
    found |= {f"loss {name}": np.array(value) for name, value in logs.items()}
    return found | {f"after {name}": value for name, value in arrays(model).items()}


def written(model: AnnotationModel) -> dict[str, np.ndarray]:
    """All captions that a beam finds, and their log probabilities."""
    seen = model.seen(model.encoded.predict_on_batch(photographs()))
    writer = Writer(model, DecodingSettings(width=5), LONGEST, returned=5)
    found = writer.predict_on_batch(
        {name: keras.ops.convert_to_numpy(value) for name, value in seen.items()}
    )
    return {f"written {name}": value for name, value in found.items()}


def arrays(model: AnnotationModel) -> dict[str, np.ndarray]:
    """All weights by "PART:PATH"."""
    weights = weights_of(model.present_parts())
    return {name: keras.ops.convert_to_numpy(value) for name, value in weights.items()}


def main(system: str, figures: str, weights: str = "") -> None:
    """Writes the figures of a system to a file, and the weights that they were made with."""
    model = build_model(settings(system), VOCABULARY)
    variables = weights_of(model.present_parts())
    given = dict(np.load(weights)) if weights else {}
    assert not weights or set(given) == set(variables)
    for name, value in given.items():
        variables[name].assign(value)
    before = arrays(model)
    found = {"backend": np.array(keras.backend.backend())} | written(model) | joint_step(model)
    np.savez(figures, **found)
    np.savez(pathlib.Path(figures).with_suffix(".weights.npz"), **before)


if __name__ == "__main__":
    main(*sys.argv[1:])
