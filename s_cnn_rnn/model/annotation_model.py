"""A built system: its parts, and what decoding needs of them."""

import dataclasses
import functools
from collections.abc import Sequence

import keras
import numpy as np

from s_cnn_rnn.encoders import ENCODERS, build_encoder, encoder_outputs
from s_cnn_rnn.encoders.stored_statistics import Settled
from s_cnn_rnn.model.decoders import build_decoder
from s_cnn_rnn.model.interfaces import build_interface
from s_cnn_rnn.model.losses import CONCEPT_LOSSES, word_loss
from s_cnn_rnn.model.next_word import NextWord
from s_cnn_rnn.model.semantic_layers import SEES, build_semantic
from s_cnn_rnn.model.system import EMBEDDINGS, PARTS, System
from s_cnn_rnn.model.systems import find_system
from s_cnn_rnn.model.tag_layer import TagLayer
from s_cnn_rnn.settings import RunSettings
from s_cnn_rnn.vocabulary import Vocabulary


@dataclasses.dataclass(frozen=True)
class AnnotationModel:
    """A built system. Parts that it does not have are None.

    Its *inputs* are a dictionary of what is known of a batch of photographs: "features" (F,
    float32 [B, D]) and, where the system sees them, "tags" (float32 [B, number of tags], 0 or 1),
    "neighbours" (features of photographs with similar tags, float32 [B, m, D]) and "feature_map"
    (the encoder's features at P positions, [B, P, channels]).

    Args:
        system: its row.
        vocabulary: the words and concepts.
        label_order: in which lists of labels are learnt.
        shapes: of one photograph's part of each input.
        encoder: photograph -> F; None also where only cached features are used.
        tag_layer: tags -> concept logits.
        semantic: F (and side information) -> concept logits.
        interface: Ie -> the decoder's opening.
        decoder: writes the words.
    """

    system: System
    vocabulary: Vocabulary
    label_order: str
    shapes: dict[str, tuple[int, ...]]
    encoder: keras.Model | None
    tag_layer: TagLayer | None
    semantic: keras.layers.Layer | None
    interface: keras.layers.Layer | None
    decoder: NextWord | None

    @property
    def members(self) -> tuple["AnnotationModel", ...]:
        """The models whose word probabilities are averaged: itself (`ensemble` has more)."""
        return (self,)

    def join(self, seen: Sequence[dict]) -> dict:
        """What its members' decoders write from, as one dictionary."""
        return seen[0]

    @property
    def candidates(self) -> int:
        """How many candidates of a photograph are re-ranked; 0 where none are."""
        return self.system.candidates

    @property
    def learnt_concepts(self) -> tuple[str, ...]:
        """The concepts that it predicts; none where it learns none."""
        return self.vocabulary.concepts if self.system.supervised else ()

    def part(self, name: str) -> keras.layers.Layer | None:
        """The part of that name (one of `PARTS`)."""
        return getattr(self, name)

    def present_parts(self) -> dict[str, keras.layers.Layer]:
        """The parts that this model has, by name."""
        return {name: self.part(name) for name in PARTS if self.part(name) is not None}

    @functools.cached_property
    def encoded(self) -> keras.Model:
        """Photographs uint8 [B, H, W, 3] -> the inputs that the encoder gives, in one pass."""
        names = ("features", "feature_map")
        own = ("features", *self.system.side_information)
        return encoder_outputs(self.encoder, tuple(name for name in names if name in own))

    @functools.cached_property
    def settled(self) -> keras.Model:
        """`encoded` outside training, quicker: for a model whose weights no longer change."""
        return Settled(self.encoded)

    def concept_logits(self, inputs: dict, training: dict | None = None):
        """Concept logits [B, k], before they become s_hat.

        Args:
            inputs: see the class; without features they come from the tags alone.
            training: for each part, whether it acts as in training; not at all by default.
        """
        training = training or dict.fromkeys(PARTS, False)
        if "features" not in inputs:
            return self.tag_layer(inputs["tags"], training=training["tag_layer"])
        seen = [inputs[name] for name in ("features", *SEES[self.system.semantic])]
        logits = self.semantic(*seen, training=training["semantic"])
        if self.tag_layer is None:
            return logits
        return self.tag_layer(inputs["tags"], logits, training=training["tag_layer"])

    def probabilities(self, logits):
        """s_hat [B, k], 0 to 1, from concept logits: a sigmoid, or what the loss is made for."""
        return CONCEPT_LOSSES[self.system.concept_loss].probabilities(logits)

    def losses(self) -> dict:
        """Lu and Lr as Keras losses, by the name of the output that they belong to."""
        row = CONCEPT_LOSSES[self.system.concept_loss]
        loss = row.loss
        if row.draws:
            loss = functools.partial(loss, sampling=self.semantic.sampling)
        return {"concepts": loss, "words": word_loss}

    def concepts(self, inputs: dict):
        """s_hat [B, k]; None where the system learns no concepts."""
        if not self.system.supervised:
            return None
        return self.probabilities(self.concept_logits(inputs))

    def seen(self, inputs: dict, concepts=None) -> dict:
        """What the decoder writes from.

        Args:
            inputs: see the class; with concepts, those alone that the system sees beside them.
            concepts: s_hat [B, k], where it is known already, or is to be another (what if?).

        Returns:
            "embedding": Ie [B, d], and what the decoder sees at every step: "concepts" (s_hat),
            "feature_map".
        """
        if concepts is None:
            concepts = self.concepts(inputs)
        known = {**inputs, "concepts": concepts}
        joined = [known[name] for name in EMBEDDINGS[self.system.embedding]]
        embedding = joined[0] if len(joined) == 1 else keras.ops.concatenate(joined, axis=-1)
        return {"embedding": embedding} | {name: known[name] for name in self.system.decoder_sees}

    def opening(self, seen: dict, training=False) -> dict:
        """The decoder's opening from `seen`."""
        beside = {name: value for name, value in seen.items() if name != "embedding"}
        return self.interface(seen["embedding"], training=training) | beside

    def start(self, seen: dict) -> dict:
        """The decoder's state before START, from `seen`."""
        return self.decoder.begin(self.opening(seen))

    def projected_words(self):
        """See `Decoder.projected_words`; None where the decoder has none."""
        return self.decoder.projected_words()

    def step(self, word_ids, state: dict, projected_words=None):
        """One word in, the distribution over the next one out; see `Decoder.step`."""
        beside = () if projected_words is None else (projected_words,)
        return self.decoder.step(word_ids, state, *beside)


