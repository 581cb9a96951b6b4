"""A stage's view of a model: named inputs (the batch) to named outputs (what is learnt)."""

import dataclasses

import keras

from s_cnn_rnn.model.annotation_model import AnnotationModel
from s_cnn_rnn.model.label_alignment import PREDICTED_ORDER, PreferredOrder
from s_cnn_rnn.model.losses import word_loss
from s_cnn_rnn.model.next_word import NextWord
from s_cnn_rnn.model.self_critical import SelfCritical, self_critical_loss
from s_cnn_rnn.model.system import PARTS


def stage_model(
    model: AnnotationModel,
    *,
    source: str,
    trains: tuple[str, ...],
    outputs: tuple[str, ...],
    captions: int,
    longest: int,
    sampled: SelfCritical | None = None,
    tells: bool = False,
) -> keras.Model:
    """A Keras model over a system's parts.

    Args:
        model: the built system.
        source: where it starts: "image", "features", "concepts" (the true s, and what the decoder
            sees beside) or "tags" (the tag layer alone).
        trains: the parts that train (`set_trainable`); the others act as at inference, without
            dropout.
        outputs: "concepts" (logits [B, k]), "words" (log likelihood [B, C, longest + 1]) or both.
        captions: C.
        longest: most words of an annotation.
        sampled: where words are learnt from rewards: samples captions. "words" is then their log
            likelihood times their advantage, without the decoder's dropout: the gradient of the
            reward expected of the decoder as it writes. The interface keeps its own, which is the
            same for all samples of a photograph.
        tells: whether a further input "told" [B, k] has true concepts that take the place of those
            of s_hat, but for values below 0; only where the decoder writes from concepts.
    """
    training = {name: None if name in trains else False for name in PARTS}
    acting = [part for part in trains if sampled is None or part != "decoder"]
    model = _at_inference(model, [name for name in PARTS if name not in acting])
    inputs = _inputs(model, source, outputs)
    given = dict(inputs)
    if source == "image":
        given |= model.encoded(given.pop("image"), training=training["encoder"])
    results, logits = {}, None
    if source != "concepts" and model.system.supervised:
        logits = model.concept_logits(given, training)
    if "concepts" in outputs:
        results["concepts"] = logits
    if "words" in outputs:
        s_hat = given.get("concepts")
        if logits is not None:
            s_hat = model.probabilities(logits)
            if tells and model.system.writes_from_concepts:
                s_hat = _told(inputs, s_hat)
        opening = model.opening(model.seen(given, s_hat), training["interface"])
        if sampled is not None:
            inputs |= sampled.inputs()
            words, advantages = sampled(opening, inputs["photograph"], inputs["chances"])
            results["words"] = model.decoder(words, opening) * advantages[:, :, None]
        else:
            inputs |= _word_inputs(model, captions, longest, draws="decoder" in trains)
            results["words"] = _likelihood_of_words(model, inputs, opening, training["decoder"])
    return keras.Model(inputs, results, name="stage")


def _told(inputs: dict, s_hat):
    """s_hat, but true concepts where they are told."""
    told = inputs["told"] = keras.Input(s_hat.shape[1:], name="told")
    return keras.ops.where(told < 0, s_hat, told)


def _word_inputs(model: AnnotationModel, captions: int, longest: int, *, draws: bool) -> dict:
    """The true words, and in scheduled sampling which of them the decoder draws itself."""
    inputs = {"words": keras.Input((captions, longest + 2), dtype="int32", name="words")}
    if model.system.scheduled_sampling and draws:
        inputs["drawn"] = keras.Input((captions, longest + 1), dtype="bool", name="drawn")
    return inputs


def _likelihood_of_words(model: AnnotationModel, inputs: dict, opening: dict, training):
    words = inputs["words"]
    if model.label_order == PREDICTED_ORDER:
        decoder = model.decoder.part if isinstance(model.decoder, _AtInference) else model.decoder
        words = PreferredOrder(decoder, name="preferred_order")(words, opening)
    return model.decoder(words, opening, inputs.get("drawn"), training=training)


def stage_losses(model: AnnotationModel, outputs: tuple[str, ...], *, rewarded: bool) -> dict:
    """The losses of a stage, by output.

    Args:
        model: the built system.
        outputs: see `stage_model`.
        rewarded: whether words are learnt from rewards.
    """
    losses = model.losses() | ({"words": self_critical_loss} if rewarded else {})
    return {output: losses[output] for output in outputs}


def stage_metrics(decoder: NextWord | None, outputs: tuple[str, ...]) -> dict:
    """What `fit` measures beside the losses, by output.

    In a stage that learns words alone Keras tells the sum of all losses; where the decoder adds one
    to Lr (`concept_attention.attention_penalty`), Lr is measured.

    Args:
        decoder: of the model; None where it has none.
        outputs: see `stage_model`.
    """
    if outputs != ("words",) or not decoder.attention_penalty:
        return {}
    return {"words": keras.metrics.MeanMetricWrapper(word_loss, name="Lr")}


class _AtInference(keras.layers.Layer):
    """A part that acts as at inference even where `fit` says that it is training.

    Keras's functional models pass their own ``training`` on to each of their layers, over what
    the layer was called with when they were built; a layer inside a layer keeps it.
    """

    def __init__(self, part: keras.layers.Layer):
        super().__init__(
            dtype=part.dtype_policy, autocast=part.autocast, name=f"{part.name}_at_inference"
        )
        self.part, self.built = part, True

    def call(self, *arguments, training=None):
        """Calls the part."""
        return self.part(*arguments, training=False)


def _at_inference(model: AnnotationModel, names: list[str]) -> AnnotationModel:
    """With the named parts as at inference, but the encoder, which no stage on pixels freezes."""
    parts = {
        name: _AtInference(part)
        for name, part in model.present_parts().items()
        if name in names and name != "encoder"
    }
    return dataclasses.replace(model, **parts)


def _inputs(model: AnnotationModel, source: str, outputs: tuple[str, ...]) -> dict:
    side = {
        name: keras.Input(model.shapes[name], name=name) for name in model.system.sees_for(outputs)
    }
    if source == "concepts":
        true = {"concepts": keras.Input((len(model.vocabulary.concepts),), name="concepts")}
        return true | {name: side[name] for name in model.system.decoder_sees if name in side}
    if source == "tags" or (not model.system.semantic and model.system.adds_tags):
        return {"tags": side["tags"]}
    if source == "image":
        side.pop("feature_map", None)
        first = {"image": keras.Input(model.encoder.input_shape[1:], dtype="uint8", name="image")}
    else:
        first = {"features": keras.Input(model.shapes["features"], name="features")}
    return first | side


def set_trainable(model: AnnotationModel, parts: tuple[str, ...]) -> None:
    """Freezes all parts but the named ones. Compile afterwards: only then it takes effect."""
    for name, part in model.present_parts().items():
        part.trainable = name in parts
