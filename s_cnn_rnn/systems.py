"""The paper's systems as a table, and the one function that builds any row.

A row says what differs between systems; everything else (CNN, decoder, training) is the same for
all, as in the paper's comparisons.
"""

import dataclasses

import keras
from keras import ops

from s_cnn_rnn.decoder import Decoder
from s_cnn_rnn.encoders import ENCODERS, build_encoder
from s_cnn_rnn.interfaces import build_interface
from s_cnn_rnn.semantic import SemanticLayer
from s_cnn_rnn.settings import RunSettings
from s_cnn_rnn.vocabulary import Vocabulary

PARTS = ("encoder", "semantic", "interface", "decoder")


@dataclasses.dataclass(frozen=True)
class System:
    """One row.

    Args:
        name: its name in configs, tables and commands.
        summary: one line for people.
        reference: where it is described.
        interface: a name of `interfaces.INTERFACES`.
        embedding: what the interface is fed with, Ie: "features" (F) or "concepts" (s_hat).
        supervised: whether the CNN learns the concepts (Lu), in its own stage and in the joint one.
    """

    name: str
    summary: str
    reference: str
    interface: str
    embedding: str
    supervised: bool

    @property
    def parts(self) -> tuple[str, ...]:
        """Those of `PARTS` that its whole models have."""
        return tuple(part for part in PARTS if part != "semantic" or self.supervised)


SYSTEMS = {
    row.name: row
    for row in (
        System(
            name="ours",
            summary="S-CNN-RNN: predicted concepts set the decoder's first state",
            reference="arXiv 1611.05490, section 3.2, fig. 1(d)",
            interface="semantic",
            embedding="concepts",
            supervised=True,
        ),
        System(
            name="nic-f",
            summary="features as step-zero input, trained end to end, no concepts",
            reference="arXiv 1611.05490, section 5.2; Vinyals et al. 2015, fig. 1(a)",
            interface="step_zero_input",
            embedding="features",
            supervised=False,
        ),
        System(
            name="nic-deeply",
            summary="the same deep supervision, but features set the decoder's first state",
            reference="arXiv 1611.05490, section 5.2",
            interface="initial_state",
            embedding="features",
            supervised=True,
        ),
    )
}


def find_system(name: str) -> System:
    """The row of that name.

    Raises:
        ValueError: there is none; the message lists those there are.
    """
    if name not in SYSTEMS:
        raise ValueError(f"system {name!r} does not exist; there are: {', '.join(SYSTEMS)}")
    return SYSTEMS[name]


@dataclasses.dataclass(frozen=True)
class AnnotationModel:
    """A built system: its parts, and what decoding needs of them.

    Args:
        system: its row.
        vocabulary: the words and concepts.
        encoder: photograph -> F; None where only cached features are used.
        semantic: F -> concept logits; None where the system learns no concepts.
        interface: Ie -> the decoder's opening.
        decoder: writes the words.
        features: width of F.
    """

    system: System
    vocabulary: Vocabulary
    encoder: keras.Model | None
    semantic: SemanticLayer | None
    interface: keras.layers.Layer
    decoder: Decoder
    features: int

    def part(self, name: str) -> keras.layers.Layer | None:
        """The part of that name (one of `PARTS`)."""
        return getattr(self, name)

    def present_parts(self) -> dict[str, keras.layers.Layer]:
        """The parts that this model has, by name."""
        return {name: self.part(name) for name in PARTS if self.part(name) is not None}

    def concepts(self, features):
        """s_hat [B, k], 0 to 1, from F [B, D]; None where the system learns no concepts."""
        if self.semantic is None:
            return None
        return ops.sigmoid(self.semantic(features, training=False))

    def embedding(self, features):
        """Ie [B, d] from F [B, D]."""
        return self.concepts(features) if self.system.embedding == "concepts" else features

    def start(self, embedding) -> dict:
        """The decoder's state before START, from Ie [B, d]."""
        return self.decoder.begin(self.interface(embedding))

    def step(self, word_ids, state: dict):
        """See `Decoder.step`."""
        return self.decoder.step(word_ids, state)


