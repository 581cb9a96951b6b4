"""The settings of a run as dataclasses; a config file fills them, a run folder keeps them."""

import dataclasses
import json
import pathlib
from typing import Any

from s_cnn_rnn.whole_files import whole_file

OF_NO_EFFECT = frozenset(
    {"cnn_from", "starts_from", "feature_cache", "jit", "evaluate_every", "checkpoint_every"}
    | {"evaluation_photographs", "variant"}
)
"""Settings (and stages' settings) that say where things are, or how training is looked at."""

OF_TRAINING_ALONE = frozenset(
    {"interface_dropout", "decoder_dropout", "transformer_dropout", "semantic_dropout"}
    | {"tag_dropout", "label_smoothing", "attention_penalty"}
)
"""Settings of the model that a trained one acts without; it may go on learning with others."""


@dataclasses.dataclass(frozen=True)
class EncoderSettings:
    """The CNN.

    Args:
        name: a row of `encoders.ENCODERS`.
        weights: "pretrained" (or "imagenet", which becomes it), a path to a local weight file, or
            None for random ones.
        image_size: height and width of the pixels fed to it; None for the encoder's own.
        dropout: part of its fully connected layers' outputs (fc6 and fc7 of VGG16 and CaffeNet)
            dropped in training; None for the encoder's own.
    """

    name: str = "efficientnet_lite0"
    weights: str | None = "pretrained"
    image_size: int | None = None
    dropout: float | None = None

    def __post_init__(self):
        if self.weights == "imagenet":
            object.__setattr__(self, "weights", "pretrained")


@dataclasses.dataclass(frozen=True)
class ModelSettings:
    """The semantic layer, the interface and the decoder.

    Args:
        units: width of the decoder's state.
        word_embedding: width of the word embedding.
        cell: a name of `recurrent.CELLS`.
        activation: of the cell; the paper's is "relu".
        transformer_layers: of a transformer decoder, whose width is that of the state.
        transformer_heads: of its attention; they share the width evenly.
        transformer_dropout: part of what each of its layers adds dropped in training.
        sets_cell: whether the interface sets c0 beside h0.
        s_hat_scale: factor on the initialisation of the interface's map where Ie is s_hat, whose
            values are small (see `Interface`); maps from features start at 1.
        centres_s_hat: whether the concepts' frequencies are subtracted from s_hat before that map.
        interface_dropout: part of Ie dropped in training.
        decoder_dropout: part of word embeddings and outputs dropped in training.
        label_smoothing: of the words in training, see `Decoder`.
        attention_penalty: of semantic attention (`att`): weight of its penalty
            (`concept_attention.attention_penalty`); its authors' is 1.
        semantic_dropout: part of F dropped before the semantic layer in training.
        tag_units: width of the tag layer's hidden layer.
        tag_dropout: part of that dropped in training.
        prior_bias: whether the semantic layer starts at the concepts' frequencies.
        longest: most words of an annotation, in training (cut) and decoding.
    """

    units: int = 512
    word_embedding: int = 512
    cell: str = "lstm"
    activation: str = "relu"
    transformer_layers: int = 2
    transformer_heads: int = 8
    transformer_dropout: float = 0.1
    sets_cell: bool = True
    s_hat_scale: float = 1.0
    centres_s_hat: bool = False
    interface_dropout: float = 0.0
    decoder_dropout: float = 0.0
    label_smoothing: float = 0.0
    attention_penalty: float = 0.0
    semantic_dropout: float = 0.0
    tag_units: int = 256
    tag_dropout: float = 0.0
    prior_bias: bool = True
    longest: int = 20