def build_model(
    settings: RunSettings,
    vocabulary: Vocabulary,
    *,
    prior=None,
    with_encoder: bool = True,
    side_shapes: dict[str, tuple[int, ...]] | None = None,
) -> AnnotationModel:
    """Builds any system with fresh weights (the encoder's as its settings say).

    Args:
        settings: of the run.
        vocabulary: the words and concepts.
        prior: how often each concept occurs in the train split, float [k]; used where
            ``settings.model.prior_bias`` or ``centres_s_hat``, and by semantic attention; None
            where weights will be loaded.
        with_encoder: whether the CNN is built; stages on cached features need none.
        side_shapes: of one photograph's side information, where the system sees any
            (`model_inputs.side_shapes`); that of the feature map is the encoder's, where it is
            built.

    Raises:
        ValueError: the system cannot do the task.
    """
    system, model = find_system(settings.system), settings.model
    _require_task(system, settings.task)
    keras.utils.set_random_seed(settings.seed)
    encoder = _encoder(settings) if with_encoder and "encoder" in system.parts else None
    shapes = _shapes(settings, encoder, side_shapes or {})
    # Seeded anew, so that the other parts start the same with and without the encoder.
    keras.utils.set_random_seed(settings.seed + 1)
    bias = prior if model.prior_bias else None
    semantic = tag_layer = interface = decoder = None
    if system.semantic:
        semantic = build_semantic(
            system.semantic,
            model,
            concepts=len(vocabulary.concepts),
            prior=bias,
            shapes=shapes,
            draws=CONCEPT_LOSSES[system.concept_loss].draws,
        )
    if system.interface:
        interface = _interface(settings, shapes, len(vocabulary.concepts), prior)
        packs = not settings.jit
        decoder = build_decoder(system, model, vocabulary, shapes, prior=prior, packs=packs)
    if system.adds_tags:  # last, so that the others start as they do without it
        tag_layer = _tag_layer(settings, shapes, len(vocabulary.concepts), bias)
    order = settings.label_order or system.label_order
    return AnnotationModel(
        system, vocabulary, order, shapes, encoder, tag_layer, semantic, interface, decoder
    )


def _require_task(system: System, task: str) -> None:
    if task not in system.tasks:
        raise ValueError(
            f"system {system.name} writes {' and '.join(system.tasks)}, not {task}; "
            "choose another --config.system or --config.task"
        )


def _encoder(settings: RunSettings) -> keras.Model:
    return build_encoder(
        settings.encoder.name,
        weights=settings.encoder.weights,
        image_size=settings.encoder.image_size,
        dropout=settings.encoder.dropout,
    )


def _shapes(settings: RunSettings, encoder: keras.Model | None, side_shapes: dict) -> dict:
    """Of one photograph's part of each input."""
    shapes = {"features": (ENCODERS[settings.encoder.name].width,), **side_shapes}
    sees = find_system(settings.system).side_information
    if encoder is not None and "feature_map" in sees:
        _, height, width, channels = encoder.get_layer("feature_map").output.shape
        shapes["feature_map"] = (height * width, channels)
    return shapes


def _tag_layer(settings: RunSettings, shapes: dict, k: int, bias) -> TagLayer:
    model = settings.model
    tag_layer = TagLayer(
        k, units=model.tag_units, dropout=model.tag_dropout, prior=bias, name="tag_layer"
    )
    tag_layer.build((None, *shapes["tags"]))
    return tag_layer


def _interface(settings: RunSettings, shapes: dict, k: int, prior) -> keras.layers.Layer:
    system, model = find_system(settings.system), settings.model
    widths = {"features": shapes["features"][0], "concepts": k}
    joined = EMBEDDINGS[system.embedding]
    scales = {"features": 1.0, "concepts": model.s_hat_scale}
    centre = None
    if "concepts" in joined and model.centres_s_hat:  # without a prior, weights will be loaded
        centres = {"features": np.zeros(widths["features"])}
        centres["concepts"] = np.zeros(k) if prior is None else prior
        centre = np.concatenate([centres[name] for name in joined])
    interface = build_interface(
        system.interface,
        units=model.units,
        word_embedding=model.word_embedding,
        sets_cell=model.sets_cell,
        scale=np.concatenate([np.full(widths[name], scales[name]) for name in joined]),
        centre=centre,
        dropout=model.interface_dropout,
    )
    interface.build((None, sum(widths[name] for name in joined)))
    return interface
