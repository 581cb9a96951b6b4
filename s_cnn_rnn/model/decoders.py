"""The decoders by name, built from a system's row and the settings of a run."""

from collections.abc import Callable

from s_cnn_rnn.model.decoder import Decoder
from s_cnn_rnn.model.interfaces import PREFIX
from s_cnn_rnn.model.next_word import NextWord
from s_cnn_rnn.model.system import System
from s_cnn_rnn.model.transformer import TransformerDecoder
from s_cnn_rnn.settings import ModelSettings
from s_cnn_rnn.vocabulary import Vocabulary


def build_decoder(
    system: System,
    settings: ModelSettings,
    vocabulary: Vocabulary,
    shapes: dict[str, tuple[int, ...]],
    *,
    prior=None,
    packs: bool = True,
) -> NextWord:
    """The decoder of a system, as the layer "decoder", with weights.

    Args:
        system: its row; it writes something.
        settings: of the model.
        vocabulary: the words and concepts.
        shapes: of one photograph's part of each input.
        prior: how often each concept occurs in the train split, float [k]; None where weights will
            be loaded.
        packs: whether teacher forcing runs on real words only (`packed`); not where XLA compiles
            it, which takes no shapes that differ from batch to batch.
    """
    decoder = DECODERS[system.decoder](system, settings, vocabulary, shapes, prior, packs)
    decoder.build()
    return decoder


def _recurrent(system, settings, vocabulary, shapes, prior, packs) -> Decoder:
    return Decoder(
        vocabulary.size,
        units=settings.units,
        word_embedding=settings.word_embedding,
        cell=system.cell or settings.cell,
        activation=settings.activation,
        fusion=system.fusion,
        concept_ids=[vocabulary.encode([concept])[1] for concept in vocabulary.concepts],
        prior=prior,
        attention_penalty=settings.attention_penalty,
        channels=shapes["feature_map"][-1] if "feature_map" in system.decoder_sees else 0,
        dropout=settings.decoder_dropout,
        label_smoothing=settings.label_smoothing,
        packs=packs,
        name="decoder",
    )


def _transformer(system, settings, vocabulary, shapes, prior, packs) -> TransformerDecoder:
    return TransformerDecoder(
        vocabulary.size,
        units=settings.units,
        layers=settings.transformer_layers,
        heads=settings.transformer_heads,
        longest=settings.longest,
        prefix=PREFIX,
        dropout=settings.decoder_dropout,
        dropout_of_layers=settings.transformer_dropout,
        label_smoothing=settings.label_smoothing,
        packs=packs,
        name="decoder",
    )


DECODERS: dict[str, Callable[..., NextWord]] = {
    "recurrent": _recurrent,
    "transformer": _transformer,
}