@dataclasses.dataclass(frozen=True)
class StageSettings:
    """One training stage.

    Args:
        steps: optimiser steps.
        photographs: in a batch.
        captions: annotations of each photograph in a batch, one after the other from epoch to
            epoch; None takes all of them at once.
        optimiser: a name of `optimisers.OPTIMISERS`.
        learning_rate: after the warm-up.
        schedule: "constant" or "cosine" (to zero at the last step).
        warm_up: steps of linear warm-up.
        encoder_learning_rate_factor: factor on the learning rate for the encoder's variables.
        clip_norm: bound on the norm of all gradients together; None for none.
        weight_decay: AdamW's.
        weight_average: momentum of an exponential average of the weights, which is evaluated and
            kept in their place; 0 for none.
        flip: whether photographs are mirrored at random.
        smallest_crop: smallest part of the photograph's area that a random crop keeps; 1 for none.
        cached_crops: where the CNN is frozen, so that each photograph passes through it once: how
            many random crops do, too. A step takes one of all views at random.
        scheduled_sampling: of the systems that sample: how many of the words that the decoder
            reads are its own at the last step of all stages that learn words, 0 to 1; it grows from
            0 at the first of them, through the stages (`training.scheduled_sampling`).
        told_concepts: of the stages that learn words from s_hat: of which part of the photographs,
            0 to 1, the decoder is told true concepts in the place of predicted ones: each with a
            chance that is drawn for the photograph, uniform from 0 to 1. It then can be told some
            by a person, too (Espinosa Zarlenga et al. 2022, section 3.2, tell a fixed part).
        samples: of the stage that learns from rewards: captions sampled of each photograph; the
            baseline "samples" needs 2 or more.
        baseline: there, what a sample's reward is compared with, a name of
            `self_critical.BASELINES`.
        bleu_reward: there, the factor on BLEU-4 (0 to 1) beside CIDEr-D (0 to 10); 0 for CIDEr-D
            alone.
        evaluate_every: steps between evaluations on the validation part; 0 for the end only.
        checkpoint_every: steps between checkpoints.
    """

    steps: int
    photographs: int = 32
    captions: int | None = None
    optimiser: str = "rmsprop"
    learning_rate: float = 1e-4
    schedule: str = "constant"
    warm_up: int = 0
    encoder_learning_rate_factor: float = 1.0
    clip_norm: float | None = None
    weight_decay: float = 0.0
    weight_average: float = 0.0
    flip: bool = False
    smallest_crop: float = 1.0
    cached_crops: int = 0
    scheduled_sampling: float = 0.25
    told_concepts: float = 0.0
    samples: int = 5
    baseline: str = "samples"
    bleu_reward: float = 0.0
    evaluate_every: int = 0
    checkpoint_every: int = 500


@dataclasses.dataclass(frozen=True)
class DecodingSettings:
    """How annotations are written.

    Args:
        width: of the beam; 1 is greedy.
        length_normalisation: exponent on the length by which a beam's score is divided.
        consensus: hypotheses that are sought and vote on each other; those most like the others
            are taken (`decoding.consensus`). 0: those with the best scores.
        concepts_vote: whether s_hat votes on captions as well (`decoding.voting`); needs a
            consensus.
        photographs_vote: whether the train split's photographs vote as well, by their captions
            (`decoding.train_photographs`); needs a consensus.
        stop_bias: added to the log probability of the end where greedy search decides whether to
            stop: below 0 it writes more, above 0 less. A beam has none: every hypothesis ends once.

    Raises:
        ValueError: a stop_bias for a beam; votes, but no hypotheses to vote on.
    """

    width: int = 3
    length_normalisation: float = 0.0
    consensus: int = 0
    concepts_vote: bool = False
    photographs_vote: bool = False
    stop_bias: float = 0.0

    def __post_init__(self):
        if self.stop_bias and self.searched_width > 1:
            raise ValueError(
                f"decoding.stop_bias is {self.stop_bias:g} and the beam is {self.searched_width} "
                "wide: only greedy search (decoding.width=1, no consensus) has a bias"
            )
        if self.votes_beside and not self.consensus:
            raise ValueError(
                f"decoding.concepts_vote is {self.concepts_vote}, photographs_vote "
                f"{self.photographs_vote}, but consensus is 0, so there is nothing to vote on; set "
                "it to the hypotheses to choose from, such as 50"
            )

    @property
    def votes_beside(self) -> bool:
        """Whether others than the hypotheses vote."""
        return self.concepts_vote or self.photographs_vote

    @property
    def searched_width(self) -> int:
        """Of the beam that finds them."""
        return max(self.width, self.consensus)