def build_model(
    settings: RunSettings, vocabulary: Vocabulary, *, prior=None, with_encoder: bool = True
) -> AnnotationModel:
    """Builds any system with fresh weights (the encoder's as its settings say).

    Args:
        settings: of the run.
        vocabulary: the words and concepts.
        prior: how often each concept occurs in the train split, float [k]; used where
            ``settings.model.prior_bias``.
        with_encoder: whether the CNN is built; stages on cached features need none.
    """
    system, model = find_system(settings.system), settings.model
    keras.utils.set_random_seed(settings.seed)
    encoder = None
    if with_encoder:
        encoder = build_encoder(
            settings.encoder.name,
            weights=settings.encoder.weights,
            image_size=settings.encoder.image_size,
        )
    width = ENCODERS[settings.encoder.name].width
    # Seeded anew, so that the other parts start the same with and without the encoder.
    keras.utils.set_random_seed(settings.seed + 1)
    semantic = None
    if system.supervised:
        semantic = SemanticLayer(
            len(vocabulary.concepts),
            dropout=model.semantic_dropout,
            prior=prior if model.prior_bias else None,
            name="semantic",
        )
        semantic.build((None, width))
    interface = build_interface(
        system.interface,
        units=model.units,
        word_embedding=model.word_embedding,
        sets_cell=model.sets_cell,
        scale=model.s_hat_scale if system.embedding == "concepts" else 1.0,
    )
    interface.build((None, len(vocabulary.concepts) if system.embedding == "concepts" else width))
    decoder = Decoder(
        vocabulary.size,
        units=model.units,
        word_embedding=model.word_embedding,
        cell=model.cell,
        activation=model.activation,
        multimodal=system.interface == "late_fusion",
        dropout=model.decoder_dropout,
        label_smoothing=model.label_smoothing,
        name="decoder",
    )
    decoder.build()
    return AnnotationModel(system, vocabulary, encoder, semantic, interface, decoder, width)


def stage_model(
    model: AnnotationModel,
    *,
    source: str,
    trains: tuple[str, ...],
    outputs: tuple[str, ...],
    captions: int,
    longest: int,
) -> keras.Model:
    """A Keras model over a system's parts: named inputs (the batch) to named outputs.

    Args:
        model: the built system.
        source: the input it starts from: "image", "features" or "concepts" (the true s).
        trains: the parts that train (`set_trainable`); the others act as at inference, without
            dropout.
        outputs: "concepts" (logits [B, k]), "words" (log likelihood [B, C, longest + 1]) or both.
        captions: C.
        longest: most words of an annotation.
    """
    training = {name: None if name in trains else False for name in PARTS}
    inputs, results = {}, {}
    logits = embedding = None
    if source == "image":
        inputs["image"] = keras.Input(model.encoder.input_shape[1:], dtype="uint8", name="image")
        features = model.encoder(inputs["image"], training=training["encoder"])
    elif source == "features":
        features = inputs["features"] = keras.Input((model.features,), name="features")
    if source == "concepts":
        embedding = inputs["concepts"] = keras.Input(
            (len(model.vocabulary.concepts),), name="concepts"
        )
    else:
        if model.semantic is not None:
            logits = model.semantic(features, training=training["semantic"])
        from_concepts = model.system.embedding == "concepts"
        embedding = (
            keras.layers.Activation("sigmoid", name="s_hat")(logits) if from_concepts else features
        )
    if "concepts" in outputs:
        results["concepts"] = logits
    if "words" in outputs:
        inputs["words"] = keras.Input((captions, longest + 2), dtype="int32", name="words")
        opening = model.interface(embedding)
        results["words"] = model.decoder(inputs["words"], opening, training=training["decoder"])
    return keras.Model(inputs, results, name="stage")


def set_trainable(model: AnnotationModel, parts: tuple[str, ...]) -> None:
    """Freezes all parts but the named ones. Compile afterwards: only then it takes effect."""
    for name, part in model.present_parts().items():
        part.trainable = name in parts