@dataclasses.dataclass(frozen=True)
class RunSettings:
    """Everything that makes a run what it is.

    Args:
        data: folder of the prepared data set.
        system: a row of `systems.SYSTEMS`.
        task: "captions" or "labels".
        seed: of weights, data order, dropout and augmentation.
        encoder: the CNN.
        model: the other parts.
        stages: settings of each stage of `stages.STAGES` that the run goes through.
        decoding: how annotations are written.
        evaluation_photographs: how many of the validation part are looked at during training.
        precision: Keras's dtype policy, "float32" or "mixed_bfloat16".
        jit: whether XLA compiles the training step.
        label_order: in which lists of labels are learnt, one of `vocabulary.LABEL_ORDERS`, or
            "predicted" (`label_alignment`); "" for the system's own.
        frozen_encoder: whether the CNN is never trained: the run then goes through the stages on
            frozen features in place of those that train it.
        cnn_from: another run's folder ("" for none), whose encoder and semantic layer, and tag
            layer where both have one, this run starts from instead of training its own.
        starts_from: another finished run's folder ("" for none), all of whose parts this run
            starts from; it goes on with stages of its own.
        feature_cache: folder for the features of frozen encoders, shared by all runs.
        variant: what the settings that were changed from the config's are called in result rows,
            such as "model.units=256"; training programs say it of their flags. It changes nothing.
    """

    data: str
    system: str = "ours"
    task: str = "captions"
    seed: int = 0
    encoder: EncoderSettings = EncoderSettings()
    model: ModelSettings = ModelSettings()
    stages: dict[str, StageSettings] = dataclasses.field(default_factory=dict)
    decoding: DecodingSettings = DecodingSettings()
    evaluation_photographs: int = 500
    precision: str = "float32"
    jit: bool = False
    label_order: str = ""
    frozen_encoder: bool = False
    cnn_from: str = ""
    starts_from: str = ""
    feature_cache: str = "data/features"
    variant: str = ""

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> "RunSettings":
        """Builds the settings from nested dictionaries.

        Raises:
            ValueError: a setting that does not exist or lacks a value; the message names it.
        """
        content = dict(content)
        parts = {"encoder": EncoderSettings, "model": ModelSettings, "decoding": DecodingSettings}
        for name, part in parts.items():
            if name in content:
                content[name] = _build(part, content[name], f"{name}.")
        content["stages"] = {
            name: _build(StageSettings, stage, f"stages.{name}.")
            for name, stage in content.get("stages", {}).items()
        }
        return _build(cls, content, "")

    def to_dict(self) -> dict[str, Any]:
        """Nested dictionaries, as `from_dict` takes them."""
        return dataclasses.asdict(self)

    def save(self, path: pathlib.Path) -> None:
        """Writes the settings as JSON."""
        with whole_file(path) as unfinished:
            unfinished.write_text(json.dumps(self.to_dict(), indent=2) + "\n", "utf-8")

    @classmethod
    def load(cls, path: pathlib.Path) -> "RunSettings":
        """Reads what `save` wrote."""
        return cls.from_dict(json.loads(path.read_text("utf-8")))


def _build(cls, content, place):
    known = {field.name for field in dataclasses.fields(cls)}
    unknown = sorted(set(content) - known)
    if unknown:
        raise ValueError(
            f"setting {place}{unknown[0]} does not exist; {place or 'a run '}has: "
            f"{', '.join(sorted(known))}"
        )
    try:
        return cls(**content)
    except TypeError as error:
        raise ValueError(f"settings {place or 'of the run'}: {error}") from error
